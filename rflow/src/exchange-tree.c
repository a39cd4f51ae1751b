/* Nodes and pools -> R values (shared_spec/artifact.md, section 4).
 *
 * Plain leaves and lists are made here; for the other nodes codec_restore() in R gets the type, the attributes' text
 * and the children.
 */
#include <string.h>
#include "rflow.h"

typedef struct {
  const column_t *name, *type, *pool, *start, *size, *attr;
  const column_t *pools;
  int npools;
  SEXP logicals;
  int64_t count, next;
  reader_t *reader;
} tree_t;

static void NORET invalid(const char *what) {
  exchange_abort("artifact_corrupt", NULL, "this artifact is damaged: %s", what);
}

static const char *text_at(const column_t *c, int64_t i, int64_t *size) {
  const int64_t *offsets = (const int64_t *)c->values + i;
  *size = is_present(c, i) ? offsets[1] - offsets[0] : -1;
  return (const char *)c->data + offsets[0];
}

static int is_text(const char *text, int64_t size, const char *expected) {
  return size == (int64_t)strlen(expected) && memcmp(text, expected, size) == 0;
}

static SEXP string_at(const column_t *c, int64_t i) {
  int64_t size;
  const char *text = text_at(c, i, &size);
  if (size < 0) return NA_STRING;
  if (size > INT32_MAX || memchr(text, 0, size)) invalid("a node's name or attribute is no text that R can hold");
  return Rf_mkCharLenCE(text, (int)size, CE_UTF8);
}

static SEXP read_node(tree_t *t, int depth);

/* Is there something in the attributes for R? Most classes name Python only. */
static int for_r(const char *attr, int64_t size) {
  for (int64_t i = 0; i + 4 <= size; i++) {
    if (memcmp(attr + i, "\"r\":", 4) == 0) return 1;
  }
  return 0;
}

static SEXP read_leaf(tree_t *t, int64_t i, const char *type, int64_t type_size) {
  int32_t pool = ((const int32_t *)t->pool->values)[i];
  int64_t start = ((const int64_t *)t->start->values)[i], size = ((const int64_t *)t->size->values)[i];
  if (pool < 0 || pool >= t->npools) invalid("a leaf names no pool");
  int scalar = is_text(type, type_size, "scalar") || is_text(type, type_size, "native");
  if (scalar && size != 1) invalid("a scalar has not one value");
  SEXP x = column_read(t->reader, t->pools + pool, VECTOR_ELT(t->logicals, pool), start, size, 0);
  if (!scalar || TYPEOF(x) != VECSXP) return x;
  if (t->pools[pool].format == F_STRUCT && is_text(type, type_size, "scalar")) {
    return exchange_call("codec_record", x, NULL, NULL);
  }
  return t->pools[pool].format == F_BINARY && !Rf_isObject(x) ? VECTOR_ELT(x, 0) : x;
}

/* Python has one kind of int. Single numbers, alone or packed, are integers in R where they fit, so that 5 comes back to
 * Python as 5 and not as 5.0; the type of a vector never depends on its values. */
static SEXP narrow(const tree_t *t, int64_t i, SEXP x) {
  if (t->pools[((const int32_t *)t->pool->values)[i]].format != F_INT64) return x;
  if (TYPEOF(x) != REALSXP || Rf_isObject(x)) return x;
  PROTECT(x);
  int fits = 1;
  for (R_xlen_t j = 0; fits && j < Rf_xlength(x); j++) {
    double v = REAL_ELT(x, j);
    fits = !(v < -INT32_MAX || v > INT32_MAX);
  }
  if (fits) x = Rf_coerceVector(x, INTSXP);
  UNPROTECT(1);
  return x;
}

static SEXP read_packed(SEXP values) {
  R_xlen_t n = Rf_xlength(values);
  PROTECT(values);
  SEXP list = PROTECT(Rf_allocVector(VECSXP, n)), class = PROTECT(Rf_getAttrib(values, R_ClassSymbol));
  if (TYPEOF(values) == VECSXP) {
    UNPROTECT(3);
    return values;
  }
  if (class != R_NilValue && !(TYPEOF(values) == REALSXP && Rf_inherits(values, "integer64"))) {
    UNPROTECT(3);
    return exchange_call("codec_unpack", values, NULL, NULL);
  }
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP one = Rf_allocVector(TYPEOF(values), 1);
    SET_VECTOR_ELT(list, i, one);
    switch (TYPEOF(values)) {
    case LGLSXP: LOGICAL(one)[0] = LOGICAL_ELT(values, i); break;
    case INTSXP: INTEGER(one)[0] = INTEGER_ELT(values, i); break;
    case REALSXP: REAL(one)[0] = REAL_ELT(values, i); break;
    case CPLXSXP: COMPLEX(one)[0] = COMPLEX_ELT(values, i); break;
    default: SET_STRING_ELT(one, 0, STRING_ELT(values, i)); break;
    }
    if (class != R_NilValue) Rf_classgets(one, class);
  }
  UNPROTECT(3);
  return list;
}

/* The children of a container as a list; `names`: 0 none, 1 if any child has one, 2 always. */
static SEXP read_children(tree_t *t, int64_t i, int names, int depth) {
  int64_t size = ((const int64_t *)t->size->values)[i];
  if (size < 0 || size > t->count - t->next) invalid("a container has more children than there are nodes");
  SEXP list = PROTECT(Rf_allocVector(VECSXP, size)), labels = PROTECT(Rf_allocVector(STRSXP, names ? size : 0));
  int any = 0;
  for (int64_t j = 0; j < size; j++) {
    const char *place = t->reader->place;
    if (t->next >= t->count) invalid("a container has more children than there are nodes");
    SEXP label = PROTECT(string_at(t->name, t->next));
    any |= label != NA_STRING;
    if (names) SET_STRING_ELT(labels, j, label == NA_STRING && names == 2 ? R_BlankString : label);
    if (label != NA_STRING) t->reader->place = CHAR(label);
    SET_VECTOR_ELT(list, j, read_node(t, depth + 1));
    t->reader->place = place;
    UNPROTECT(1);
  }
  if (names == 2 || (names == 1 && any)) Rf_setAttrib(list, R_NamesSymbol, labels);
  UNPROTECT(2);
  return list;
}

static SEXP read_map(SEXP items) {
  R_xlen_t n = Rf_xlength(items);
  if (n % 2) invalid("a map has a key without a value");
  PROTECT(items);
  SEXP list = PROTECT(Rf_allocVector(VECSXP, n / 2)), names = PROTECT(Rf_allocVector(STRSXP, 2));
  SET_STRING_ELT(names, 0, Rf_mkChar("key"));
  SET_STRING_ELT(names, 1, Rf_mkChar("value"));
  for (R_xlen_t i = 0; i < n / 2; i++) {
    SEXP both = Rf_allocVector(VECSXP, 2);
    SET_VECTOR_ELT(list, i, both);
    SET_VECTOR_ELT(both, 0, VECTOR_ELT(items, 2 * i));
    SET_VECTOR_ELT(both, 1, VECTOR_ELT(items, 2 * i + 1));
    Rf_setAttrib(both, R_NamesSymbol, names);
  }
  UNPROTECT(3);
  return list;
}

static SEXP restore(tree_t *t, int64_t i, SEXP children) {
  PROTECT(children);
  SEXP type = PROTECT(Rf_ScalarString(string_at(t->type, i))), attr = PROTECT(Rf_allocVector(STRSXP, 2));
  SET_STRING_ELT(attr, 0, string_at(t->attr, i));
  SET_STRING_ELT(attr, 1, Rf_mkCharCE(t->reader->place, CE_UTF8));
  SEXP value = exchange_call("codec_restore", type, attr, children);
  UNPROTECT(3);
  return value;
}

static SEXP read_node(tree_t *t, int depth) {
  if (depth > DEPTH_LIMIT) invalid("nested too deeply");
  if (t->next >= t->count) invalid("there are fewer nodes than containers need");
  int64_t i = t->next++, type_size, attr_size;
  const char *type = text_at(t->type, i, &type_size), *attr = text_at(t->attr, i, &attr_size);
  int has_r = for_r(attr, attr_size);
  SEXP value;
  if (attr_size >= 0 && (attr_size < 2 || attr[0] != '{' || attr[attr_size - 1] != '}')) invalid("attr is not JSON");
  if (is_text(type, type_size, "null")) return R_NilValue;
  if (is_text(type, type_size, "scalar")) value = narrow(t, i, read_leaf(t, i, type, type_size));
  else if (is_text(type, type_size, "vector")) value = read_leaf(t, i, type, type_size);
  else if (is_text(type, type_size, "packed")) value = read_packed(narrow(t, i, read_leaf(t, i, type, type_size)));
  else if (is_text(type, type_size, "list")) value = read_children(t, i, 1, depth);
  else if (is_text(type, type_size, "dict")) value = read_children(t, i, 2, depth);
  else if (is_text(type, type_size, "map")) return read_map(read_children(t, i, 0, depth));
  else if (is_text(type, type_size, "native")) return restore(t, i, read_leaf(t, i, type, type_size));
  else return restore(t, i, read_children(t, i, 1, depth));
  return has_r ? restore(t, i, value) : value;
}

static const column_t *node_field(const column_t *nodes, const char *name, format_t format) {
  for (int i = 0; i < nodes->nchildren; i++) {
    if (strcmp(nodes->children[i].name, name) == 0 && nodes->children[i].format == format) return nodes->children + i;
  }
  exchange_abort("artifact_corrupt", NULL, "this artifact is damaged: its nodes have no field '%s'", name);
}

/* The element of a large_list of length one. */
static const column_t *only_element(const column_t *c) {
  if (c->format != F_LIST || c->length != 1) invalid("a column is not a list of one element");
  const int64_t *offsets = (const int64_t *)c->values;
  if (offsets[0] != 0 || offsets[1] != c->children[0].length) invalid("a column is not exactly one element");
  return c->children;
}

SEXP tree_read(reader_t *r, const column_t *columns, int count, SEXP pools) {
  if (count < 1 || TYPEOF(pools) != VECSXP || Rf_xlength(pools) != count - 1) {
    invalid("there is not one logical type for each pool");
  }
  const column_t *nodes = only_element(columns);
  if (nodes->format != F_STRUCT) invalid("its nodes are not a struct");
  column_t *elements = (column_t *)R_alloc(count, sizeof(column_t));
  for (int i = 1; i < count; i++) elements[i - 1] = *only_element(columns + i);
  tree_t t = {.name = node_field(nodes, "name", F_UTF8), .type = node_field(nodes, "type", F_UTF8),
              .pool = node_field(nodes, "pool", F_INT32), .start = node_field(nodes, "start", F_INT64),
              .size = node_field(nodes, "size", F_INT64), .attr = node_field(nodes, "attr", F_UTF8),
              .pools = elements, .npools = count - 1, .logicals = pools, .count = nodes->length, .reader = r};
  SEXP value = read_node(&t, 0);
  if (t.next != t.count) invalid("there are more nodes than the value has");
  return value;
}

/* .Call: list(value, notes) of a layout; a table's value is the list of its columns. */
SEXP rflow_layout_read(SEXP layout) {
  static const char *fields[] = {"value", "notes", ""};
  const char *path = list_text(layout, "path"), *form = list_text(list_get(layout, "metadata"), "form");
  if (!path) exchange_abort("layout_invalid", NULL, "the layout is not valid: it names no path");
  if (!form || (strcmp(form, "tree") != 0 && strcmp(form, "table") != 0)) invalid("its form is neither table nor tree");
  SEXP result = PROTECT(Rf_mkNamed(VECSXP, fields));
  SEXP handle = PROTECT(map_open(R_ExpandFileName(path), list_number(layout, "size", -1)));
  reader_t reader;
  int count;
  column_t *columns = layout_columns(layout, map_get(handle), &count);
  reader_begin(&reader, handle);
  if (strcmp(form, "tree") == 0) {
    SEXP pools = list_get(list_get(layout, "metadata"), "pools");
    SET_VECTOR_ELT(result, 0, tree_read(&reader, columns, count, pools));
  } else {
    SEXP logicals = list_get(list_get(layout, "metadata"), "columns"), values = Rf_allocVector(VECSXP, count);
    SET_VECTOR_ELT(result, 0, values);
    if (Rf_xlength(logicals) != count) invalid("there is not one logical type for each column");
    for (int i = 0; i < count; i++) {
      reader.place = columns[i].name;
      SET_VECTOR_ELT(values, i, column_read(&reader, columns + i, VECTOR_ELT(logicals, i), 0, columns[i].length, 0));
    }
  }
  SET_VECTOR_ELT(result, 1, reader.notes);
  if (map_get(handle)->users == 0) map_close(handle);
  UNPROTECT(3);
  return result;
}
