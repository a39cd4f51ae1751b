/* The scratch file of a value: buffers one after the other, each at a multiple of 64 (artifact.md, section 5). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "rflow.h"

static void writer_finalize(SEXP handle) {
  writer_t *w = R_ExternalPtrAddr(handle);
  if (!w) return;
  R_ClearExternalPtr(handle);
  if (w->fd >= 0) close(w->fd);
  free(w);
}

/* A new file at `path`. One that is there is removed first, never overwritten: a value may still be mapped from it. */
SEXP writer_open(const char *path) {
  SEXP handle = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
  R_RegisterCFinalizer(handle, writer_finalize);
  writer_t *w = malloc(sizeof *w);
  if (!w) Rf_error("out of memory");
  w->position = w->filled = 0;
  w->place = "";
  w->handle = handle;
  unlink(path);
  w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (w->fd < 0) {
    int why = errno;
    free(w);
    exchange_abort("scratch_write", NULL, "cannot write the scratch file %s: %s", path, strerror(why));
  }
  R_SetExternalPtrAddr(handle, w);
  UNPROTECT(1);
  return handle;
}

writer_t *writer_get(SEXP handle) { return R_ExternalPtrAddr(handle); }

static void NORET failed(void) {
  exchange_abort("scratch_write", NULL, "cannot write the value to its scratch file: %s", strerror(errno));
}

static void put_through(writer_t *w, int64_t place, const uint8_t *bytes, int64_t size) {
  while (size > 0) {
    ssize_t done = pwrite(w->fd, bytes, size, place);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) failed();
    bytes += done;
    place += done;
    size -= done;
  }
}

/* The block ends where the file ends so far. */
static void put_block(writer_t *w) {
  int filled = w->filled;
  w->filled = 0;
  put_through(w, w->position - filled, w->block, filled);
}

void writer_put(writer_t *w, const void *bytes, int64_t size) {
  if (size > (int64_t)sizeof w->block - w->filled) put_block(w);
  if (size > (int64_t)sizeof w->block) {
    put_through(w, w->position, bytes, size);
  } else if (size > 0) {
    memcpy(w->block + w->filled, bytes, size);
    w->filled += (int)size;
  }
  w->position += size;
}

void writer_skip(writer_t *w, int64_t size) {
  put_block(w);
  w->position += size;
}

void writer_put_at(writer_t *w, double place, const void *bytes, int64_t size) {
  put_through(w, (int64_t)place, bytes, size);
}

double writer_begin(writer_t *w) {
  static const uint8_t zeros[64];
  writer_put(w, zeros, (64 - w->position % 64) % 64);
  return (double)w->position;
}

SEXP writer_end(writer_t *w, double offset) {
  SEXP place = Rf_allocVector(REALSXP, 2);
  REAL(place)[0] = offset;
  REAL(place)[1] = (double)w->position - offset;
  return place;
}

double writer_close(writer_t *w) {
  put_block(w);
  int fd = w->fd;
  w->fd = -1;
  if (close(fd) != 0) failed();
  return (double)w->position;
}

void writer_note(writer_t *w, const char *code, const char *type) {
  SEXP note = PROTECT(Rf_allocVector(STRSXP, 3));
  SET_STRING_ELT(note, 0, Rf_mkChar(code));
  SET_STRING_ELT(note, 1, Rf_mkCharCE(w->place, CE_UTF8));
  SET_STRING_ELT(note, 2, Rf_mkChar(type));
  R_SetExternalPtrProtected(w->handle, Rf_cons(note, R_ExternalPtrProtected(w->handle)));
  UNPROTECT(1);
}

/* ---- layout entries ---- */

SEXP layout_entry(const char *name, const char *format, double length, double nulls, SEXP buffers, SEXP children) {
  static const char *fields[] = {"name", "format", "length", "nulls", "buffers", "children"};
  PROTECT(buffers);
  PROTECT(children);
  SEXP entry = PROTECT(Rf_allocVector(VECSXP, 6)), names = PROTECT(Rf_allocVector(STRSXP, 6));
  for (int i = 0; i < 6; i++) SET_STRING_ELT(names, i, Rf_mkChar(fields[i]));
  SEXP text = PROTECT(Rf_allocVector(STRSXP, 1));
  SET_STRING_ELT(text, 0, Rf_mkCharCE(name, CE_UTF8));
  SET_VECTOR_ELT(entry, 0, text);
  SET_VECTOR_ELT(entry, 1, Rf_mkString(format));
  SET_VECTOR_ELT(entry, 2, Rf_ScalarReal(length));
  SET_VECTOR_ELT(entry, 3, Rf_ScalarReal(nulls));
  SET_VECTOR_ELT(entry, 4, buffers);
  SET_VECTOR_ELT(entry, 5, children == R_NilValue ? Rf_allocVector(VECSXP, 0) : children);
  Rf_setAttrib(entry, R_NamesSymbol, names);
  UNPROTECT(5);
  return entry;
}

/* The entry with one more field. */
SEXP layout_extra(SEXP entry, const char *name, SEXP value) {
  R_xlen_t n = Rf_xlength(entry);
  PROTECT(value);
  PROTECT(entry);
  SEXP longer = PROTECT(Rf_xlengthgets(entry, n + 1));
  SEXP names = PROTECT(Rf_xlengthgets(Rf_getAttrib(entry, R_NamesSymbol), n + 1));
  SET_STRING_ELT(names, n, Rf_mkChar(name));
  SET_VECTOR_ELT(longer, n, value);
  Rf_setAttrib(longer, R_NamesSymbol, names);
  UNPROTECT(4);
  return longer;
}

SEXP list_around(writer_t *w, const char *name, SEXP child) {
  PROTECT(child);
  int64_t offsets[2] = {0, (int64_t)Rf_asReal(list_get(child, "length"))};
  double offset = writer_begin(w);
  writer_put(w, offsets, sizeof offsets);
  SEXP buffers = PROTECT(Rf_allocVector(VECSXP, 2)), children = PROTECT(Rf_allocVector(VECSXP, 1));
  SET_VECTOR_ELT(buffers, 1, writer_end(w, offset));
  SET_VECTOR_ELT(children, 0, child);
  SEXP entry = layout_entry(name, "large_list", 1, 0, buffers, children);
  UNPROTECT(3);
  return entry;
}
