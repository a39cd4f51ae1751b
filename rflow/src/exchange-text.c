/* Text and bytes -> offsets and data; the bitmap of missing values. */
#include <string.h>
#include "exchange-buffer.h"

#define BLOCK 4096

void validity_begin(validity_t *v, R_xlen_t length) {
  v->bits = R_NilValue;
  v->length = length;
  v->nulls = 0;
  PROTECT_WITH_INDEX(v->bits, &v->index);
}

static uint8_t *all_valid(validity_t *v) {
  R_xlen_t size = (v->length + 7) / 8;
  REPROTECT(v->bits = Rf_allocVector(RAWSXP, size), v->index);
  memset(RAW(v->bits), 0xFF, size);
  if (v->length % 8) RAW(v->bits)[size - 1] = (uint8_t)((1 << (v->length % 8)) - 1);
  return RAW(v->bits);
}

void validity_clear(validity_t *v, R_xlen_t i) {
  uint8_t *bits = v->bits == R_NilValue ? all_valid(v) : RAW(v->bits);
  bits[i >> 3] &= (uint8_t)~(1 << (i & 7));
  v->nulls++;
}

void validity_clear_eight(validity_t *v, R_xlen_t i, uint8_t which) {
  uint8_t *bits = v->bits == R_NilValue ? all_valid(v) : RAW(v->bits);
  bits[i >> 3] &= (uint8_t)~which;
  v->nulls += __builtin_popcount(which);
}

void validity_write(writer_t *w, validity_t *v, SEXP buffers) {
  if (v->bits == R_NilValue) return;
  double offset = writer_begin(w);
  writer_put(w, RAW(v->bits), XLENGTH(v->bits));
  SET_VECTOR_ELT(buffers, 0, writer_end(w, offset));
}

/* Elements of a chunk: a raw vector is one value, NULL (a missing list element) none. */
static R_xlen_t chunk_length(SEXP chunk) { return TYPEOF(chunk) == RAWSXP ? 1 : Rf_xlength(chunk); }

R_xlen_t chunks_length(SEXP chunks, R_xlen_t nchunks) {
  R_xlen_t length = 0;
  for (R_xlen_t i = 0; i < nchunks; i++) length += chunk_length(VECTOR_ELT(chunks, i));
  return length;
}

/* ---- text and bytes: the offsets are written beside the data ---- */

static int is_utf8(const uint8_t *s, R_xlen_t n) {
  for (R_xlen_t i = 0; i < n;) {
    uint8_t c = s[i];
    if (c < 0x80) { i++; continue; }
    int more = c >= 0xC2 && c <= 0xDF ? 1 : (c & 0xF0) == 0xE0 ? 2 : c >= 0xF0 && c <= 0xF4 ? 3 : 0;
    if (!more || i + more >= n) return 0;
    for (int j = 1; j <= more; j++) if ((s[i + j] & 0xC0) != 0x80) return 0;
    if ((c == 0xE0 && s[i + 1] < 0xA0) || (c == 0xED && s[i + 1] > 0x9F) || (c == 0xF0 && s[i + 1] < 0x90) ||
        (c == 0xF4 && s[i + 1] > 0x8F)) return 0;
    i += more + 1;
  }
  return 1;
}

static inline int is_ascii(const char *s, R_xlen_t n) {
  uint64_t word, any = 0;
  R_xlen_t i = 0;
  for (; i + 8 <= n; i += 8) {
    memcpy(&word, s + i, 8);
    any |= word;
  }
  if (i < n && n >= 8) {
    memcpy(&word, s + n - 8, 8);
    any |= word;
    i = n;
  }
  for (; i < n; i++) any |= (uint8_t)s[i];
  return (any & 0x8080808080808080u) == 0;
}

/* Are the strings [start, start + size) of a column all valid? Mostly they are ASCII, which is quickly seen. */
int column_is_utf8(const column_t *c, int64_t start, int64_t size) {
  const int64_t *offsets = (const int64_t *)c->values + start;
  if (is_ascii((const char *)c->data + offsets[0], offsets[size] - offsets[0])) return 1;
  for (int64_t i = 0; i < size; i++) {
    if (is_present(c, start + i) && !is_utf8(c->data + offsets[i], offsets[i + 1] - offsets[i])) return 0;
  }
  return 1;
}

/* The UTF-8 bytes of a string with other characters than ASCII, and their number. What is made here lives until vmaxset(). */
static const char *utf8_text(SEXP s, R_xlen_t *n) {
  const char *text = CHAR(s);
  cetype_t encoding = Rf_getCharCE(s);
  *n = XLENGTH(s);
  /* Native text is not translated: R would put <e9> where its locale has no such character. */
  if (encoding == CE_LATIN1) {
    text = Rf_translateCharUTF8(s);
    *n = (R_xlen_t)strlen(text);
  }
  if (encoding == CE_BYTES || !is_utf8((const uint8_t *)text, *n)) {
    exchange_abort("text_encoding", NULL, "a text is not valid in its encoding"); /* values_write() knows what to do */
  }
  return text;
}

/* The offsets of an array, whose place in the file lies before the data that they are counted from. */
typedef struct {
  int64_t block[BLOCK];
  int filled;
  int64_t at;
  double place;
} offsets_t;

static void offsets_flush(writer_t *w, offsets_t *o) {
  writer_put_at(w, o->place, o->block, o->filled * sizeof *o->block);
  o->place += o->filled * sizeof *o->block;
  o->filled = 0;
}

static void offsets_put(writer_t *w, offsets_t *o) {
  o->block[o->filled++] = o->at;
  if (o->filled == BLOCK) offsets_flush(w, o);
}

/* Makes room for the offsets of `length` values. Returns c(offset, size) of it. */
static SEXP offsets_begin(writer_t *w, offsets_t *o, R_xlen_t length) {
  o->filled = 0;
  o->at = 0;
  o->place = writer_begin(w);
  double begin = o->place;
  writer_skip(w, (length + 1) * (int64_t)sizeof *o->block);
  offsets_put(w, o);
  return writer_end(w, begin);
}

/* An untouched lazy vector: its offsets and bytes are copied as they are. */
static void source_text(writer_t *w, offsets_t *o, const column_t *c, int64_t start, R_xlen_t size, validity_t *valid,
                        R_xlen_t done) {
  const int64_t *in = (const int64_t *)c->values + start;
  int64_t base = o->at - in[0];
  for (R_xlen_t i = 0; i < size; i++) {
    if (!is_present(c, start + i)) validity_clear(valid, done + i);
    o->at = base + in[i + 1];
    offsets_put(w, o);
  }
  writer_put(w, c->data + in[0], in[size] - in[0]);
}

static void string_text(writer_t *w, offsets_t *o, SEXP chunk, validity_t *valid, R_xlen_t done) {
  const SEXP *strings = STRING_PTR_RO(chunk);
  R_xlen_t length = XLENGTH(chunk);
  for (R_xlen_t i = 0; i < length; i++) {
    SEXP s = strings[i];
    if (s == NA_STRING) {
      validity_clear(valid, done + i);
      offsets_put(w, o);
      continue;
    }
    const char *text = CHAR(s);
    R_xlen_t n = XLENGTH(s);
    if (is_ascii(text, n)) {
      writer_put_short(w, text, n);
    } else {
      const void *top = vmaxget();
      text = utf8_text(s, &n);
      writer_put(w, text, n);
      vmaxset(top);
    }
    o->at += n;
    offsets_put(w, o);
  }
}

SEXP write_text(writer_t *w, const char *name, SEXP chunks, R_xlen_t nchunks) {
  offsets_t o;
  validity_t valid;
  R_xlen_t done = 0, length = chunks_length(chunks, nchunks);
  SEXP buffers = PROTECT(Rf_allocVector(VECSXP, 3));
  validity_begin(&valid, length);
  SET_VECTOR_ELT(buffers, 1, offsets_begin(w, &o, length));
  double offset = writer_begin(w);
  for (R_xlen_t i = 0; i < nchunks; i++) {
    SEXP chunk = VECTOR_ELT(chunks, i);
    if (chunk == R_NilValue) continue;
    int64_t start;
    const column_t *source = altrep_strings_source(chunk, &start);
    if (source) source_text(w, &o, source, start, XLENGTH(chunk), &valid, done);
    else string_text(w, &o, chunk, &valid, done);
    done += XLENGTH(chunk);
  }
  SET_VECTOR_ELT(buffers, 2, writer_end(w, offset));
  offsets_flush(w, &o);
  validity_write(w, &valid, buffers);
  SEXP entry = layout_entry(name, "large_utf8", (double)length, valid.nulls, buffers, R_NilValue);
  UNPROTECT(2);
  return entry;
}

/* Element i of a chunk of bytes: the raw vector itself, or an element of a list. */
static SEXP bytes_element(SEXP chunk, R_xlen_t i) { return TYPEOF(chunk) == RAWSXP ? chunk : VECTOR_ELT(chunk, i); }

SEXP write_bytes(writer_t *w, const char *name, SEXP chunks, R_xlen_t nchunks) {
  offsets_t o;
  validity_t valid;
  R_xlen_t done = 0, length = chunks_length(chunks, nchunks);
  SEXP buffers = PROTECT(Rf_allocVector(VECSXP, 3));
  validity_begin(&valid, length);
  SET_VECTOR_ELT(buffers, 1, offsets_begin(w, &o, length));
  double offset = writer_begin(w);
  for (R_xlen_t i = 0; i < nchunks; i++) {
    SEXP chunk = VECTOR_ELT(chunks, i);
    R_xlen_t size = chunk_length(chunk);
    for (R_xlen_t j = 0; j < size; j++, done++) {
      SEXP bytes = bytes_element(chunk, j);
      if (bytes == R_NilValue) validity_clear(&valid, done);
      else if (Rf_xlength(bytes)) writer_put(w, RAW_RO(bytes), XLENGTH(bytes));
      o.at += Rf_xlength(bytes);
      offsets_put(w, &o);
    }
  }
  SET_VECTOR_ELT(buffers, 2, writer_end(w, offset));
  offsets_flush(w, &o);
  validity_write(w, &valid, buffers);
  SEXP entry = layout_entry(name, "large_binary", (double)length, valid.nulls, buffers, R_NilValue);
  UNPROTECT(2);
  return entry;
}
