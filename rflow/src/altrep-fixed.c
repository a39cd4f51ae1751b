/* Doubles, integers and raw bytes that stay in the mapped file.
 *
 * The memory is a private mapping (exchange-map.c), so R may also write to it: the kernel copies the page, the file
 * stays.
 * data1 is an external pointer to the first value, whose protected value is the mapping's handle; data2 is the length.
 */
#include <string.h>
#include "rflow.h"
#include <R_ext/Altrep.h> /* needs Rinternals.h before it */

/* Shorter vectors are copied: that is cheaper than a vector that goes through a method for every access. */
#define FIXED_FROM 4096

static R_altrep_class_t double_class, integer_class, raw_class;

static R_xlen_t fixed_length(SEXP x) { return (R_xlen_t)REAL_ELT(R_altrep_data2(x), 0); }
static void *fixed_values(SEXP x) { return R_ExternalPtrAddr(R_altrep_data1(x)); }
static void *fixed_dataptr(SEXP x, Rboolean writeable) { return fixed_values(x); }
static const void *fixed_dataptr_or_null(SEXP x) { return fixed_values(x); }
static double double_elt(SEXP x, R_xlen_t i) { return ((double *)fixed_values(x))[i]; }
static int integer_elt(SEXP x, R_xlen_t i) { return ((int *)fixed_values(x))[i]; }
static Rbyte raw_elt(SEXP x, R_xlen_t i) { return ((Rbyte *)fixed_values(x))[i]; }

static Rboolean fixed_inspect(SEXP x, int pre, int deep, int pvec, void (*inspect)(SEXP, int, int, int)) {
  Rprintf(" in a mapped file, length %.0f\n", (double)fixed_length(x));
  return TRUE;
}

/* `values` lies in the mapping of `handle`. */
SEXP altrep_fixed(SEXP handle, int type, const void *values, R_xlen_t length) {
  size_t width = type == REALSXP ? 8 : type == INTSXP ? 4 : 1;
  if (!map_get(handle)->mapped || length * width < FIXED_FROM) {
    SEXP copy = Rf_allocVector(type, length);
    void *to = type == REALSXP ? (void *)REAL(copy) : type == INTSXP ? (void *)INTEGER(copy) : (void *)RAW(copy);
    if (length) memcpy(to, values, length * width);
    return copy;
  }
  SEXP place = PROTECT(R_MakeExternalPtr((void *)values, R_NilValue, handle));
  SEXP count = PROTECT(Rf_ScalarReal((double)length));
  R_altrep_class_t class = type == RAWSXP ? raw_class : type == REALSXP ? double_class : integer_class;
  SEXP x = R_new_altrep(class, place, count);
  map_get(handle)->users++;
  UNPROTECT(2);
  return x;
}

static R_altrep_class_t fixed_class(int type, const char *name, DllInfo *dll) {
  R_altrep_class_t class = type == REALSXP  ? R_make_altreal_class(name, "rflow", dll)
                           : type == INTSXP ? R_make_altinteger_class(name, "rflow", dll)
                                            : R_make_altraw_class(name, "rflow", dll);
  R_set_altrep_Length_method(class, fixed_length);
  R_set_altrep_Inspect_method(class, fixed_inspect);
  R_set_altvec_Dataptr_method(class, fixed_dataptr);
  R_set_altvec_Dataptr_or_null_method(class, fixed_dataptr_or_null);
  if (type == REALSXP) R_set_altreal_Elt_method(class, double_elt);
  if (type == INTSXP) R_set_altinteger_Elt_method(class, integer_elt);
  if (type == RAWSXP) R_set_altraw_Elt_method(class, raw_elt);
  return class;
}

void altrep_doubles_init(DllInfo *dll);
void altrep_strings_init(DllInfo *dll);

void altrep_init(DllInfo *dll) {
  double_class = fixed_class(REALSXP, "rflow_double", dll);
  integer_class = fixed_class(INTSXP, "rflow_integer", dll);
  raw_class = fixed_class(RAWSXP, "rflow_raw", dll);
  altrep_doubles_init(dll);
  altrep_strings_init(dll);
}
