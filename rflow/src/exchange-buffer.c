/* R vectors -> column buffers (shared_spec/artifact.md, sections 2 and 5).
 *
 * An array may come in several chunks (the leaves of one pool, the elements of a list column), so that nothing is
 * concatenated in memory. A converter turns a block of values into their Arrow form and flags the missing ones.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "exchange-buffer.h"

#define BLOCK 4096

/* What a converter needs besides the values. */
typedef struct {
  double per;         /* instants and durations: ticks in one unit of the R number */
  double levels;      /* categories: number of levels */
  int lost;           /* set when a value was rounded */
  int nan;            /* set when a NaN was written as missing: there is no such date or instant */
} convert_t;

typedef int (*converter_t)(convert_t *k, SEXP x, R_xlen_t from, int n, void *to, uint8_t *missing);

/* Writes values of one width; where one is missing, what the format has under a null. Returns the number missing. */
#define CONVERTER(name, T, R_T, values, test, value, mark)                                            \
  static int name(convert_t *k, SEXP x, R_xlen_t from, int n, void *to, uint8_t *missing) {           \
    const R_T *in = values(x) + from;                                                                 \
    T *out = to;                                                                                      \
    int found = 0;                                                                                    \
    for (int i = 0; i < n; i++) {                                                                     \
      R_T v = in[i];                                                                                  \
      int is = (test);                                                                                \
      missing[i] = is;                                                                                \
      found += is;                                                                                    \
      out[i] = is ? (mark) : (value);                                                                 \
    }                                                                                                 \
    return found;                                                                                     \
  }

static int64_t ticks(convert_t *k, double v) {
  int64_t found = to_ticks(v, k->per);
  k->lost |= from_ticks(found, k->per) != v;
  return found;
}

/* Factor codes count from 1; one without a level cannot be kept. */
static int32_t code(convert_t *k, int v) {
  if (v < 1 || v > k->levels) {
    exchange_abort("artifact_unsupported",
                   "Make it anew with factor(as.character(x)), or store its codes with as.integer(x).",
                   "a factor has the code %d but only %.0f levels", v, k->levels);
  }
  return v - 1;
}

static inline int no_moment(convert_t *k, double v) {
  if (v == v) return 0;
  k->nan |= !R_IsNA(v);
  return 1;
}

static inline int64_t bits_of(double v) {
  int64_t bits;
  memcpy(&bits, &v, sizeof bits);
  return bits;
}

/* R_IsNA() without a call: a NaN whose lower word is 1954 (R Internals, 1.1). */
static inline int is_na(double v) { return (v != v) & ((uint32_t)bits_of(v) == 1954); }

CONVERTER(from_int, int32_t, int, INTEGER_RO, v == NA_INTEGER, v, INT32_MIN)
CONVERTER(from_raw, uint8_t, int, INTEGER_RO, v == NA_INTEGER, (uint8_t)v, 0)
CONVERTER(from_double, double, double, REAL_RO, is_na(v), v, NA_REAL)
CONVERTER(from_real_part, double, Rcomplex, COMPLEX_RO, is_na(v.r), v.r, NA_REAL)
CONVERTER(from_imaginary, double, Rcomplex, COMPLEX_RO, is_na(v.i), v.i, NA_REAL)
CONVERTER(from_integer64, int64_t, double, REAL_RO, bits_of(v) == INT64_MIN, bits_of(v), INT64_MIN)
CONVERTER(from_count, int64_t, double, REAL_RO, v != v, (int64_t)v, INT64_MIN)
CONVERTER(from_days, int32_t, double, REAL_RO, no_moment(k, v), (int32_t)v, INT32_MIN)
CONVERTER(from_moment, int64_t, double, REAL_RO, no_moment(k, v), ticks(k, v), INT64_MIN)
CONVERTER(from_whole_moment, int64_t, int, INTEGER_RO, v == NA_INTEGER, (int64_t)(v * k->per), INT64_MIN)
CONVERTER(from_codes, int32_t, int, INTEGER_RO, v == NA_INTEGER, code(k, v), 0)

/* ---- arrays of one width ---- */

/* Blocks of this many values are written from where they lie if they are as Arrow holds them: R's own missing values
 * are what the format has under a null. */
#define PLAIN 32768

/* The values as Arrow holds them, with those that are missing cleared from `at` on; NULL when they must be converted. */
static const void *plain_values(converter_t convert, SEXP x, R_xlen_t from, int n, validity_t *valid, R_xlen_t at) {
  int found = 0;
  if (convert == from_double) {
    const double *in = REAL_RO(x) + from;
    int64_t mark = bits_of(NA_REAL);
    for (int i = 0; i < n; i++) found |= in[i] != in[i];
    /* Arithmetic leaves other bits that are NA, too. */
    for (int i = 0; found && i < n; i++) if (is_na(in[i]) && bits_of(in[i]) != mark) return NULL;
    for (int i = 0; found && i < n; i++) if (is_na(in[i])) validity_clear(valid, at + i);
    return in;
  }
  if (convert != from_int) return NULL;
  const int *in = INTEGER_RO(x) + from;
  for (int i = 0; i < n; i++) found |= in[i] == NA_INTEGER;
  for (int i = 0; found && i < n; i++) if (in[i] == NA_INTEGER) validity_clear(valid, at + i);
  return in;
}

static SEXP write_fixed(writer_t *w, const char *name, const char *format, converter_t convert, convert_t *k, int width,
                        SEXP chunks, R_xlen_t nchunks) {
  uint8_t missing[BLOCK];
  int64_t block[BLOCK];
  validity_t valid;
  R_xlen_t done = 0, length = chunks_length(chunks, nchunks);
  SEXP buffers = PROTECT(Rf_allocVector(VECSXP, 2));
  validity_begin(&valid, length);
  double offset = writer_begin(w);
  for (R_xlen_t i = 0; i < nchunks; i++) {
    SEXP chunk = VECTOR_ELT(chunks, i);
    R_xlen_t size = Rf_xlength(chunk);
    for (R_xlen_t from = 0; from < size;) {
      int n = size - from < PLAIN ? (int)(size - from) : PLAIN;
      const void *plain = plain_values(convert, chunk, from, n, &valid, done);
      if (plain) {
        writer_put(w, plain, (int64_t)n * width);
        done += n;
        from += n;
        continue;
      }
      R_xlen_t end = from + n;
      for (; from < end; from += n) {
        n = end - from < BLOCK ? (int)(end - from) : BLOCK;
        int found = convert(k, chunk, from, n, block, missing);
        writer_put(w, block, (int64_t)n * width);
        for (int j = 0; found && j < n; j++) {
          if (missing[j]) validity_clear(&valid, done + j);
        }
        done += n;
      }
    }
  }
  SET_VECTOR_ELT(buffers, 1, writer_end(w, offset));
  validity_write(w, &valid, buffers);
  SEXP entry = layout_entry(name, format, (double)length, valid.nulls, buffers, R_NilValue);
  UNPROTECT(2);
  return entry;
}

/* Eight logicals as bits. Returns the bits of those that are missing. */
static inline uint8_t eight_bits(const int *in, uint8_t *out) {
  int bits = 0, missing = 0;
  for (int i = 0; i < 8; i++) {
    int is = in[i] == NA_LOGICAL;
    bits |= ((in[i] != 0) & !is) << i;
    missing |= is << i;
  }
  *out = (uint8_t)bits;
  return (uint8_t)missing;
}

static SEXP write_bool(writer_t *w, const char *name, SEXP chunks, R_xlen_t nchunks) {
  validity_t valid;
  R_xlen_t done = 0, length = chunks_length(chunks, nchunks);
  SEXP buffers = PROTECT(Rf_allocVector(VECSXP, 2));
  validity_begin(&valid, length);
  SEXP bits = PROTECT(Rf_allocVector(RAWSXP, (length + 7) / 8));
  if (length) memset(RAW(bits), 0, XLENGTH(bits));
  for (R_xlen_t i = 0; i < nchunks; i++) {
    SEXP chunk = VECTOR_ELT(chunks, i);
    R_xlen_t size = Rf_xlength(chunk);
    const int *in = size ? LOGICAL_RO(chunk) : NULL;
    uint8_t *out = RAW(bits);
    for (R_xlen_t j = 0; j < size; j++, done++) {
      if (done % 8 == 0 && size - j >= 8) {
        uint8_t missing = eight_bits(in + j, out + (done >> 3));
        if (missing) validity_clear_eight(&valid, done, missing);
        j += 7;
        done += 7;
      } else if (in[j] == NA_LOGICAL) {
        validity_clear(&valid, done);
      } else {
        out[done >> 3] |= (uint8_t)((in[j] != 0) << (done & 7));
      }
    }
  }
  double offset = writer_begin(w);
  writer_put(w, RAW(bits), XLENGTH(bits));
  SET_VECTOR_ELT(buffers, 1, writer_end(w, offset));
  validity_write(w, &valid, buffers);
  SEXP entry = layout_entry(name, "bool", (double)length, valid.nulls, buffers, R_NilValue);
  UNPROTECT(3);
  return entry;
}

/* ---- arrays with parts ---- */

static SEXP pair(SEXP a, SEXP b) {
  PROTECT(a);
  PROTECT(b);
  SEXP both = Rf_allocVector(VECSXP, 2);
  SET_VECTOR_ELT(both, 0, a);
  SET_VECTOR_ELT(both, 1, b);
  UNPROTECT(2);
  return both;
}

/* A complex number is missing when both parts are; one part alone may be, too. */
static SEXP write_complex(writer_t *w, const char *name, SEXP chunks, R_xlen_t nchunks) {
  convert_t k = {0};
  validity_t valid;
  R_xlen_t done = 0, length = chunks_length(chunks, nchunks);
  SEXP buffers = PROTECT(Rf_allocVector(VECSXP, 1));
  validity_begin(&valid, length);
  for (R_xlen_t i = 0; i < nchunks; i++) {
    SEXP chunk = VECTOR_ELT(chunks, i);
    for (R_xlen_t j = 0; j < Rf_xlength(chunk); j++, done++) {
      if (is_na(COMPLEX_RO(chunk)[j].r) && is_na(COMPLEX_RO(chunk)[j].i)) validity_clear(&valid, done);
    }
  }
  validity_write(w, &valid, buffers);
  SEXP re = PROTECT(write_fixed(w, "re", "float64", from_real_part, &k, 8, chunks, nchunks));
  SEXP im = PROTECT(write_fixed(w, "im", "float64", from_imaginary, &k, 8, chunks, nchunks));
  SEXP children = PROTECT(pair(re, im));
  SEXP entry = layout_entry(name, "struct", (double)length, valid.nulls, buffers, children);
  UNPROTECT(5);
  return entry;
}

static SEXP write_category(writer_t *w, const char *name, SEXP logical, SEXP chunks, R_xlen_t nchunks, int depth) {
  SEXP levels = nchunks ? Rf_getAttrib(VECTOR_ELT(chunks, 0), R_LevelsSymbol) : R_NilValue;
  SEXP dictionary_chunks = PROTECT(Rf_allocVector(VECSXP, 1));
  SET_VECTOR_ELT(dictionary_chunks, 0, levels);
  SEXP type = list_get(logical, "levels");
  SEXP dictionary = PROTECT(array_write(w, "", type, dictionary_chunks, 1, depth + 1));
  convert_t k = {0};
  k.levels = (double)Rf_xlength(levels);
  SEXP entry = PROTECT(write_fixed(w, name, "dictionary", from_codes, &k, 4, chunks, nchunks));
  entry = layout_extra(entry, "dictionary", dictionary);
  UNPROTECT(3);
  return entry;
}

/* The cells of list columns that share a pool. */
static SEXP all_cells(SEXP chunks, R_xlen_t nchunks) {
  if (nchunks == 1) return VECTOR_ELT(chunks, 0);
  R_xlen_t length = 0, at = 0;
  for (R_xlen_t i = 0; i < nchunks; i++) length += Rf_xlength(VECTOR_ELT(chunks, i));
  SEXP cells = PROTECT(Rf_allocVector(VECSXP, length));
  for (R_xlen_t i = 0; i < nchunks; i++) {
    SEXP chunk = VECTOR_ELT(chunks, i);
    for (R_xlen_t j = 0; j < Rf_xlength(chunk); j++) SET_VECTOR_ELT(cells, at++, VECTOR_ELT(chunk, j));
  }
  UNPROTECT(1);
  return cells;
}

static SEXP write_list(writer_t *w, const char *name, SEXP logical, SEXP chunks, R_xlen_t nchunks, int depth) {
  SEXP x = PROTECT(all_cells(chunks, nchunks));
  R_xlen_t length = Rf_xlength(x);
  validity_t valid;
  SEXP buffers = PROTECT(Rf_allocVector(VECSXP, 2)), children = PROTECT(Rf_allocVector(VECSXP, 1));
  validity_begin(&valid, length);
  int64_t at = 0;
  double offset = writer_begin(w);
  writer_put(w, &at, sizeof at);
  for (R_xlen_t i = 0; i < length; i++) {
    if (VECTOR_ELT(x, i) == R_NilValue) validity_clear(&valid, i);
    at += Rf_xlength(VECTOR_ELT(x, i));
    writer_put(w, &at, sizeof at);
  }
  SET_VECTOR_ELT(buffers, 1, writer_end(w, offset));
  validity_write(w, &valid, buffers);
  SET_VECTOR_ELT(children, 0, array_write(w, "item", list_get(logical, "item"), x, length, depth + 1));
  SEXP entry = layout_entry(name, "large_list", (double)length, valid.nulls, buffers, children);
  UNPROTECT(4);
  return entry;
}

/* A nested data frame; `fields` of the logical type are its columns, in order. */
static SEXP write_struct(writer_t *w, const char *name, SEXP logical, SEXP chunks, R_xlen_t nchunks, int depth) {
  if (nchunks != 1) Rf_error("a nested table comes in one chunk");
  SEXP x = VECTOR_ELT(chunks, 0), fields = list_get(logical, "fields");
  R_xlen_t count = Rf_xlength(fields);
  SEXP buffers = PROTECT(Rf_allocVector(VECSXP, 1)), children = PROTECT(Rf_allocVector(VECSXP, count));
  SEXP chunk = PROTECT(Rf_allocVector(VECSXP, 1));
  for (R_xlen_t i = 0; i < count; i++) {
    SEXP field = VECTOR_ELT(fields, i), label = STRING_ELT(VECTOR_ELT(field, 0), 0);
    SET_VECTOR_ELT(chunk, 0, VECTOR_ELT(x, i));
    SET_VECTOR_ELT(children, i, array_write(w, CHAR(label), VECTOR_ELT(field, 1), chunk, 1, depth + 1));
  }
  double rows = (double)Rf_xlength(Rf_getAttrib(x, R_RowNamesSymbol));
  SEXP entry = layout_entry(name, "struct", rows, 0, buffers, children);
  UNPROTECT(3);
  return entry;
}

static SEXP write_moments(writer_t *w, const char *name, const char *format, SEXP logical, SEXP chunks,
                          R_xlen_t nchunks) {
  const char *unit = list_text(logical, "unit"), *tz = list_text(logical, "tz");
  convert_t k = {0};
  k.per = (unit && strcmp(unit, "ns") == 0 ? 1e9 : 1e6) * unit_seconds(list_text(logical, "units"));
  int whole = nchunks && TYPEOF(VECTOR_ELT(chunks, 0)) == INTSXP;
  SEXP entry = write_fixed(w, name, format, whole ? from_whole_moment : from_moment, &k, 8, chunks, nchunks);
  PROTECT(entry);
  if (k.lost) writer_note(w, "timestamp_precision", format);
  if (k.nan) writer_note(w, "nan_as_missing", format);
  SEXP text = PROTECT(Rf_mkString(unit ? unit : "us"));
  entry = PROTECT(layout_extra(entry, "unit", text));
  if (strcmp(format, "timestamp") == 0) {
    SEXP zone = PROTECT(Rf_mkString(tz && *tz ? tz : "UTC"));
    entry = layout_extra(entry, "timezone", zone);
    UNPROTECT(1);
  }
  UNPROTECT(3);
  return entry;
}

static SEXP write_null(const char *name, SEXP chunks, R_xlen_t nchunks) {
  double length = (double)chunks_length(chunks, nchunks);
  return layout_entry(name, "null", length, length, Rf_allocVector(VECSXP, 1), R_NilValue);
}

/* Integer and double chunks are never mixed: codec-plan.R gives each storage its own logical type. */
static int is_integer(SEXP chunks, R_xlen_t nchunks) {
  for (R_xlen_t i = 0; i < nchunks; i++) {
    if (VECTOR_ELT(chunks, i) != R_NilValue) return TYPEOF(VECTOR_ELT(chunks, i)) == INTSXP;
  }
  return 0;
}

/* The logical types that R writes: a subset of those it reads. */
SEXP array_write(writer_t *w, const char *name, SEXP logical, SEXP chunks, R_xlen_t nchunks, int depth) {
  const char *type = list_text(logical, "type");
  convert_t k = {0};
  if (!type || depth > 64) Rf_error("no logical type to write");
  if (!strcmp(type, "float64")) return write_fixed(w, name, type, from_double, &k, 8, chunks, nchunks);
  if (!strcmp(type, "int32")) return write_fixed(w, name, type, from_int, &k, 4, chunks, nchunks);
  if (!strcmp(type, "string")) return write_text(w, name, chunks, nchunks);
  if (!strcmp(type, "bool")) return write_bool(w, name, chunks, nchunks);
  if (!strcmp(type, "category")) return write_category(w, name, logical, chunks, nchunks, depth);
  if (!strcmp(type, "timestamp")) return write_moments(w, name, type, logical, chunks, nchunks);
  if (!strcmp(type, "duration")) return write_moments(w, name, type, logical, chunks, nchunks);
  if (!strcmp(type, "date")) {
    converter_t convert = is_integer(chunks, nchunks) ? from_int : from_days;
    SEXP entry = PROTECT(write_fixed(w, name, "date32", convert, &k, 4, chunks, nchunks));
    if (k.nan) writer_note(w, "nan_as_missing", type);
    UNPROTECT(1);
    return entry;
  }
  if (!strcmp(type, "int64")) return write_fixed(w, name, type, from_integer64, &k, 8, chunks, nchunks);
  if (!strcmp(type, "uint8")) return write_fixed(w, name, type, from_raw, &k, 1, chunks, nchunks);
  if (!strcmp(type, "count")) return write_fixed(w, name, "int64", from_count, &k, 8, chunks, nchunks);
  if (!strcmp(type, "complex128")) return write_complex(w, name, chunks, nchunks);
  if (!strcmp(type, "bytes")) return write_bytes(w, name, chunks, nchunks);
  if (!strcmp(type, "list")) return write_list(w, name, logical, chunks, nchunks, depth);
  if (!strcmp(type, "struct")) return write_struct(w, name, logical, chunks, nchunks, depth);
  if (!strcmp(type, "null")) return write_null(name, chunks, nchunks);
  Rf_error("logical type '%s' is not written by R", type);
}

/* The years 1 to 9999, which is what other languages' calendars have. */
#define FIRST_DAY -719162
#define LAST_DAY 2932896

/* How finely the numbers of `x` (units of `seconds` seconds) must be counted: 0 microseconds, 1 nanoseconds, 2
 * nanoseconds although some are finer, 3 microseconds for the same reason and a wider range, 4 no integer holds them, or
 * they are not between `lowest` and `highest`. The answer is what codec-plan.R makes the logical type from. */
static int moment_fit(const double *in, R_xlen_t n, double seconds, double lowest, double highest) {
  double us = 1e6 * seconds, ns = 1e9 * seconds, limit = 9.2e18;
  int exact_us = 1, exact_ns = 1, in_ns = 1;
  for (R_xlen_t i = 0; i < n; i++) {
    double v = in[i];
    if (v != v) continue;
    if (fabs(v) * us >= limit || v < lowest || v >= highest) return 4;
    in_ns &= fabs(v) * ns < limit;
    if (v == (double)(int64_t)v) continue; /* whole numbers always come back */
    exact_us &= from_ticks(to_ticks(v, us), us) == v;
    if (!exact_us && in_ns) exact_ns &= from_ticks(to_ticks(v, ns), ns) == v;
  }
  if (exact_us) return 0;
  return in_ns ? (exact_ns ? 1 : 2) : 3;
}

static int days_fit(const double *in, R_xlen_t n) {
  int fit = 1;
  for (R_xlen_t i = 0; i < n; i++) {
    fit &= in[i] != in[i] || (in[i] >= FIRST_DAY && in[i] <= LAST_DAY && in[i] == floor(in[i]));
  }
  return fit ? 0 : 4;
}

/* The same for integers, of which only days can lie outside. */
static int whole_fit(const int *in, R_xlen_t n, int days) {
  int fit = 1;
  for (R_xlen_t i = 0; days && i < n; i++) fit &= in[i] == NA_INTEGER || (in[i] >= FIRST_DAY && in[i] <= LAST_DAY);
  return fit ? 0 : 4;
}

/* .Call: `kind` is date, instant or duration. */
SEXP rflow_moment_fit(SEXP x, SEXP seconds, SEXP kind) {
  const char *what = CHAR(STRING_ELT(kind, 0));
  R_xlen_t n = XLENGTH(x);
  int days = strcmp(what, "date") == 0, instant = strcmp(what, "instant") == 0;
  if (TYPEOF(x) == INTSXP) return Rf_ScalarInteger(whole_fit(INTEGER_RO(x), n, days));
  if (days) return Rf_ScalarInteger(days_fit(REAL_RO(x), n));
  double lowest = instant ? FIRST_DAY * 86400.0 : -INFINITY, highest = instant ? (LAST_DAY + 1) * 86400.0 : INFINITY;
  return Rf_ScalarInteger(moment_fit(REAL_RO(x), n, Rf_asReal(seconds), lowest, highest));
}
