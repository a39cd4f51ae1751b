/* Text that is made into R strings when it is looked at.
 *
 * Most of the time that a text column costs in R is the global string cache, so a column that is only passed on or
 * partly read should not pay for all of it. data1 is an external pointer to the source (a column and its first element,
 * kept in a raw vector together with the mapping's handle) or NULL once every string has been made; data2 is the
 * STRSXP of the strings made so far, allocated at the first access.
 */
#include <string.h>
#include "rflow.h"
#include <R_ext/Altrep.h> /* needs Rinternals.h before it */

/* Shorter vectors are made at once. */
#define LAZY_FROM 1024

/* Strings that are looked at to see whether a column repeats itself. */
#define SAMPLE 256

/* When this part of a vector has been looked at one by one, the rest is made at once; when this many strings have, if
 * the vector repeats few values: making all is cheap then (see fill()). */
#define PATIENCE 64
#define LITTLE_PATIENCE 256

/* Strings that were made last, by a hash of their bytes: most text columns repeat few values, and looking here is
 * several times as fast as in R's global cache. */
#define RECENT 4096

typedef struct {
  column_t column;
  int64_t start, size, looked_at, patience;
} source_t;

static R_altrep_class_t string_class;

/* NULL when all strings have been made. */
static source_t *source_of(SEXP x) {
  SEXP place = R_altrep_data1(x);
  return place == R_NilValue ? NULL : (source_t *)RAW(VECTOR_ELT(place, 0));
}

static SEXP make_string(const source_t *source, R_xlen_t i) {
  int64_t at = source->start + i;
  if (!is_present(&source->column, at)) return NA_STRING;
  const int64_t *offsets = (const int64_t *)source->column.values + at;
  return Rf_mkCharLenCE((const char *)source->column.data + offsets[0], (int)(offsets[1] - offsets[0]), CE_UTF8);
}

static SEXP made_strings(SEXP x, const source_t *source) {
  if (R_altrep_data2(x) == R_NilValue) R_set_altrep_data2(x, Rf_allocVector(STRSXP, source->size));
  return R_altrep_data2(x);
}

static uint64_t hash_of(const uint8_t *text, int64_t n) {
  uint64_t head = 0, tail = 0;
  memcpy(&head, text, n < 8 ? n : 8);
  if (n > 8) memcpy(&tail, text + n - 8, 8);
  return ((head ^ (tail * 0x9E3779B97F4A7C15u) ^ (uint64_t)n) * 0x9E3779B97F4A7C15u);
}

/* The strings of `made` that are not there yet. */
static void fill(SEXP made, const source_t *source) {
  SEXP recent[RECENT] = {NULL};
  const int64_t *offsets = (const int64_t *)source->column.values + source->start;
  const SEXP *strings = STRING_PTR_RO(made);
  for (R_xlen_t i = 0; i < source->size; i++) {
    if (strings[i] != R_BlankString) continue;
    const uint8_t *text = source->column.data + offsets[i];
    int64_t n = offsets[i + 1] - offsets[i];
    SEXP *slot = recent + (hash_of(text, n) >> 52), found = *slot;
    int present = is_present(&source->column, source->start + i);
    if (!present || !found || XLENGTH(found) != n || memcmp(CHAR(found), text, n) != 0) {
      found = make_string(source, i);
      if (present) *slot = found;
    }
    SET_STRING_ELT(made, i, found);
  }
}

static SEXP make_all(SEXP x) {
  source_t *source = source_of(x);
  if (!source) return R_altrep_data2(x);
  SEXP made = PROTECT(made_strings(x, source));
  fill(made, source);
  R_set_altrep_data1(x, R_NilValue);
  UNPROTECT(1);
  return made;
}

/* The element i, made if it is not there yet. The empty string marks what has not been made: making it again is
 * free. */
static SEXP string_elt(SEXP x, R_xlen_t i) {
  source_t *source = source_of(x);
  if (!source) return STRING_ELT(R_altrep_data2(x), i);
  if (source->looked_at++ > source->patience) return STRING_ELT(make_all(x), i);
  SEXP made = made_strings(x, source), found = STRING_ELT(made, i);
  if (found != R_BlankString) return found;
  found = make_string(source, i);
  SET_STRING_ELT(made, i, found);
  return found;
}

static R_xlen_t string_length(SEXP x) {
  source_t *source = source_of(x);
  return source ? source->size : Rf_xlength(R_altrep_data2(x));
}

static void string_set_elt(SEXP x, R_xlen_t i, SEXP value) { SET_STRING_ELT(make_all(x), i, value); }
static void *string_dataptr(SEXP x, Rboolean writeable) { return (void *)STRING_PTR_RO(make_all(x)); }

static const void *string_dataptr_or_null(SEXP x) {
  return source_of(x) ? NULL : (const void *)STRING_PTR_RO(R_altrep_data2(x));
}

static int string_no_na(SEXP x) {
  source_t *source = source_of(x);
  return source && !source->column.validity;
}

static Rboolean string_inspect(SEXP x, int pre, int deep, int pvec, void (*inspect)(SEXP, int, int, int)) {
  Rprintf(source_of(x) ? " in a mapped file\n" : " all made\n");
  return TRUE;
}

const column_t *altrep_strings_source(SEXP x, int64_t *start) {
  if (!ALTREP(x) || !R_altrep_inherits(x, string_class) || !source_of(x)) return NULL;
  *start = source_of(x)->start;
  return &source_of(x)->column;
}

/* Does a text column repeat few values, as far as a sample shows? */
static int repeats_itself(const source_t *source) {
  uint64_t seen[SAMPLE];
  int64_t step = source->size / SAMPLE;
  int different = 0;
  for (int i = 0; i < SAMPLE; i++) {
    int64_t at = source->start + i * step;
    const int64_t *offsets = (const int64_t *)source->column.values + at;
    uint64_t hash = hash_of(source->column.data + offsets[0], offsets[1] - offsets[0]);
    int known = 0;
    for (int j = 0; j < different && !known; j++) known = seen[j] == hash;
    if (!known) seen[different++] = hash;
  }
  return different < SAMPLE - SAMPLE / 16; /* of 2,000 values, 16 pairs are to be expected */
}

/* The strings [start, start + size) of a column; no string may be longer than an R string can be. */
SEXP altrep_strings(SEXP handle, const column_t *c, int64_t start, int64_t size) {
  source_t source = {*c, start, size, 0, size / PATIENCE};
  if (!map_get(handle)->mapped || size < LAZY_FROM) {
    SEXP x = PROTECT(Rf_allocVector(STRSXP, size));
    fill(x, &source);
    UNPROTECT(1);
    return x;
  }
  if (repeats_itself(&source) && source.patience > LITTLE_PATIENCE) source.patience = LITTLE_PATIENCE;
  SEXP place = PROTECT(Rf_allocVector(VECSXP, 2));
  SET_VECTOR_ELT(place, 0, Rf_allocVector(RAWSXP, sizeof source));
  SET_VECTOR_ELT(place, 1, handle);
  memcpy(RAW(VECTOR_ELT(place, 0)), &source, sizeof source);
  SEXP x = R_new_altrep(string_class, place, R_NilValue);
  map_get(handle)->users++;
  UNPROTECT(1);
  return x;
}

void altrep_strings_init(DllInfo *dll) {
  string_class = R_make_altstring_class("rflow_strings", "rflow", dll);
  R_set_altrep_Length_method(string_class, string_length);
  R_set_altrep_Inspect_method(string_class, string_inspect);
  R_set_altvec_Dataptr_method(string_class, string_dataptr);
  R_set_altvec_Dataptr_or_null_method(string_class, string_dataptr_or_null);
  R_set_altstring_Elt_method(string_class, string_elt);
  R_set_altstring_Set_elt_method(string_class, string_set_elt);
  R_set_altstring_No_NA_method(string_class, string_no_na);
}
