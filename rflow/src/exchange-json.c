/* Canonical JSON: keys sorted, no white space, UTF-8 (shared_spec/artifact.md, section 1).
 *
 * A list with names is an object, one without an array; a vector of length one is a scalar unless it is I(x), longer
 * ones are arrays; NULL and missing values are null.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "rflow.h"

typedef struct {
  SEXP bytes; /* raw vector */
  PROTECT_INDEX index;
  R_xlen_t size;
} text_t;

static void put(text_t *t, const char *s, R_xlen_t n) {
  while (t->size + n > XLENGTH(t->bytes)) {
    REPROTECT(t->bytes = Rf_xlengthgets(t->bytes, 2 * XLENGTH(t->bytes)), t->index);
  }
  memcpy(RAW(t->bytes) + t->size, s, n);
  t->size += n;
}

static void put_string(text_t *t, SEXP string) {
  const void *top = vmaxget();
  const char *s = string == NA_STRING ? "" : Rf_translateCharUTF8(string);
  put(t, "\"", 1);
  for (; *s; s++) {
    char escape[8];
    const char *at = strchr("\"\"\\\\\nn\rr\tt\bb\ff", *s);
    if ((uint8_t)*s >= 0x20 && *s != '"' && *s != '\\') put(t, s, 1);
    else if (at) {
      /* The table holds pairs: the character and its letter. */
      snprintf(escape, sizeof escape, "\\%c", *s == '"' || *s == '\\' ? *s : at[1]);
      put(t, escape, 2);
    } else {
      snprintf(escape, sizeof escape, "\\u%04x", *s);
      put(t, escape, 6);
    }
  }
  put(t, "\"", 1);
  vmaxset(top);
}

static void put_number(text_t *t, double v) {
  char text[40];
  int digits = 15;
  if (!R_FINITE(v)) {
    put(t, "null", 4);
    return;
  }
  if (v == floor(v) && fabs(v) <= 9007199254740992.0) snprintf(text, sizeof text, "%.0f", v == 0 ? 0 : v);
  else {
    do snprintf(text, sizeof text, "%.*g", digits, v);
    while (strtod(text, NULL) != v && digits++ < 17);
  }
  put(t, text, (R_xlen_t)strlen(text));
}

static void put_element(text_t *t, SEXP x, R_xlen_t i) {
  switch (TYPEOF(x)) {
  case LGLSXP: {
    int v = LOGICAL_ELT(x, i);
    if (v == NA_LOGICAL) put(t, "null", 4);
    else if (v) put(t, "true", 4);
    else put(t, "false", 5);
    return;
  }
  case INTSXP: put_number(t, INTEGER_ELT(x, i) == NA_INTEGER ? NA_REAL : INTEGER_ELT(x, i)); return;
  case REALSXP: put_number(t, REAL_ELT(x, i)); return;
  case STRSXP:
    if (STRING_ELT(x, i) == NA_STRING) put(t, "null", 4);
    else put_string(t, STRING_ELT(x, i));
    return;
  default: Rf_error("a value of type %s has no JSON", Rf_type2char(TYPEOF(x)));
  }
}

static void put_value(text_t *t, SEXP x, int depth);

static SEXP sorted_names;
static int by_name(const void *a, const void *b) {
  return strcmp(CHAR(STRING_ELT(sorted_names, *(const int *)a)), CHAR(STRING_ELT(sorted_names, *(const int *)b)));
}

static void put_object(text_t *t, SEXP x, SEXP names, int depth) {
  int n = (int)XLENGTH(x);
  int *order = (int *)R_alloc(n ? n : 1, sizeof(int));
  for (int i = 0; i < n; i++) order[i] = i;
  sorted_names = names;
  qsort(order, n, sizeof(int), by_name);
  put(t, "{", 1);
  for (int i = 0; i < n; i++) {
    if (i) put(t, ",", 1);
    put_string(t, STRING_ELT(names, order[i]));
    put(t, ":", 1);
    put_value(t, VECTOR_ELT(x, order[i]), depth + 1);
  }
  put(t, "}", 1);
}

static void put_value(text_t *t, SEXP x, int depth) {
  if (depth > DEPTH_LIMIT) Rf_error("JSON nested too deeply");
  if (x == R_NilValue) {
    put(t, "null", 4);
    return;
  }
  SEXP names = PROTECT(Rf_getAttrib(x, R_NamesSymbol));
  R_xlen_t n = Rf_xlength(x);
  if (TYPEOF(x) == VECSXP && names != R_NilValue) put_object(t, x, names, depth);
  else if (TYPEOF(x) != VECSXP && n == 1 && !Rf_inherits(x, "AsIs")) put_element(t, x, 0);
  else {
    put(t, "[", 1);
    for (R_xlen_t i = 0; i < n; i++) {
      if (i) put(t, ",", 1);
      if (TYPEOF(x) == VECSXP) put_value(t, VECTOR_ELT(x, i), depth + 1);
      else put_element(t, x, i);
    }
    put(t, "]", 1);
  }
  UNPROTECT(1);
}

SEXP json_text(SEXP value) {
  text_t t = {.size = 0};
  const void *top = vmaxget();
  PROTECT_WITH_INDEX(t.bytes = Rf_allocVector(RAWSXP, 512), &t.index);
  put_value(&t, value, 0);
  vmaxset(top);
  SEXP text = PROTECT(Rf_mkCharLenCE((const char *)RAW(t.bytes), (int)t.size, CE_UTF8));
  SEXP result = Rf_ScalarString(text);
  UNPROTECT(2);
  return result;
}

/* .Call: the text with class `json`, which jsonlite::toJSON(json_verbatim = TRUE) takes over as it is. */
SEXP rflow_json(SEXP value) {
  SEXP text = PROTECT(json_text(value)), class = PROTECT(Rf_mkString("json"));
  Rf_classgets(text, class);
  UNPROTECT(2);
  return text;
}
