/* What is inside a value: is it only data, and does it hold a pointer that no file can keep? */
#include <string.h>
#include "rflow.h"

/* Attributes that do not count: data.table makes its pointer anew, and srcref is where a function was written. */
static int is_ignored(SEXP tag) {
  const char *name = CHAR(PRINTNAME(tag));
  return strcmp(name, ".internal.selfref") == 0 || strcmp(name, "srcref") == 0;
}

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

/* Environments that have been looked into, so that a cycle ends. */
typedef struct {
  SEXP seen; /* pairlist */
  PROTECT_INDEX index;
  int count;
} search_t;

static int holds_pointer(search_t *s, SEXP x, int depth);

static int environment_holds_pointer(search_t *s, SEXP env, int depth) {
  if (env == R_GlobalEnv || env == R_BaseEnv || env == R_EmptyEnv) return 0;
  if (R_IsPackageEnv(env) || R_IsNamespaceEnv(env)) return 0;
  for (SEXP at = s->seen; at != R_NilValue; at = CDR(at)) if (CAR(at) == env) return 0;
  if (s->count++ > 1000) return 0;
  REPROTECT(s->seen = Rf_cons(env, s->seen), s->index);
  SEXP names = PROTECT(R_lsInternal3(env, TRUE, FALSE));
  int found = 0;
  for (R_xlen_t i = 0; i < XLENGTH(names) && !found; i++) {
    SEXP symbol = Rf_installTrChar(STRING_ELT(names, i));
    if (R_BindingIsActive(symbol, env)) continue;
    SEXP value = PROTECT(Rf_findVarInFrame3(env, symbol, TRUE));
    /* A promise is left alone: looking must not run code. */
    found = TYPEOF(value) != PROMSXP && holds_pointer(s, value, depth + 1);
    UNPROTECT(1);
  }
  UNPROTECT(1);
  return found;
}

/* Environments of functions and formulas are not looked into: what else lay there when they were made is not theirs. */
static int holds_pointer(search_t *s, SEXP x, int depth) {
  if (depth > DEPTH_LIMIT) return 0;
  switch (TYPEOF(x)) {
  case EXTPTRSXP: case WEAKREFSXP: return 1;
  case ENVSXP: if (environment_holds_pointer(s, x, depth)) return 1; break;
  case VECSXP: case EXPRSXP:
    for (R_xlen_t i = 0; i < XLENGTH(x); i++) if (holds_pointer(s, VECTOR_ELT(x, i), depth + 1)) return 1;
    break;
  default: break;
  }
  for (SEXP a = ATTRIB(x); a != R_NilValue; a = CDR(a)) {
    SEXP value = CAR(a);
    if (!is_ignored(TAG(a)) && TYPEOF(value) != ENVSXP && holds_pointer(s, value, depth + 1)) return 1;
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
