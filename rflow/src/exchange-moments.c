/* Columns -> R: decimals, times of day, dates, instants and durations. */
#include <stdlib.h>
#include <string.h>
#include "exchange-read.h"

/* The text of a decimal, `to` having room for 96 characters. A negative scale counts zeros before the point. */
static void decimal_text(__int128 value, int scale, char *to) {
  char digits[48];
  int n = 0, negative = value < 0;
  unsigned __int128 rest = negative ? -(unsigned __int128)value : (unsigned __int128)value;
  do {
    digits[n++] = '0' + (int)(rest % 10);
    rest /= 10;
    if (n == scale) digits[n++] = '.';
  } while (rest > 0 || n <= scale);
  if (digits[n - 1] == '.') digits[n++] = '0';
  if (negative) *to++ = '-';
  while (n > 0) *to++ = digits[--n];
  for (; value != 0 && scale < 0; scale++) *to++ = '0';
  *to = 0;
}

SEXP read_decimal(reader_t *r, const column_t *c, SEXP logical, int64_t start, int64_t size) {
  SEXP x = PROTECT(large_vector(REALSXP, size));
  int lost = 0;
  for (int64_t i = 0; i < size; i++) {
    __int128 value;
    char text[96], back[400];
    memcpy(&value, c->values + (start + i) * 16, 16);
    if (!is_present(c, start + i)) {
      REAL(x)[i] = NA_REAL;
      continue;
    }
    decimal_text(value, c->scale, text);
    REAL(x)[i] = strtod(text, NULL);
    if (strlen(text) > 15) {
      snprintf(back, sizeof back, "%.*f", c->scale > 0 ? c->scale : 0, REAL(x)[i]);
      lost |= strcmp(text, back) != 0;
    }
  }
  if (lost) reader_note(r, "decimal_precision", logical);
  UNPROTECT(1);
  return x;
}

SEXP read_time(reader_t *r, const column_t *c, SEXP logical, int64_t start, int64_t size) {
  SEXP x = PROTECT(Rf_allocVector(STRSXP, size));
  for (int64_t i = 0; i < size; i++) {
    char text[64];
    int64_t v = ((const int64_t *)c->values)[start + i], second = v / c->per_second, rest = v % c->per_second;
    int digits = c->per_second == 1000000000 ? 9 : c->per_second == 1000000 ? 6 : 3;
    int n = snprintf(text, sizeof text, "%02d:%02d:%02d", (int)(second / 3600), (int)(second / 60 % 60),
                     (int)(second % 60));
    if (rest) snprintf(text + n, sizeof text - n, ".%0*d", digits, (int)rest);
    SET_STRING_ELT(x, i, is_present(c, start + i) ? Rf_mkChar(text) : NA_STRING);
  }
  if (size) reader_note(r, "time_as_text", logical);
  UNPROTECT(1);
  return x;
}

double unit_seconds(const char *units) {
  static const struct { const char *name; double seconds; } UNITS[] = {
    {"mins", 60}, {"hours", 3600}, {"days", 86400}, {"weeks", 604800}};
  for (int i = 0; units && i < 4; i++) {
    if (strcmp(units, UNITS[i].name) == 0) return UNITS[i].seconds;
  }
  return 1;
}

/* Dates, instants and durations: numbers that count days, seconds or `units`, integer if R had them so. */
static SEXP read_moments(reader_t *r, const column_t *c, SEXP logical, const char *storage, int64_t start,
                         int64_t size) {
  int days = c->format == F_DATE32, whole = storage && strcmp(storage, "integer") == 0, lost = 0;
  double per = days ? 1 : (double)c->per_second * unit_seconds(list_text(logical, "units"));
  /* Such ticks are exact as doubles and come back. */
  if (!days && !whole && c->per_second != 1000000000 && !longs_beyond(c, start, size)) {
    return altrep_doubles(r->handle, c, start, size, per);
  }
  SEXP x = PROTECT(large_vector(whole ? INTSXP : REALSXP, size));
  if (days && whole) CONVERT(int32_t, INTEGER(x), v)
  else if (days) CONVERT(int32_t, REAL(x), v)
  else if (whole) CONVERT(int64_t, INTEGER(x), (int)(v / (int64_t)per))
  else {
    const int64_t *in = (const int64_t *)c->values + start;
    double *out = REAL(x);
    int fine = c->per_second == 1000000000;
    for (int64_t i = 0; i < size; i++) {
      out[i] = from_ticks(in[i], per);
      if (fine || in[i] > WHOLE_LIMIT || in[i] < -WHOLE_LIMIT) {
        lost |= to_ticks(out[i], per) != in[i] && is_present(c, start + i);
      }
    }
  }
  if (whole) EACH_MISSING(c, start, size, i, INTEGER(x)[i] = NA_INTEGER)
  else EACH_MISSING(c, start, size, i, REAL(x)[i] = NA_REAL)
  if (lost) reader_note(r, "timestamp_precision", logical);
  UNPROTECT(1);
  return x;
}

SEXP read_date(reader_t *r, const column_t *c, SEXP logical, const char *storage, int64_t start, int64_t size) {
  SEXP x = PROTECT(read_moments(r, c, logical, storage, start, size));
  set_class(x, "Date", NULL);
  UNPROTECT(1);
  return x;
}

SEXP read_timestamp(reader_t *r, const column_t *c, SEXP logical, const char *storage, int64_t start, int64_t size) {
  SEXP x = PROTECT(read_moments(r, c, logical, storage, start, size));
  const char *tz = list_text(logical, "tz");
  set_class(x, "POSIXct", "POSIXt");
  if (!tz || *tz) {
    SEXP zone = PROTECT(Rf_mkString(tz ? tz : "UTC"));
    Rf_setAttrib(x, Rf_install("tzone"), zone);
    UNPROTECT(1);
  }
  UNPROTECT(1);
  return x;
}

SEXP read_duration(reader_t *r, const column_t *c, SEXP logical, const char *storage, int64_t start, int64_t size) {
  SEXP x = PROTECT(read_moments(r, c, logical, storage, start, size));
  const char *units = list_text(logical, "units");
  SEXP text = PROTECT(Rf_mkString(units ? units : "secs"));
  set_class(x, "difftime", NULL);
  Rf_setAttrib(x, Rf_install("units"), text);
  UNPROTECT(2);
  return x;
}
