/* What is inside a value: is it only data, and does it hold a pointer that no file can keep? */
#include <string.h>
#include "rflow.h"

/* Attributes that do not count: data.table makes its pointer anew, srcref is where a function was written, and
 * versionKey is of the definition of a class. */
static int is_ignored(SEXP tag) {
  const char *name = CHAR(PRINTNAME(tag));
  return strcmp(name, ".internal.selfref") == 0 || strcmp(name, "srcref") == 0 || strcmp(name, "srcfile") == 0 ||
         strcmp(name, "wholeSrcref") == 0 || strcmp(name, "versionKey") == 0;
}

/* The environment of a formula: what else lay there when it was made is not the formula's. */
static int is_scope(SEXP tag) { return strcmp(CHAR(PRINTNAME(tag)), ".Environment") == 0; }

/* Vectors and lists of such, whose attributes are such, too. */
static int is_data(SEXP x, int depth) {
  if (IS_S4_OBJECT(x) || depth > DEPTH_LIMIT) return 0;
  switch (TYPEOF(x)) {
  case NILSXP: case LGLSXP: case INTSXP: case REALSXP: case CPLXSXP: case STRSXP: case RAWSXP: break;
  case VECSXP:
    for (R_xlen_t i = 0; i < XLENGTH(x); i++) if (!is_data(VECTOR_ELT(x, i), depth + 1)) return 0;
    break;
  default: return 0;
  }
  for (SEXP a = ATTRIB(x); a != R_NilValue; a = CDR(a)) {
    if (!is_ignored(TAG(a)) && !is_data(CAR(a), depth + 1)) return 0;
  }
  return 1;
}

SEXP rflow_is_data(SEXP x) { return Rf_ScalarLogical(is_data(x, 0)); }

/* Environments and functions that have been looked into, so that a cycle ends. */
typedef struct {
  SEXP seen; /* pairlist */
  PROTECT_INDEX index;
  int count;
} search_t;

#define SEARCH_LIMIT 20000

static int holds_pointer(search_t *s, SEXP x, int depth);

static int first_visit(search_t *s, SEXP x) {
  for (SEXP at = s->seen; at != R_NilValue; at = CDR(at)) if (CAR(at) == x) return 0;
  if (s->count++ > SEARCH_LIMIT) return 0;
  REPROTECT(s->seen = Rf_cons(x, s->seen), s->index);
  return 1;
}

static int is_shared(SEXP env) {
  return env == R_GlobalEnv || env == R_BaseEnv || env == R_EmptyEnv || R_IsPackageEnv(env) || R_IsNamespaceEnv(env);
}

/* The variable's value, if it is there without running code. */
static int variable_holds_pointer(search_t *s, SEXP symbol, SEXP env, int depth) {
  if (R_BindingIsActive(symbol, env)) return 0;
  SEXP value = PROTECT(Rf_findVarInFrame3(env, symbol, TRUE));
  int found = TYPEOF(value) != PROMSXP && holds_pointer(s, value, depth + 1);
  UNPROTECT(1);
  return found;
}

static int environment_holds_pointer(search_t *s, SEXP env, int depth) {
  if (is_shared(env) || !first_visit(s, env)) return 0;
  SEXP names = PROTECT(R_lsInternal3(env, TRUE, FALSE));
  int found = 0;
  for (R_xlen_t i = 0; i < XLENGTH(names) && !found; i++) {
    found = variable_holds_pointer(s, Rf_installTrChar(STRING_ELT(names, i)), env, depth);
  }
  UNPROTECT(1);
  return found;
}

/* Does code make a variable of its own with this name? */
static int assigns(SEXP code, SEXP symbol) {
  if (TYPEOF(code) != LANGSXP) return 0;
  SEXP f = CAR(code);
  int makes = f == Rf_install("<-") || f == Rf_install("=") || f == Rf_install("for");
  if (makes && CADR(code) == symbol) return 1;
  for (SEXP at = code; at != R_NilValue; at = CDR(at)) if (assigns(CAR(at), symbol)) return 1;
  return 0;
}

/* The arguments of the functions around a piece of code, from the inside out. */
typedef struct scope {
  SEXP formals;
  const struct scope *outer;
} scope_t;

static int is_argument(const scope_t *scope, SEXP symbol) {
  for (; scope; scope = scope->outer) {
    for (SEXP at = scope->formals; at != R_NilValue; at = CDR(at)) if (TAG(at) == symbol) return 1;
  }
  return 0;
}

/* Does the function `f` find a pointer where it looks for a variable? */
static int symbol_holds_pointer(search_t *s, SEXP symbol, SEXP f, int depth) {
  for (SEXP env = CLOENV(f); !is_shared(env); env = ENCLOS(env)) {
    if (!R_existsVarInFrame(env, symbol)) continue;
    return variable_holds_pointer(s, symbol, env, depth) && !assigns(R_ClosureExpr(f), symbol);
  }
  return 0;
}

static int code_holds_pointer(search_t *s, SEXP code, SEXP f, const scope_t *scope, int depth) {
  if (depth > DEPTH_LIMIT) return 0;
  if (TYPEOF(code) == SYMSXP) {
    return code != R_MissingArg && !is_argument(scope, code) && symbol_holds_pointer(s, code, f, depth);
  }
  if (TYPEOF(code) != LANGSXP) return 0;
  scope_t inner = {CAR(code) == Rf_install("function") ? CADR(code) : R_NilValue, scope};
  for (SEXP at = code; at != R_NilValue; at = CDR(at)) {
    if (code_holds_pointer(s, CAR(at), f, &inner, depth + 1)) return 1;
  }
  return 0;
}

/* Of the environment that a function was made in, only what the function itself uses counts. */
static int function_holds_pointer(search_t *s, SEXP f, int depth) {
  scope_t scope = {FORMALS(f), NULL};
  return first_visit(s, f) && code_holds_pointer(s, R_ClosureExpr(f), f, &scope, depth);
}

static int holds_pointer(search_t *s, SEXP x, int depth) {
  if (depth > DEPTH_LIMIT) return 0;
  switch (TYPEOF(x)) {
  case EXTPTRSXP: case WEAKREFSXP: return 1;
  case INTSXP: if (Rf_isObject(x) && Rf_inherits(x, "connection")) return 1; break;
  case ENVSXP:
    if (Rf_inherits(x, "rflow_self") || Rf_inherits(x, "rflow_input")) return 1;
    if (environment_holds_pointer(s, x, depth)) return 1;
    break;
  case CLOSXP: if (function_holds_pointer(s, x, depth)) return 1; break;
  case VECSXP: case EXPRSXP:
    for (R_xlen_t i = 0; i < XLENGTH(x); i++) if (holds_pointer(s, VECTOR_ELT(x, i), depth + 1)) return 1;
    break;
  default: break;
  }
  for (SEXP a = ATTRIB(x); a != R_NilValue; a = CDR(a)) {
    if (!is_ignored(TAG(a)) && !is_scope(TAG(a)) && holds_pointer(s, CAR(a), depth + 1)) return 1;
  }
  return 0;
}

SEXP rflow_holds_pointer(SEXP x) {
  search_t s = {.count = 0};
  PROTECT_WITH_INDEX(s.seen = R_NilValue, &s.index);
  int found = holds_pointer(&s, x, 0);
  UNPROTECT(1);
  return Rf_ScalarLogical(found);
}
