/* Doubles that are made when they are looked at, from a column with missing values or from ticks: a table of which a
 * step uses some columns does not pay for the others.
 *
 * data1 is a list of the source (in a raw vector) and the mapping's handle, or NULL once the vector has been made, which
 * is then data2: for doubles one that stays in the file, for ticks one in memory.
 */
#include <string.h>
#include "exchange-read.h"
#include <R_ext/Altrep.h> /* needs Rinternals.h before it */

/* Shorter vectors are made at once. */
#define LAZY_FROM 1024

/* `per` is the number of ticks in one unit, or 0 where the column holds doubles. */
typedef struct {
  column_t column;
  int64_t start, size;
  double per;
} source_t;

static R_altrep_class_t doubles_class;

static source_t *source_of(SEXP x) {
  SEXP place = R_altrep_data1(x);
  return place == R_NilValue ? NULL : (source_t *)RAW(VECTOR_ELT(place, 0));
}

/* The values [from, from + size). */
static void fill(const source_t *source, double *out, int64_t from, int64_t size) {
  const column_t *c = &source->column;
  int64_t start = source->start + from;
  if (source->per) CONVERT(int64_t, out, (double)v / source->per)
  else if (size) memcpy(out, (const double *)c->values + start, size * sizeof *out);
  EACH_MISSING(c, start, size, i, out[i] = NA_REAL);
}

/* Does NA, as R holds it, lie under all missing values? */
static int is_marked(const source_t *source) {
  const double *in = (const double *)source->column.values + source->start;
  int marked = 1;
  EACH_MISSING(&source->column, source->start, source->size, i, marked &= R_IsNA(in[i]));
  return marked;
}

/* A column that holds what R does stays in the file. */
static SEXP made(const source_t *source, SEXP handle) {
  if (!source->per && is_marked(source)) {
    return altrep_fixed(handle, REALSXP, (const double *)source->column.values + source->start, source->size);
  }
  SEXP x = PROTECT(large_vector(REALSXP, source->size));
  fill(source, REAL(x), 0, source->size);
  UNPROTECT(1);
  return x;
}

static SEXP make_all(SEXP x) {
  source_t *source = source_of(x);
  if (source) {
    R_set_altrep_data2(x, made(source, VECTOR_ELT(R_altrep_data1(x), 1)));
    R_set_altrep_data1(x, R_NilValue);
  }
  return R_altrep_data2(x);
}

static R_xlen_t doubles_length(SEXP x) {
  source_t *source = source_of(x);
  return source ? source->size : XLENGTH(R_altrep_data2(x));
}

static double doubles_elt(SEXP x, R_xlen_t i) {
  source_t *source = source_of(x);
  if (!source) return REAL_ELT(R_altrep_data2(x), i);
  const column_t *c = &source->column;
  int64_t at = source->start + i;
  if (!is_present(c, at)) return NA_REAL;
  return source->per ? (double)((const int64_t *)c->values)[at] / source->per : ((const double *)c->values)[at];
}

static R_xlen_t doubles_region(SEXP x, R_xlen_t from, R_xlen_t size, double *out) {
  R_xlen_t rest = doubles_length(x) - from;
  if (size > rest) size = rest;
  source_t *source = source_of(x);
  if (source) fill(source, out, from, size);
  else memcpy(out, REAL_RO(R_altrep_data2(x)) + from, size * sizeof *out);
  return size;
}

static void *doubles_dataptr(SEXP x, Rboolean writeable) { return REAL(make_all(x)); }
static const void *doubles_dataptr_or_null(SEXP x) { return source_of(x) ? NULL : REAL_RO(R_altrep_data2(x)); }

static int doubles_no_na(SEXP x) {
  source_t *source = source_of(x);
  return source && source->per && !source->column.validity;
}

static Rboolean doubles_inspect(SEXP x, int pre, int deep, int pvec, void (*inspect)(SEXP, int, int, int)) {
  Rprintf(source_of(x) ? " in a mapped file\n" : " made\n");
  if (!source_of(x)) inspect(R_altrep_data2(x), pre, deep, pvec);
  return TRUE;
}

SEXP altrep_doubles(SEXP handle, const column_t *c, int64_t start, int64_t size, double per) {
  source_t source = {*c, start, size, per};
  if (!map_get(handle)->mapped || size < LAZY_FROM) return made(&source, handle);
  SEXP place = PROTECT(Rf_allocVector(VECSXP, 2));
  SET_VECTOR_ELT(place, 0, Rf_allocVector(RAWSXP, sizeof source));
  SET_VECTOR_ELT(place, 1, handle);
  memcpy(RAW(VECTOR_ELT(place, 0)), &source, sizeof source);
  SEXP x = R_new_altrep(doubles_class, place, R_NilValue);
  map_get(handle)->users++;
  UNPROTECT(1);
  return x;
}

void altrep_doubles_init(DllInfo *dll) {
  doubles_class = R_make_altreal_class("rflow_doubles", "rflow", dll);
  R_set_altrep_Length_method(doubles_class, doubles_length);
  R_set_altrep_Inspect_method(doubles_class, doubles_inspect);
  R_set_altvec_Dataptr_method(doubles_class, doubles_dataptr);
  R_set_altvec_Dataptr_or_null_method(doubles_class, doubles_dataptr_or_null);
  R_set_altreal_Elt_method(doubles_class, doubles_elt);
  R_set_altreal_Get_region_method(doubles_class, doubles_region);
  R_set_altreal_No_NA_method(doubles_class, doubles_no_na);
}
