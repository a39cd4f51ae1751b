/* R values -> nodes and pools (shared_spec/artifact.md, section 4).
 *
 * Plain vectors and lists are walked here. Everything else is described by codec_describe() in R, which answers with a
 * node: list(type, attr, logical, data) of class rflow_node. `logical` NULL makes `data` a list of children.
 */
#include <string.h>
#include "rflow.h"

enum { NAME, TYPE, POOL, START, SIZE, ATTR, FIELDS };
static const char *FIELD_NAMES[] = {"name", "type", "pool", "start", "size", "attr"};
static const char *FIELD_TYPES[] = {"string", "string", "int32", "count", "count", "string"};
static const int FIELD_STORAGE[] = {STRSXP, STRSXP, INTSXP, REALSXP, REALSXP, STRSXP};

/* One pool: what is written as one array. */
enum { P_LOGICAL, P_KEY, P_CHUNKS, P_COUNT, P_LENGTH, P_PLACE, P_FIELDS };

typedef struct {
  SEXP nodes; /* FIELDS vectors of `capacity`, `count` used */
  SEXP pools; /* list of P_FIELDS lists */
  PROTECT_INDEX pools_index;
  R_xlen_t count, capacity;
  int npools;
  int plain[8]; /* pools of the plain types, by plain_type(); -1: not there yet */
} plan_t;

static const char *PLAIN[] = {"bool", "int32", "float64", "string", "complex128", "bytes"};

static int plain_type(SEXP x) {
  switch (TYPEOF(x)) {
  case LGLSXP: return 0;
  case INTSXP: return 1;
  case REALSXP: return 2;
  case STRSXP: return 3;
  case CPLXSXP: return 4;
  case RAWSXP: return 5;
  default: return -1;
  }
}

static void plan_grow(plan_t *p) {
  p->capacity = p->capacity ? 2 * p->capacity : 16;
  for (int i = 0; i < FIELDS; i++) {
    SEXP old = VECTOR_ELT(p->nodes, i);
    SET_VECTOR_ELT(p->nodes, i, old == R_NilValue ? Rf_allocVector(FIELD_STORAGE[i], p->capacity)
                                                  : Rf_xlengthgets(old, p->capacity));
  }
}

static void add_node(plan_t *p, SEXP name, const char *type, int pool, double start, double size, SEXP attr) {
  if (p->count == p->capacity) plan_grow(p);
  R_xlen_t i = p->count++;
  SET_STRING_ELT(VECTOR_ELT(p->nodes, NAME), i, name);
  SET_STRING_ELT(VECTOR_ELT(p->nodes, TYPE), i, Rf_mkChar(type));
  SET_STRING_ELT(VECTOR_ELT(p->nodes, ATTR), i, attr);
  INTEGER(VECTOR_ELT(p->nodes, POOL))[i] = pool;
  REAL(VECTOR_ELT(p->nodes, START))[i] = start;
  REAL(VECTOR_ELT(p->nodes, SIZE))[i] = size;
}

/* ---- pools ---- */

static int new_pool(plan_t *p, SEXP logical, SEXP key, SEXP name) {
  if (p->npools == Rf_xlength(p->pools)) {
    REPROTECT(p->pools = Rf_xlengthgets(p->pools, p->npools ? 2 * p->npools : 4), p->pools_index);
  }
  SEXP pool = Rf_allocVector(VECSXP, P_FIELDS);
  SET_VECTOR_ELT(p->pools, p->npools, pool);
  SET_VECTOR_ELT(pool, P_LOGICAL, logical);
  SET_VECTOR_ELT(pool, P_KEY, key);
  SET_VECTOR_ELT(pool, P_CHUNKS, Rf_allocVector(VECSXP, 1));
  SET_VECTOR_ELT(pool, P_COUNT, Rf_ScalarReal(0));
  SET_VECTOR_ELT(pool, P_LENGTH, Rf_ScalarReal(0));
  SET_VECTOR_ELT(pool, P_PLACE, name == NA_STRING ? R_BlankScalarString : Rf_ScalarString(name));
  return p->npools++;
}

static int plain_pool(plan_t *p, int type, SEXP name) {
  if (p->plain[type] >= 0) return p->plain[type];
  SEXP logical = PROTECT(Rf_allocVector(VECSXP, 1)), names = PROTECT(Rf_mkString("type"));
  SET_VECTOR_ELT(logical, 0, Rf_mkString(PLAIN[type]));
  Rf_setAttrib(logical, R_NamesSymbol, names);
  p->plain[type] = new_pool(p, logical, R_NilValue, name);
  UNPROTECT(2);
  return p->plain[type];
}

/* Leaves share a pool if their logical types are equal; categories, because of their levels, and structs have pools of
 * their own. */
static int shared_pool(plan_t *p, SEXP logical, SEXP name) {
  const char *type = list_text(logical, "type");
  for (int i = 0; Rf_xlength(logical) == 1 && i < 6; i++) {
    if (strcmp(type, PLAIN[i]) == 0) return plain_pool(p, i, name);
  }
  if (strcmp(type, "category") == 0 || strcmp(type, "struct") == 0) return new_pool(p, logical, R_NilValue, name);
  SEXP key = PROTECT(json_text(logical));
  int found = -1;
  for (int i = 0; i < p->npools && found < 0; i++) {
    SEXP other = VECTOR_ELT(VECTOR_ELT(p->pools, i), P_KEY);
    if (other != R_NilValue && STRING_ELT(other, 0) == STRING_ELT(key, 0)) found = i;
  }
  if (found < 0) found = new_pool(p, logical, key, name);
  UNPROTECT(1);
  return found;
}

static void add_leaf(plan_t *p, SEXP name, const char *type, int at, SEXP data, SEXP attr) {
  SEXP pool = VECTOR_ELT(p->pools, at), chunks = VECTOR_ELT(pool, P_CHUNKS);
  double *count = REAL(VECTOR_ELT(pool, P_COUNT)), *length = REAL(VECTOR_ELT(pool, P_LENGTH));
  double size = TYPEOF(data) == RAWSXP ? 1 : (double)Rf_xlength(data);
  if (TYPEOF(data) == VECSXP && Rf_inherits(data, "data.frame")) {
    size = (double)Rf_xlength(PROTECT(Rf_getAttrib(data, R_RowNamesSymbol)));
    UNPROTECT(1);
  }
  if ((R_xlen_t)*count == XLENGTH(chunks)) {
    chunks = Rf_xlengthgets(chunks, 2 * XLENGTH(chunks));
    SET_VECTOR_ELT(pool, P_CHUNKS, chunks);
  }
  SET_VECTOR_ELT(chunks, (R_xlen_t)*count, data);
  add_node(p, name, type, at, *length, size, attr);
  *count += 1;
  *length += size;
}

/* ---- values ---- */

static void walk(plan_t *p, SEXP x, SEXP name, int depth);

static int is_node(SEXP x) { return TYPEOF(x) == VECSXP && Rf_isObject(x) && Rf_inherits(x, "rflow_node"); }

static void walk_node(plan_t *p, SEXP node, SEXP name, int depth) {
  const char *type = CHAR(STRING_ELT(VECTOR_ELT(node, 0), 0));
  SEXP attr = VECTOR_ELT(node, 1), logical = VECTOR_ELT(node, 2), data = VECTOR_ELT(node, 3);
  SEXP text = attr == R_NilValue ? NA_STRING : STRING_ELT(attr, 0);
  if (logical != R_NilValue) {
    add_leaf(p, name, type, shared_pool(p, logical, name), data, text);
    return;
  }
  SEXP names = PROTECT(Rf_getAttrib(data, R_NamesSymbol));
  add_node(p, name, type, -1, 0, (double)Rf_xlength(data), text);
  for (R_xlen_t i = 0; i < Rf_xlength(data); i++) {
    walk(p, VECTOR_ELT(data, i), names == R_NilValue ? NA_STRING : STRING_ELT(names, i), depth + 1);
  }
  UNPROTECT(1);
}

/* R's own code says what node the value is; `name` is where announcements are about. */
static void walk_described(plan_t *p, SEXP x, SEXP name, int depth) {
  SEXP place = PROTECT(name == NA_STRING ? R_BlankScalarString : Rf_ScalarString(name));
  SEXP node = PROTECT(exchange_call("codec_describe", x, place, NULL));
  walk_node(p, node, name, depth);
  UNPROTECT(2);
}

/* The type that all elements have as plain values of length one, none missing; else -1. */
static int packed_type(SEXP x) {
  R_xlen_t n = XLENGTH(x);
  int type = n ? plain_type(VECTOR_ELT(x, 0)) : -1;
  if (type < 0 || type > 3) return -1;
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP v = VECTOR_ELT(x, i);
    if (plain_type(v) != type || ATTRIB(v) != R_NilValue || XLENGTH(v) != 1) return -1;
    if ((type == 0 && LOGICAL_ELT(v, 0) == NA_LOGICAL) || (type == 1 && INTEGER_ELT(v, 0) == NA_INTEGER) ||
        (type == 2 && R_IsNA(REAL_ELT(v, 0))) || (type == 3 && STRING_ELT(v, 0) == NA_STRING)) return -1;
  }
  return type;
}

static void walk_packed(plan_t *p, SEXP x, int type, SEXP name) {
  R_xlen_t n = XLENGTH(x);
  SEXP all = PROTECT(Rf_allocVector(TYPEOF(VECTOR_ELT(x, 0)), n));
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP v = VECTOR_ELT(x, i);
    if (type == 0) LOGICAL(all)[i] = LOGICAL_ELT(v, 0);
    if (type == 1) INTEGER(all)[i] = INTEGER_ELT(v, 0);
    if (type == 2) REAL(all)[i] = REAL_ELT(v, 0);
    if (type == 3) SET_STRING_ELT(all, i, STRING_ELT(v, 0));
  }
  add_leaf(p, name, "packed", plain_pool(p, type, name), all, NA_STRING);
  UNPROTECT(1);
}

/* A list without other attributes than names. */
static void walk_list(plan_t *p, SEXP x, SEXP name, int depth) {
  SEXP names = PROTECT(Rf_getAttrib(x, R_NamesSymbol));
  R_xlen_t n = XLENGTH(x), named = 0, absent = 0;
  int packed = names == R_NilValue ? packed_type(x) : -1;
  if (packed >= 0) {
    walk_packed(p, x, packed, name);
    UNPROTECT(1);
    return;
  }
  for (R_xlen_t i = 0; names != R_NilValue && i < n; i++) {
    named += STRING_ELT(names, i) != NA_STRING && STRING_ELT(names, i) != R_BlankString;
    absent += STRING_ELT(names, i) == NA_STRING;
  }
  if (n > 0 && absent == n) { /* in a list node they would be no names at all */
    walk_described(p, x, name, depth);
    UNPROTECT(1);
    return;
  }
  add_node(p, name, names != R_NilValue && named == n ? "dict" : "list", -1, 0, (double)n, NA_STRING);
  for (R_xlen_t i = 0; i < n; i++) {
    walk(p, VECTOR_ELT(x, i), names == R_NilValue ? NA_STRING : STRING_ELT(names, i), depth + 1);
  }
  UNPROTECT(1);
}

static int only_names(SEXP x) {
  SEXP attributes = ATTRIB(x);
  return attributes == R_NilValue || (CDR(attributes) == R_NilValue && TAG(attributes) == R_NamesSymbol);
}

static void walk(plan_t *p, SEXP x, SEXP name, int depth) {
  if (depth > DEPTH_LIMIT) {
    exchange_abort("artifact_unsupported", "Flatten it, or keep it as serialize(x, NULL).",
                   "the value is nested deeper than %d levels", DEPTH_LIMIT);
  }
  int type = plain_type(x);
  if (x == R_NilValue) add_node(p, name, "null", -1, 0, 0, NA_STRING);
  else if (type >= 0 && ATTRIB(x) == R_NilValue && !IS_S4_OBJECT(x)) {
    int scalar = type == 5 || XLENGTH(x) == 1;
    add_leaf(p, name, scalar ? "scalar" : "vector", plain_pool(p, type, name), x, NA_STRING);
  } else if (TYPEOF(x) == VECSXP && only_names(x) && !IS_S4_OBJECT(x)) walk_list(p, x, name, depth);
  else if (is_node(x)) walk_node(p, x, name, depth);
  else walk_described(p, x, name, depth);
}

/* ---- the file ---- */

static SEXP one_chunk(SEXP x) {
  SEXP chunks = Rf_allocVector(VECSXP, 1);
  SET_VECTOR_ELT(chunks, 0, x);
  return chunks;
}

static SEXP write_nodes(writer_t *w, plan_t *p) {
  SEXP children = PROTECT(Rf_allocVector(VECSXP, FIELDS)), buffers = PROTECT(Rf_allocVector(VECSXP, 1));
  for (int i = 0; i < FIELDS; i++) {
    SEXP column = PROTECT(Rf_xlengthgets(VECTOR_ELT(p->nodes, i), p->count)), chunks = PROTECT(one_chunk(column));
    SEXP logical = PROTECT(Rf_allocVector(VECSXP, 1)), names = PROTECT(Rf_mkString("type"));
    SET_VECTOR_ELT(logical, 0, Rf_mkString(FIELD_TYPES[i]));
    Rf_setAttrib(logical, R_NamesSymbol, names);
    SET_VECTOR_ELT(children, i, array_write(w, FIELD_NAMES[i], logical, chunks, 1, 0));
    UNPROTECT(4);
  }
  SEXP node = PROTECT(layout_entry("item", "struct", (double)p->count, 0, buffers, children));
  SEXP nodes = list_around(w, "nodes", node);
  UNPROTECT(3);
  return nodes;
}

/* list(columns, pools, root type, size, notes) */
static SEXP write_plan(plan_t *p, const char *path) {
  static const char *fields[] = {"columns", "pools", "root", "size", "notes", ""};
  SEXP result = PROTECT(Rf_mkNamed(VECSXP, fields)), handle = PROTECT(writer_open(path));
  writer_t *w = writer_get(handle);
  SEXP columns = Rf_allocVector(VECSXP, p->npools + 1), pools;
  SET_VECTOR_ELT(result, 0, columns);
  SET_VECTOR_ELT(result, 1, pools = Rf_allocVector(VECSXP, p->npools));
  SET_VECTOR_ELT(columns, 0, write_nodes(w, p));
  for (int i = 0; i < p->npools; i++) {
    char name[24];
    SEXP pool = VECTOR_ELT(p->pools, i);
    snprintf(name, sizeof name, "p%d", i);
    w->place = CHAR(STRING_ELT(VECTOR_ELT(pool, P_PLACE), 0));
    SEXP child = PROTECT(array_write(w, "item", VECTOR_ELT(pool, P_LOGICAL), VECTOR_ELT(pool, P_CHUNKS),
                                     (R_xlen_t)REAL(VECTOR_ELT(pool, P_COUNT))[0], 0));
    SET_VECTOR_ELT(columns, i + 1, list_around(w, name, child));
    SET_VECTOR_ELT(pools, i, VECTOR_ELT(pool, P_LOGICAL));
    UNPROTECT(1);
  }
  /* What the value is, its first node that is not about another one says: attributes stand before the value, an object
   * and its native before the readable value. */
  R_xlen_t root = 0;
  for (;;) {
    const char *type = CHAR(STRING_ELT(VECTOR_ELT(p->nodes, TYPE), root));
    if (strcmp(type, "attributes") == 0) root++;
    else if (strcmp(type, "object") == 0) root += 2;
    else break;
  }
  SET_VECTOR_ELT(result, 2, Rf_ScalarString(STRING_ELT(VECTOR_ELT(p->nodes, TYPE), root)));
  SET_VECTOR_ELT(result, 3, Rf_ScalarReal(writer_close(w)));
  SET_VECTOR_ELT(result, 4, R_ExternalPtrProtected(handle));
  UNPROTECT(2);
  return result;
}

/* .Call: any value as nodes and pools in the scratch file at `path`. */
SEXP rflow_value_write(SEXP value, SEXP path) {
  plan_t p = {.count = 0};
  for (int i = 0; i < 8; i++) p.plain[i] = -1;
  p.nodes = PROTECT(Rf_allocVector(VECSXP, FIELDS));
  PROTECT_WITH_INDEX(p.pools = Rf_allocVector(VECSXP, 0), &p.pools_index);
  walk(&p, value, NA_STRING, 0);
  SEXP result = write_plan(&p, Rf_translateChar(STRING_ELT(path, 0)));
  UNPROTECT(2);
  return result;
}

/* .Call: columns `values` (a list) with their names and logical types as one batch in the scratch file at `path`. */
SEXP rflow_table_write(SEXP values, SEXP names, SEXP logicals, SEXP path) {
  static const char *fields[] = {"columns", "size", "notes", ""};
  SEXP result = PROTECT(Rf_mkNamed(VECSXP, fields));
  SEXP handle = PROTECT(writer_open(Rf_translateChar(STRING_ELT(path, 0))));
  writer_t *w = writer_get(handle);
  SEXP columns = Rf_allocVector(VECSXP, Rf_xlength(values));
  SET_VECTOR_ELT(result, 0, columns);
  for (R_xlen_t i = 0; i < Rf_xlength(values); i++) {
    SEXP chunks = PROTECT(one_chunk(VECTOR_ELT(values, i)));
    w->place = CHAR(STRING_ELT(names, i));
    SET_VECTOR_ELT(columns, i, array_write(w, w->place, VECTOR_ELT(logicals, i), chunks, 1, 0));
    UNPROTECT(1);
  }
  SET_VECTOR_ELT(result, 1, Rf_ScalarReal(writer_close(w)));
  SET_VECTOR_ELT(result, 2, R_ExternalPtrProtected(handle));
  UNPROTECT(2);
  return result;
}
