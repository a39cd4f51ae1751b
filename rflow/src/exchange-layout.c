/* A layout (shared_spec/artifact.md, section 5) as columns whose every buffer lies inside the file.
 *
 * After these checks readers need none: lengths fit the buffers, offsets rise and stay inside their data, children are
 * long enough. What may come from a hostile layout ends here with `layout_invalid`.
 */
#include <string.h>
#include "rflow.h"

/* No array can be longer: only the `null` format needs no bytes for its length. */
#define LENGTH_LIMIT ((int64_t)1 << 40)

static const struct { const char *name; format_t format; int width; } FORMATS[] = {
  {"null", F_NULL, 0}, {"bool", F_BOOL, 0}, {"int8", F_INT8, 1}, {"int16", F_INT16, 2}, {"int32", F_INT32, 4},
  {"int64", F_INT64, 8}, {"uint8", F_UINT8, 1}, {"uint16", F_UINT16, 2}, {"uint32", F_UINT32, 4},
  {"uint64", F_UINT64, 8}, {"float32", F_FLOAT32, 4}, {"float64", F_FLOAT64, 8}, {"large_utf8", F_UTF8, 8},
  {"large_binary", F_BINARY, 8}, {"date32", F_DATE32, 4}, {"time64", F_TIME64, 8}, {"timestamp", F_TIMESTAMP, 8},
  {"duration", F_DURATION, 8}, {"decimal128", F_DECIMAL, 16}, {"struct", F_STRUCT, 0}, {"large_list", F_LIST, 8},
  {"dictionary", F_DICTIONARY, 4}};

static const uint64_t NOTHING[4];

static void NORET invalid(const char *name, const char *what) {
  exchange_abort("layout_invalid", NULL, "the layout is not valid: column '%s': %s", name, what);
}

SEXP list_get(SEXP list, const char *name) {
  if (TYPEOF(list) != VECSXP) return R_NilValue;
  SEXP names = Rf_getAttrib(list, R_NamesSymbol);
  if (TYPEOF(names) != STRSXP) return R_NilValue;
  for (R_xlen_t i = 0; i < Rf_xlength(list); i++) {
    if (strcmp(CHAR(STRING_ELT(names, i)), name) == 0) return VECTOR_ELT(list, i);
  }
  return R_NilValue;
}

const char *list_text(SEXP list, const char *name) {
  SEXP found = list_get(list, name);
  if (TYPEOF(found) != STRSXP || Rf_xlength(found) != 1 || STRING_ELT(found, 0) == NA_STRING) return NULL;
  return CHAR(STRING_ELT(found, 0));
}

/* A whole number up to 2^53, else -1. */
static int64_t whole(SEXP value, R_xlen_t at) {
  if (TYPEOF(value) == VECSXP) {
    if (at >= Rf_xlength(value)) return -1;
    value = VECTOR_ELT(value, at);
    at = 0;
  }
  if ((TYPEOF(value) != INTSXP && TYPEOF(value) != REALSXP) || at >= Rf_xlength(value)) return -1;
  double number = TYPEOF(value) == INTSXP ? (double)INTEGER_ELT(value, at) : REAL_ELT(value, at);
  if (!(number >= 0 && number <= 9007199254740992.0) || number != (double)(int64_t)number) return -1;
  return (int64_t)number;
}

int64_t list_number(SEXP list, const char *name, int64_t absent) {
  SEXP found = list_get(list, name);
  return found == R_NilValue ? absent : whole(found, 0);
}

/* Buffer `at` of a column; NULL when the layout has null there. */
static const uint8_t *buffer_at(SEXP layout, mapping_t *map, int at, const char *name, int64_t *size) {
  SEXP buffers = list_get(layout, "buffers");
  *size = 0;
  if (TYPEOF(buffers) != VECSXP || at >= Rf_xlength(buffers)) return NULL;
  SEXP buffer = VECTOR_ELT(buffers, at);
  if (buffer == R_NilValue) return NULL;
  int64_t offset = whole(buffer, 0), length = whole(buffer, 1);
  if (Rf_xlength(buffer) != 2 || offset < 0 || length < 0 || offset > map->size || length > map->size - offset) {
    invalid(name, "a buffer lies outside of the file");
  }
  if (offset % 8 != 0) invalid(name, "a buffer does not begin at a multiple of 8");
  *size = length;
  return map->bytes + offset;
}

static void read_offsets(column_t *c, int64_t limit) {
  const int64_t *offsets = (const int64_t *)c->values;
  if (offsets[0] < 0 || offsets[c->length] > limit) invalid(c->name, "offsets point outside of the data");
  int falls = 0;
  for (int64_t i = 0; i < c->length; i++) falls |= offsets[i + 1] < offsets[i];
  if (falls) invalid(c->name, "offsets fall");
}

static void read_buffers(column_t *c, SEXP layout, mapping_t *map, int width) {
  int64_t size;
  c->validity = buffer_at(layout, map, 0, c->name, &size);
  int64_t nulls = list_number(layout, "nulls", 0);
  if (nulls < 0 || nulls > c->length) invalid(c->name, "the null count is wrong");
  if (nulls == 0) c->validity = NULL;
  else if (c->format != F_NULL && (!c->validity || size < (c->length + 7) / 8)) {
    invalid(c->name, "the validity buffer is missing or too short");
  }
  if (c->format == F_NULL || c->format == F_STRUCT) return;
  c->values = buffer_at(layout, map, 1, c->name, &size);
  int has_offsets = c->format == F_UTF8 || c->format == F_BINARY || c->format == F_LIST;
  int64_t needed = c->format == F_BOOL ? (c->length + 7) / 8 : (c->length + has_offsets) * width;
  if (c->length == 0 && size < needed) c->values = (const uint8_t *)NOTHING;
  else if (size < needed || !c->values) invalid(c->name, "the values buffer is missing or too short");
  if (c->format == F_UTF8 || c->format == F_BINARY) {
    c->data = buffer_at(layout, map, 2, c->name, &size);
    read_offsets(c, size);
    if (!c->data) c->data = (const uint8_t *)NOTHING;
  }
}

static void read_unit(column_t *c, SEXP layout) {
  const char *unit = list_text(layout, "unit");
  if (!unit) unit = "";
  if (strcmp(unit, "s") == 0) c->per_second = 1;
  else if (strcmp(unit, "ms") == 0) c->per_second = 1000;
  else if (strcmp(unit, "us") == 0) c->per_second = 1000000;
  else if (strcmp(unit, "ns") == 0) c->per_second = 1000000000;
  else invalid(c->name, "the unit is not one of s, ms, us, ns");
}

static void read_column(column_t *c, SEXP layout, mapping_t *map, int depth);

static void read_children(column_t *c, SEXP layout, mapping_t *map, int depth) {
  SEXP children = list_get(layout, "children");
  R_xlen_t count = TYPEOF(children) == VECSXP ? Rf_xlength(children) : 0;
  if (count > 100000) invalid(c->name, "too many children");
  c->nchildren = (int)count;
  c->children = (column_t *)R_alloc(count ? count : 1, sizeof(column_t));
  for (int i = 0; i < c->nchildren; i++) read_column(c->children + i, VECTOR_ELT(children, i), map, depth + 1);
  if (c->format == F_LIST) {
    if (count != 1) invalid(c->name, "a list has exactly one child");
    read_offsets(c, c->children[0].length);
  }
  for (int i = 0; i < c->nchildren && c->format == F_STRUCT; i++) {
    if (c->children[i].length != c->length) invalid(c->name, "a struct's child has another length");
  }
}

static void read_column(column_t *c, SEXP layout, mapping_t *map, int depth) {
  memset(c, 0, sizeof *c);
  c->name = list_text(layout, "name");
  if (!c->name) c->name = "";
  if (depth > 64) invalid(c->name, "nested too deeply");
  const char *format = list_text(layout, "format");
  int width = 0;
  c->format = F_UNKNOWN;
  for (size_t i = 0; format && i < sizeof FORMATS / sizeof *FORMATS; i++) {
    if (strcmp(format, FORMATS[i].name) == 0) {
      c->format = FORMATS[i].format;
      width = FORMATS[i].width;
    }
  }
  if (c->format == F_UNKNOWN) invalid(c->name, "the format is unknown");
  c->length = list_number(layout, "length", -1);
  if (c->length < 0 || c->length > LENGTH_LIMIT) invalid(c->name, "the length is wrong");
  read_buffers(c, layout, map, width);
  if (c->format == F_TIME64 || c->format == F_TIMESTAMP || c->format == F_DURATION) read_unit(c, layout);
  if (c->format == F_DECIMAL) {
    double scale = Rf_asReal(list_get(layout, "scale"));
    if (!(scale >= -38 && scale <= 38)) invalid(c->name, "the scale is not between -38 and 38");
    c->scale = (int)scale;
  }
  if (c->format == F_STRUCT || c->format == F_LIST) read_children(c, layout, map, depth);
  if (c->format == F_DICTIONARY) {
    c->dictionary = (column_t *)R_alloc(1, sizeof(column_t));
    SEXP dictionary = list_get(layout, "dictionary");
    if (dictionary == R_NilValue) invalid(c->name, "the dictionary is missing");
    read_column(c->dictionary, dictionary, map, depth + 1);
  }
}

column_t *layout_columns(SEXP layout, mapping_t *map, int *count) {
  SEXP columns = list_get(layout, "columns");
  if (TYPEOF(columns) != VECSXP || Rf_xlength(columns) > 10000000) invalid("", "there is no list of columns");
  *count = (int)Rf_xlength(columns);
  column_t *found = (column_t *)R_alloc(*count ? *count : 1, sizeof(column_t));
  for (int i = 0; i < *count; i++) read_column(found + i, VECTOR_ELT(columns, i), map, 0);
  return found;
}
