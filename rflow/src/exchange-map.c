/* A file's bytes in memory.
 *
 * Large files are mapped privately and writable: a vector whose memory is the map may be changed by R code like any
 * other; the kernel then copies the page that is written to, and the file never changes. Small files are copied,
 * because a mapping each for tens of thousands of scalars would reach the kernel's limit.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rflow.h"

#define MAP_FROM (64 * 1024)

SEXP exchange_call(const char *name, SEXP a, SEXP b, SEXP c) {
  SEXP package = PROTECT(Rf_mkString("rflow"));
  SEXP namespace = PROTECT(R_FindNamespace(package));
  SEXP call = PROTECT(Rf_allocVector(LANGSXP, 1 + (a != NULL) + (b != NULL) + (c != NULL)));
  SEXP values[] = {a, b, c}, cell = CDR(call);
  SETCAR(call, Rf_install(name));
  for (int i = 0; cell != R_NilValue; i++, cell = CDR(cell)) {
    /* A language object as an argument would be evaluated. */
    int quote = TYPEOF(values[i]) == LANGSXP || TYPEOF(values[i]) == SYMSXP || TYPEOF(values[i]) == PROMSXP;
    SETCAR(cell, quote ? Rf_lang2(R_QuoteSymbol, values[i]) : values[i]);
  }
  SEXP result = Rf_eval(call, namespace);
  UNPROTECT(3);
  return result;
}

void NORET exchange_abort(const char *code, const char *hint, const char *format, ...) {
  char message[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  SEXP text = PROTECT(Rf_allocVector(STRSXP, 1));
  SET_STRING_ELT(text, 0, Rf_mkCharCE(message, CE_UTF8));
  SEXP name = PROTECT(Rf_mkString(code)), advice = PROTECT(hint ? Rf_mkString(hint) : R_NilValue);
  exchange_call("abort_rflow", text, name, advice);
  Rf_error("%s", message); /* not reached: abort_rflow() does not return */
}

static void map_free(mapping_t *map) {
  if (map->mapped) munmap(map->bytes, map->size);
  else free(map->bytes);
  free(map);
}

static void map_finalize(SEXP handle) { map_close(handle); }

void map_close(SEXP handle) {
  mapping_t *map = R_ExternalPtrAddr(handle);
  if (!map) return;
  R_ClearExternalPtr(handle);
  map_free(map);
}

mapping_t *map_get(SEXP handle) { return R_ExternalPtrAddr(handle); }

/* From this size a vector is worth large pages. */
#define LARGE (4 * 1024 * 1024)

SEXP large_vector(int type, int64_t size) {
  SEXP x = Rf_allocVector(type, size);
#ifdef MADV_HUGEPAGE
  /* All of it will be written: in large pages the kernel brings it five times as fast. Where it has none, nothing is
   * lost. */
  int64_t width = type == INTSXP || type == LGLSXP ? 4 : type == CPLXSXP ? 16 : 8;
  if (size * width >= LARGE) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = ((uintptr_t)DATAPTR(x) + page - 1) & ~(page - 1);
    madvise((void *)from, (size_t)((uintptr_t)DATAPTR(x) + size * width - from) & ~(page - 1), MADV_HUGEPAGE);
  }
#endif
  return x;
}

static int read_all(int fd, uint8_t *to, int64_t size) {
  while (size > 0) {
    ssize_t got = read(fd, to, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    to += got;
    size -= got;
  }
  return 1;
}

static int map_fill(mapping_t *map, int fd) {
  map->mapped = map->size >= MAP_FROM;
  if (map->mapped) {
    void *at = mmap(NULL, map->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
    map->bytes = at == MAP_FAILED ? NULL : at;
    return map->bytes != NULL;
  }
  map->bytes = malloc(map->size ? map->size : 1);
  return map->bytes && read_all(fd, map->bytes, map->size);
}

/* The bytes of the file at `path`, which must have `size` bytes, behind an external pointer. */
SEXP map_open(const char *path, int64_t size) {
  mapping_t *map = calloc(1, sizeof *map);
  SEXP handle = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
  R_RegisterCFinalizer(handle, map_finalize);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (!map || fd < 0) {
    int why = errno;
    free(map);
    exchange_abort("layout_invalid", NULL, "cannot open %s: %s", path, strerror(why));
  }
  struct stat info;
  const char *wrong = NULL;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) wrong = "it is not a file";
  else if (info.st_size != size) wrong = "it has not the size that the layout says";
  map->size = size;
  if (!wrong && !map_fill(map, fd)) wrong = strerror(errno);
  close(fd);
  if (wrong) {
    free(map);
    exchange_abort("layout_invalid", NULL, "cannot read %s: %s", path, wrong);
  }
  R_SetExternalPtrAddr(handle, map);
  UNPROTECT(1);
  return handle;
}
