/* What the C files of rflow share. Only R's own API is used: no Arrow library, no other package.
 *
 *   exchange-map.c      a file's bytes in memory
 *   exchange-layout.c   a layout (shared_spec/artifact.md, section 5) as checked columns
 *   exchange-read.c     columns -> R vectors; exchange-moments.c does decimals, dates and times
 *   altrep-*.c          vectors that stay in the mapped file
 *   exchange-tree.c     nodes and pools -> R values
 *   exchange-walk.c     R values -> nodes and pools
 *   exchange-buffer.c   R vectors -> column buffers, with their layout; exchange-text.c does text and bytes
 *   exchange-writer.c   the scratch file
 *   exchange-native.c   what is inside a value
 *   exchange-json.c     canonical JSON
 */
#ifndef RFLOW_H
#define RFLOW_H

#define R_NO_REMAP
#include <R.h>
#include <Rinternals.h>
#include <stdint.h>
#include <string.h>

/* Nested deeper than this is an error in place of a C stack that overflows. */
#define DEPTH_LIMIT 1000

/* Errors: raises the R condition of abort_rflow(message, code, hint). Never returns. */
void NORET exchange_abort(const char *code, const char *hint, const char *format, ...);
/* A function of the package's R code, called with one to three values. */
SEXP exchange_call(const char *name, SEXP a, SEXP b, SEXP c);

/* ---- bytes of a file ---- */

typedef struct {
  uint8_t *bytes;
  int64_t size;
  int users;  /* vectors that live in it */
  int mapped; /* 1: mmap, vectors may stay in it; 0: a copy, which only lives as long as the handle */
} mapping_t;

SEXP map_open(const char *path, int64_t size);
mapping_t *map_get(SEXP handle);
void map_close(SEXP handle);
/* Rf_allocVector() for a vector that is about to be filled. */
SEXP large_vector(int type, int64_t size);

/* ---- a layout's columns, checked against the file ---- */

typedef enum {
  F_NULL, F_BOOL, F_INT8, F_INT16, F_INT32, F_INT64, F_UINT8, F_UINT16, F_UINT32, F_UINT64, F_FLOAT32, F_FLOAT64,
  F_UTF8, F_BINARY, F_DATE32, F_TIME64, F_TIMESTAMP, F_DURATION, F_DECIMAL, F_STRUCT, F_LIST, F_DICTIONARY, F_UNKNOWN
} format_t;

typedef struct column {
  format_t format;
  int64_t length;
  const uint8_t *validity; /* NULL: no value is missing */
  const uint8_t *values;   /* fixed-width values, or int64 offsets of F_UTF8, F_BINARY, F_LIST */
  const uint8_t *data;     /* bytes of F_UTF8 and F_BINARY */
  int64_t per_second;      /* of F_TIME64, F_TIMESTAMP, F_DURATION */
  int scale;               /* of F_DECIMAL */
  int nchildren;
  struct column *children;
  struct column *dictionary;
  const char *name;
} column_t;

/* Allocated with R_alloc: gone when the .Call ends. */
column_t *layout_columns(SEXP layout, mapping_t *map, int *count);
SEXP list_get(SEXP list, const char *name);
const char *list_text(SEXP list, const char *name);
int64_t list_number(SEXP list, const char *name, int64_t absent);

static inline int is_present(const column_t *c, int64_t i) {
  return !c->validity || (c->validity[i >> 3] >> (i & 7)) & 1;
}

/* ---- columns -> R ---- */

typedef struct {
  SEXP handle;  /* the mapping */
  SEXP notes;   /* growing list of announcements: c(code, place, type) */
  PROTECT_INDEX notes_index;
  const char *place;
} reader_t;

/* Elements [start, start + size) of a column as an R vector of the logical type. */
SEXP column_read(reader_t *r, const column_t *c, SEXP logical, int64_t start, int64_t size, int depth);
void reader_note(reader_t *r, const char *code, SEXP logical);
void reader_begin(reader_t *r, SEXP handle);
/* Seconds in one of R's time units; 1 for anything else. */
double unit_seconds(const char *units);

/* Instants and durations: ticks, `per` of them in one unit of R's number. Writing and reading use the same arithmetic,
 * so that what is found to come back exactly does. Double is enough for ticks up to 2^53 and much faster. */
static inline double from_ticks(int64_t ticks, double per) {
  int small = ticks <= ((int64_t)1 << 53) && ticks >= -((int64_t)1 << 53);
  return small ? (double)ticks / per : (double)((long double)ticks / per);
}

static inline int64_t to_ticks(double v, double per) {
  double ticks = v * per;
  if (ticks < 4503599627370496.0 && ticks > -4503599627370496.0) return (int64_t)(ticks + (ticks < 0 ? -0.5 : 0.5));
  long double exact = (long double)v * per;
  return (int64_t)(exact + (exact < 0 ? -0.5L : 0.5L));
}

SEXP tree_read(reader_t *r, const column_t *columns, int count, SEXP pools);

int column_is_utf8(const column_t *c, int64_t start, int64_t size);

/* ---- vectors that stay in the file ---- */

void altrep_init(DllInfo *dll);
SEXP altrep_fixed(SEXP handle, int type, const void *values, R_xlen_t length);
/* Doubles, or ticks of which `per` are one (0: doubles); all of them exact in R's doubles. */
SEXP altrep_doubles(SEXP handle, const column_t *c, int64_t start, int64_t size, double per);
SEXP altrep_strings(SEXP handle, const column_t *c, int64_t start, int64_t size);
/* The column that an untouched lazy string vector reads from, else NULL. */
const column_t *altrep_strings_source(SEXP x, int64_t *start);

/* ---- R -> buffers ---- */

typedef struct {
  int fd;
  int64_t position; /* bytes written, those in `block` included */
  int filled;
  const char *place; /* what announcements name: a column */
  SEXP handle;       /* closes the file when it is collected; its protected value is the list of announcements */
  uint8_t block[1 << 16];
} writer_t;

SEXP writer_open(const char *path);
writer_t *writer_get(SEXP handle);
/* The number of bytes written; the file is closed. */
double writer_close(writer_t *w);
void writer_put(writer_t *w, const void *bytes, int64_t size);
/* The same for what is mostly shorter than 17 bytes: without a call. */
static inline void writer_put_short(writer_t *w, const char *bytes, int64_t size) {
  if (size > 16 || size > (int64_t)sizeof w->block - w->filled) {
    writer_put(w, bytes, size);
    return;
  }
  uint8_t *to = w->block + w->filled;
  if (size >= 8) {
    memcpy(to, bytes, 8);
    memcpy(to + size - 8, bytes + size - 8, 8);
  } else {
    for (int64_t i = 0; i < size; i++) to[i] = (uint8_t)bytes[i];
  }
  w->position += size;
  w->filled += (int)size;
}
/* Leaves room for `size` bytes, which writer_put_at() fills. */
void writer_skip(writer_t *w, int64_t size);
void writer_put_at(writer_t *w, double place, const void *bytes, int64_t size);
/* Begin a buffer: at a multiple of 64. Returns its offset. */
double writer_begin(writer_t *w);
/* c(offset, size) of the buffer that began at `offset` and ends here. */
SEXP writer_end(writer_t *w, double offset);
void writer_note(writer_t *w, const char *code, const char *type);

/* A layout's entry. `buffers` is a list of NULL and c(offset, size). */
SEXP layout_entry(const char *name, const char *format, double length, double nulls, SEXP buffers, SEXP children);
SEXP layout_extra(SEXP entry, const char *name, SEXP value);
/* Writes the chunks one after the other as one array of the logical type; returns its layout. */
SEXP array_write(writer_t *w, const char *name, SEXP logical, SEXP chunks, R_xlen_t nchunks, int depth);
/* The layout of a large_list with one element, the child that is already written. */
SEXP list_around(writer_t *w, const char *name, SEXP child);


SEXP json_text(SEXP value);

/* ---- .Call ---- */

SEXP rflow_layout_read(SEXP layout);
SEXP rflow_value_write(SEXP value, SEXP path);
SEXP rflow_table_write(SEXP values, SEXP names, SEXP logicals, SEXP path);
SEXP rflow_moment_fit(SEXP x, SEXP seconds, SEXP kind);
SEXP rflow_is_data(SEXP x);
SEXP rflow_holds_pointer(SEXP x);
SEXP rflow_json(SEXP value);

#endif
