/* Columns -> R vectors of their logical type (shared_spec/artifact.md, section 2). */
#include <string.h>
#include "exchange-read.h"

void reader_begin(reader_t *r, SEXP handle) {
  r->handle = handle;
  r->place = "";
  r->notes = R_NilValue;
  PROTECT_WITH_INDEX(r->notes, &r->notes_index);
}

/* One announcement for each code and place. */
void reader_note(reader_t *r, const char *code, SEXP logical) {
  for (SEXP at = r->notes; at != R_NilValue; at = CDR(at)) {
    if (strcmp(CHAR(STRING_ELT(CAR(at), 0)), code) == 0 && strcmp(CHAR(STRING_ELT(CAR(at), 1)), r->place) == 0) return;
  }
  const char *type = list_text(logical, "type");
  SEXP note = PROTECT(Rf_allocVector(STRSXP, 3));
  SET_STRING_ELT(note, 0, Rf_mkChar(code));
  SET_STRING_ELT(note, 1, Rf_mkCharCE(r->place, CE_UTF8));
  SET_STRING_ELT(note, 2, Rf_mkChar(type ? type : ""));
  REPROTECT(r->notes = Rf_cons(note, r->notes), r->notes_index);
  UNPROTECT(1);
}

/* What errors call the column or value. */
static const char *place_text(const reader_t *r) {
  if (!*r->place) return "The value";
  char *text = R_alloc(strlen(r->place) + 16, 1);
  sprintf(text, "Column '%s'", r->place);
  return text;
}

void set_class(SEXP x, const char *first, const char *second) {
  SEXP class = PROTECT(Rf_allocVector(STRSXP, second ? 2 : 1));
  SET_STRING_ELT(class, 0, Rf_mkChar(first));
  if (second) SET_STRING_ELT(class, 1, Rf_mkChar(second));
  Rf_classgets(x, class);
  UNPROTECT(1);
}

static SEXP read_bool(const column_t *c, int64_t start, int64_t size) {
  SEXP x = PROTECT(large_vector(LGLSXP, size));
  int *out = LOGICAL(x);
  int64_t i = 0;
  for (; i < size && (start + i) & 7; i++) out[i] = (c->values[(start + i) >> 3] >> ((start + i) & 7)) & 1;
  for (; i + 8 <= size; i += 8) {
    unsigned byte = c->values[(start + i) >> 3];
    for (int bit = 0; bit < 8; bit++) out[i + bit] = (int)(byte >> bit) & 1;
  }
  for (; i < size; i++) out[i] = (c->values[(start + i) >> 3] >> ((start + i) & 7)) & 1;
  EACH_MISSING(c, start, size, k, out[k] = NA_LOGICAL);
  UNPROTECT(1);
  return x;
}

/* An int32 that R's integer cannot hold makes the vector double. */
static SEXP read_wide_int32(const column_t *c, int64_t start, int64_t size) {
  SEXP x = PROTECT(large_vector(REALSXP, size));
  CONVERT(int32_t, REAL(x), v);
  EACH_MISSING(c, start, size, i, REAL(x)[i] = NA_REAL);
  UNPROTECT(1);
  return x;
}

static SEXP read_int(reader_t *r, const column_t *c, const char *storage, int64_t start, int64_t size) {
  int raw = storage && strcmp(storage, "raw") == 0 && c->format == F_UINT8 && !c->validity;
  if (raw) return altrep_fixed(r->handle, RAWSXP, c->values + start, size);
  if (c->format == F_INT32) {
    const int32_t *in = (const int32_t *)c->values + start;
    int lowest = 0;
    for (int64_t i = 0; i < size; i++) lowest |= in[i] == INT32_MIN;
    for (int64_t i = 0; lowest && i < size; i++) {
      if (in[i] == INT32_MIN && is_present(c, start + i)) return read_wide_int32(c, start, size);
    }
    int marked = 1;
    EACH_MISSING(c, start, size, i, marked &= in[i] == NA_INTEGER);
    if (marked) return altrep_fixed(r->handle, INTSXP, in, size);
  }
  SEXP x = PROTECT(large_vector(INTSXP, size));
  int *out = INTEGER(x);
  switch (c->format) {
  case F_INT8: CONVERT(int8_t, out, v); break;
  case F_INT16: CONVERT(int16_t, out, v); break;
  case F_UINT8: CONVERT(uint8_t, out, v); break;
  case F_UINT16: CONVERT(uint16_t, out, v); break;
  default: CONVERT(int32_t, out, v); break;
  }
  EACH_MISSING(c, start, size, i, out[i] = NA_INTEGER);
  UNPROTECT(1);
  return x;
}

int longs_beyond(const column_t *c, int64_t start, int64_t size) {
  const int64_t *in = (const int64_t *)c->values + start;
  uint64_t large = 0;
  int found = 0;
  for (int64_t i = 0; i < size; i++) large |= ((uint64_t)in[i] + WHOLE_LIMIT) & ~(((uint64_t)WHOLE_LIMIT << 1) - 1);
  /* Under a missing value is the lowest. */
  for (int64_t i = 0; large && i < size; i++) {
    found |= (in[i] > WHOLE_LIMIT || in[i] < -WHOLE_LIMIT) && is_present(c, start + i);
  }
  return found;
}

/* integer64 holds an int64 in the bits of a double, and a missing value as the lowest. */
static SEXP read_integer64(reader_t *r, const column_t *c, int64_t start, int64_t size) {
  const int64_t *in = (const int64_t *)c->values + start;
  int beyond = 0, marked = 1;
  for (int64_t i = 0; i < size; i++) {
    /* The lowest int64, and a uint64 above the highest, have no integer64. */
    beyond |= (c->format == F_UINT64 ? in[i] < 0 : in[i] == INT64_MIN) && is_present(c, start + i);
  }
  if (beyond || Rf_asLogical(exchange_call("codec_has_integer64", NULL, NULL, NULL)) != TRUE) {
    exchange_abort("integer_precision", beyond ? "Store it as text or double in the step that makes it."
                   : "Install the package bit64, or store it as text or double in the step that makes it.",
                   "%s holds integers beyond 2^53, which R's numbers cannot hold exactly.", place_text(r));
  }
  EACH_MISSING(c, start, size, i, marked &= in[i] == INT64_MIN);
  SEXP x = PROTECT(marked ? altrep_fixed(r->handle, REALSXP, in, size) : large_vector(REALSXP, size));
  int64_t *out = marked ? NULL : (int64_t *)REAL(x);
  if (!marked) {
    CONVERT(int64_t, out, v);
    EACH_MISSING(c, start, size, i, out[i] = INT64_MIN);
  }
  set_class(x, "integer64", NULL);
  UNPROTECT(1);
  return x;
}

static SEXP read_long(reader_t *r, const column_t *c, const char *storage, int64_t start, int64_t size) {
  int exact = 1, wide = storage && strcmp(storage, "integer64") == 0;
  if (c->format == F_INT64) {
    exact = !longs_beyond(c, start, size);
  } else if (c->format == F_UINT64) {
    const uint64_t *in = (const uint64_t *)c->values + start;
    for (int64_t i = 0; i < size; i++) exact &= in[i] <= (uint64_t)WHOLE_LIMIT;
  }
  if (c->format != F_UINT32 && (wide || !exact)) return read_integer64(r, c, start, size);
  SEXP x = PROTECT(large_vector(REALSXP, size));
  double *out = REAL(x);
  if (c->format == F_INT64) CONVERT(int64_t, out, (double)v)
  else if (c->format == F_UINT64) CONVERT(uint64_t, out, (double)v)
  else CONVERT(uint32_t, out, v)
  EACH_MISSING(c, start, size, i, out[i] = NA_REAL);
  UNPROTECT(1);
  return x;
}

static SEXP read_double(reader_t *r, const column_t *c, int64_t start, int64_t size) {
  if (c->format == F_FLOAT64 && !c->validity) {
    return altrep_fixed(r->handle, REALSXP, (const double *)c->values + start, size);
  }
  if (c->format == F_FLOAT64) return altrep_doubles(r->handle, c, start, size, 0);
  SEXP x = PROTECT(large_vector(REALSXP, size));
  double *out = REAL(x);
  CONVERT(float, out, v);
  EACH_MISSING(c, start, size, i, out[i] = NA_REAL);
  UNPROTECT(1);
  return x;
}

static SEXP read_complex(const column_t *c, int64_t start, int64_t size) {
  const column_t *re = c->children, *im = c->children + 1;
  SEXP x = PROTECT(large_vector(CPLXSXP, size));
  Rcomplex *out = COMPLEX(x);
  for (int64_t i = 0; i < size; i++) {
    out[i].r = ((const double *)re->values)[start + i];
    out[i].i = ((const double *)im->values)[start + i];
  }
  EACH_MISSING(re, start, size, i, out[i].r = NA_REAL);
  EACH_MISSING(im, start, size, i, out[i].i = NA_REAL);
  EACH_MISSING(c, start, size, i, out[i].r = out[i].i = NA_REAL);
  UNPROTECT(1);
  return x;
}

static SEXP read_strings(reader_t *r, const column_t *c, int64_t start, int64_t size) {
  const int64_t *offsets = (const int64_t *)c->values + start;
  int too_long = 0;
  for (int64_t i = 0; i < size; i++) too_long |= offsets[i + 1] - offsets[i] > INT32_MAX;
  if (too_long || memchr(c->data + offsets[0], 0, offsets[size] - offsets[0])) {
    exchange_abort("artifact_unsupported", "Remove such characters, or store bytes, in the step that makes it.",
                   "%s holds %s, which R cannot hold.", place_text(r),
                   too_long ? "a text of more than 2 GB" : "a text with a NUL character");
  }
  if (!column_is_utf8(c, start, size)) {
    exchange_abort("artifact_corrupt", NULL, "this artifact is damaged: column '%s' has text that is not UTF-8",
                   c->name);
  }
  return altrep_strings(r->handle, c, start, size);
}

static SEXP read_bytes(reader_t *r, const column_t *c, int64_t start, int64_t size) {
  const int64_t *offsets = (const int64_t *)c->values + start;
  SEXP x = PROTECT(Rf_allocVector(VECSXP, size));
  for (int64_t i = 0; i < size; i++) {
    if (!is_present(c, start + i)) continue;
    SET_VECTOR_ELT(x, i, altrep_fixed(r->handle, RAWSXP, c->data + offsets[i], offsets[i + 1] - offsets[i]));
  }
  UNPROTECT(1);
  return x;
}

static SEXP read_category(reader_t *r, const column_t *c, SEXP logical, int64_t start, int64_t size, int depth) {
  SEXP type = list_get(logical, "levels");
  SEXP levels = PROTECT(column_read(r, c->dictionary, type, 0, c->dictionary->length, depth + 1));
  if (TYPEOF(levels) != STRSXP || Rf_isObject(levels)) levels = exchange_call("codec_levels", levels, NULL, NULL);
  PROTECT(levels);
  SEXP x = PROTECT(large_vector(INTSXP, size));
  int *out = INTEGER(x), wrong = 0;
  uint32_t count = c->dictionary->length > INT32_MAX ? INT32_MAX : (uint32_t)c->dictionary->length;
  const int32_t *in = (const int32_t *)c->values + start;
  for (int64_t i = 0; i < size; i++) {
    wrong |= (uint32_t)in[i] >= count;
    out[i] = (int)((uint32_t)in[i] + 1);
  }
  /* Under a missing value there may be any code. */
  int found = 0;
  for (int64_t i = 0; wrong && i < size; i++) found |= (uint32_t)in[i] >= count && is_present(c, start + i);
  if (found) {
    exchange_abort("artifact_corrupt", NULL, "this artifact is damaged: column '%s': a code has no level", c->name);
  }
  EACH_MISSING(c, start, size, i, out[i] = NA_INTEGER);
  Rf_setAttrib(x, R_LevelsSymbol, levels);
  if (Rf_asLogical(list_get(logical, "ordered")) == TRUE) set_class(x, "ordered", "factor");
  else set_class(x, "factor", NULL);
  UNPROTECT(3);
  return x;
}

static SEXP read_list(reader_t *r, const column_t *c, SEXP logical, int64_t start, int64_t size, int depth) {
  const int64_t *offsets = (const int64_t *)c->values + start;
  SEXP x = PROTECT(Rf_allocVector(VECSXP, size)), item = list_get(logical, "item");
  for (int64_t i = 0; i < size; i++) {
    if (!is_present(c, start + i)) continue;
    SET_VECTOR_ELT(x, i, column_read(r, c->children, item, offsets[i], offsets[i + 1] - offsets[i], depth + 1));
  }
  UNPROTECT(1);
  return x;
}

static SEXP read_struct(reader_t *r, const column_t *c, SEXP logical, int64_t start, int64_t size, int depth) {
  SEXP fields = list_get(logical, "fields");
  if (Rf_xlength(fields) != c->nchildren) {
    exchange_abort("artifact_corrupt", NULL, "this artifact is damaged: column '%s' has not the fields of its type",
                   c->name);
  }
  if (size > INT32_MAX) {
    exchange_abort("artifact_unsupported", NULL, "column '%s' has more rows than R can hold", c->name);
  }
  SEXP x = PROTECT(Rf_allocVector(VECSXP, c->nchildren)), names = PROTECT(Rf_allocVector(STRSXP, c->nchildren));
  for (int i = 0; i < c->nchildren; i++) {
    SEXP field = VECTOR_ELT(fields, i);
    SET_VECTOR_ELT(x, i, column_read(r, c->children + i, Rf_xlength(field) == 2 ? VECTOR_ELT(field, 1) : R_NilValue,
                                     start, size, depth + 1));
    SET_STRING_ELT(names, i, Rf_mkCharCE(c->children[i].name, CE_UTF8));
  }
  SEXP rows = PROTECT(Rf_allocVector(INTSXP, 2));
  INTEGER(rows)[0] = NA_INTEGER;
  INTEGER(rows)[1] = -(int)size;
  Rf_setAttrib(x, R_NamesSymbol, names);
  set_class(x, "data.frame", NULL);
  Rf_setAttrib(x, R_RowNamesSymbol, rows);
  if (c->validity) {
    SEXP missing = PROTECT(large_vector(LGLSXP, size));
    for (int64_t i = 0; i < size; i++) LOGICAL(missing)[i] = !is_present(c, start + i);
    x = exchange_call("codec_missing_rows", x, missing, NULL);
    UNPROTECT(1);
  }
  UNPROTECT(3);
  return x;
}

/* What a logical type reads: its name, and the Arrow formats it may have. */
typedef enum { T_NULL, T_BOOL, T_INT, T_LONG, T_DOUBLE, T_COMPLEX, T_DECIMAL, T_BIGINT, T_STRING, T_BYTES, T_DATE,
               T_TIME, T_TIMESTAMP, T_DURATION, T_CATEGORY, T_LIST, T_STRUCT } logical_t;

static const struct { const char *name; logical_t type; format_t format; } TYPES[] = {
  {"float64", T_DOUBLE, F_FLOAT64}, {"int32", T_INT, F_INT32}, {"string", T_STRING, F_UTF8}, {"bool", T_BOOL, F_BOOL},
  {"int64", T_LONG, F_INT64}, {"null", T_NULL, F_NULL}, {"int8", T_INT, F_INT8}, {"int16", T_INT, F_INT16},
  {"uint8", T_INT, F_UINT8}, {"uint16", T_INT, F_UINT16}, {"uint32", T_LONG, F_UINT32}, {"uint64", T_LONG, F_UINT64},
  {"float32", T_DOUBLE, F_FLOAT32}, {"complex128", T_COMPLEX, F_STRUCT}, {"decimal", T_DECIMAL, F_DECIMAL},
  {"bigint", T_BIGINT, F_UTF8}, {"bytes", T_BYTES, F_BINARY}, {"date", T_DATE, F_DATE32}, {"time", T_TIME, F_TIME64},
  {"timestamp", T_TIMESTAMP, F_TIMESTAMP}, {"duration", T_DURATION, F_DURATION}, {"category", T_CATEGORY, F_DICTIONARY},
  {"list", T_LIST, F_LIST}, {"struct", T_STRUCT, F_STRUCT}};

static logical_t logical_type(const column_t *c, SEXP logical) {
  const char *name = list_text(logical, "type");
  for (size_t i = 0; name && i < sizeof TYPES / sizeof *TYPES; i++) {
    if (strcmp(name, TYPES[i].name) != 0) continue;
    int fits = TYPES[i].format == c->format;
    if (TYPES[i].type == T_COMPLEX && fits) {
      fits = c->nchildren == 2 && c->children[0].format == F_FLOAT64 && c->children[1].format == F_FLOAT64;
    }
    if (fits) return TYPES[i].type;
  }
  exchange_abort("artifact_corrupt", NULL, "this artifact is damaged: column '%s' cannot hold logical type '%s'",
                 c->name, name ? name : "(none)");
}

static SEXP read_type(reader_t *r, const column_t *c, SEXP logical, const char *storage, int64_t start, int64_t size,
                      int depth) {
  switch (logical_type(c, logical)) {
  case T_NULL: {
    SEXP x = large_vector(LGLSXP, size);
    for (int64_t i = 0; i < size; i++) LOGICAL(x)[i] = NA_LOGICAL;
    return x;
  }
  case T_BOOL: return read_bool(c, start, size);
  case T_INT: return read_int(r, c, storage, start, size);
  case T_LONG: return read_long(r, c, storage, start, size);
  case T_DOUBLE: return read_double(r, c, start, size);
  case T_COMPLEX: return read_complex(c, start, size);
  case T_DECIMAL: return read_decimal(r, c, logical, start, size);
  case T_BIGINT: reader_note(r, "bigint_as_text", logical); return read_strings(r, c, start, size);
  case T_STRING: return read_strings(r, c, start, size);
  case T_BYTES: return read_bytes(r, c, start, size);
  case T_DATE: return read_date(r, c, logical, storage, start, size);
  case T_TIME: return read_time(r, c, logical, start, size);
  case T_TIMESTAMP: return read_timestamp(r, c, logical, storage, start, size);
  case T_DURATION: return read_duration(r, c, logical, storage, start, size);
  case T_CATEGORY: return read_category(r, c, logical, start, size, depth);
  case T_LIST: return read_list(r, c, logical, start, size, depth);
  default: return read_struct(r, c, logical, start, size, depth);
  }
}

/* What R shows as less than it is in Python. */
static void note_python(reader_t *r, SEXP logical) {
  SEXP python = list_get(logical, "python");
  const char *levels = list_text(list_get(logical, "levels"), "type"), *dtype = list_text(python, "dtype");
  if ((levels && strcmp(levels, "string") != 0) || list_get(python, "levels") != R_NilValue) {
    reader_note(r, "levels_as_text", logical);
  }
  if (dtype && strncmp(dtype, "period", 6) == 0) reader_note(r, "period_as_start", logical);
  if (list_get(python, "interval") != R_NilValue) reader_note(r, "interval_as_table", logical);
}

SEXP column_read(reader_t *r, const column_t *c, SEXP logical, int64_t start, int64_t size, int depth) {
  if (start < 0 || size < 0 || start > c->length || size > c->length - start) {
    exchange_abort("artifact_corrupt", NULL, "this artifact is damaged: column '%s' is too short", c->name);
  }
  SEXP only_r = list_get(logical, "r");
  SEXP x = read_type(r, c, logical, list_text(only_r, "storage"), start, size, depth);
  PROTECT(x);
  note_python(r, logical);
  UNPROTECT(1);
  if (list_get(only_r, "class") != R_NilValue || list_get(only_r, "tzone") != R_NilValue) {
    PROTECT(x);
    x = exchange_call("codec_finish", x, only_r, NULL);
    UNPROTECT(1);
  }
  return x;
}
