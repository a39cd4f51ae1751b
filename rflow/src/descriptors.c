/* Descriptors: JSON lines over a socket, redirection of standard output and error, texts kept open across exec.
 *
 * Nothing here looks at what is written. A wait for an answer is not interrupted (SIGINT stays pending in R until the
 * answer is there), because half an exchange would put all later ones out of step.
 */

#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <R.h>

#include "sockets.h"

#define CHUNK 65536

/* Up to `size` bytes, but not beyond the first line feed. 0 is the end of the stream, -1 an error.
 * A socket is looked at before it is read; a pipe, which cannot be, is read byte by byte. */
static ssize_t read_some(int fd, char *buffer, size_t size) {
  ssize_t n;
  do n = recv(fd, buffer, size, MSG_PEEK);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == ENOTSOCK) {
    do n = read(fd, buffer, 1);
    while (n < 0 && errno == EINTR);
    return n;
  }
  if (n <= 0) return n;
  char *end = memchr(buffer, '\n', n);
  size_t wanted = end ? (size_t)(end - buffer) + 1 : (size_t)n;
  do n = recv(fd, buffer, wanted, 0);
  while (n < 0 && errno == EINTR);
  return n;
}

/* The next line without its line feed, or R's NULL at the end of the stream. */
static SEXP read_line(int fd) {
  size_t capacity = CHUNK, length = 0;
  SEXP raw = PROTECT(Rf_allocVector(RAWSXP, capacity));
  for (;;) {
    if (capacity - length < CHUNK) {
      capacity *= 2;
      SEXP larger = Rf_allocVector(RAWSXP, capacity);
      memcpy(RAW(larger), RAW(raw), length);
      UNPROTECT(1);
      raw = PROTECT(larger);
    }
    ssize_t n = read_some(fd, (char *)RAW(raw) + length, capacity - length);
    if (n <= 0) {
      UNPROTECT(1);
      return R_NilValue;
    }
    length += n;
    if (RAW(raw)[length - 1] == '\n') break;
  }
  SEXP line = Rf_ScalarString(Rf_mkCharLenCE((char *)RAW(raw), (int)length - 1, CE_UTF8));
  UNPROTECT(1);
  return line;
}

static int write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
    if (n < 0 && errno == ENOTSOCK) n = write(fd, bytes, length);
    if (n < 0) {
      if (errno == EINTR) continue;
      return 0;
    }
    bytes += n;
    length -= n;
  }
  return 1;
}

/* Line and line feed go out in one piece, so that lines of two processes on one socket never mix. */
static int write_line(int fd, SEXP text) {
  const char *utf8 = Rf_translateCharUTF8(STRING_ELT(text, 0));
  size_t length = strlen(utf8);
  char *line = R_alloc(length + 1, 1);
  memcpy(line, utf8, length);
  line[length] = '\n';
  return write_all(fd, line, length + 1);
}

SEXP rflow_fd_read(SEXP fd) { return read_line(Rf_asInteger(fd)); }

/* TRUE, or FALSE when the other side is gone. */
SEXP rflow_fd_write(SEXP fd, SEXP text) { return Rf_ScalarLogical(write_line(Rf_asInteger(fd), text)); }

/* Write a line and read the answer, in one call so that no interrupt comes between. NULL: the other side is gone. */
SEXP rflow_fd_ask(SEXP fd, SEXP text) {
  if (!write_line(Rf_asInteger(fd), text)) return R_NilValue;
  return read_line(Rf_asInteger(fd));
}

/* Two connected sockets, closed on exec. */
SEXP rflow_fd_pair(void) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) Rf_error("cannot make a socket pair: %s", strerror(errno));
  SEXP pair = PROTECT(Rf_allocVector(INTSXP, 2));
  for (int i = 0; i < 2; i++) {
    rflow_close_on_exec(ends[i]);
    INTEGER(pair)[i] = ends[i];
  }
  UNPROTECT(1);
  return pair;
}

/* A socket connected to the Unix socket at `path`. */
SEXP rflow_fd_connect(SEXP path) {
  struct sockaddr_un address;
  rflow_unix_address(&address, Rf_translateChar(STRING_ELT(path, 0)));
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) Rf_error("cannot make a socket: %s", strerror(errno));
  rflow_close_on_exec(fd);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    int reason = errno;
    close(fd);
    Rf_error("cannot connect to %s: %s", address.sun_path, strerror(reason));
  }
  return Rf_ScalarInteger(fd);
}

SEXP rflow_fd_close(SEXP fd) { return Rf_ScalarLogical(close(Rf_asInteger(fd)) == 0); }

static void replace_descriptor(int target, const char *path, int flags) {
  int fd = open(path, flags, 0644);
  if (fd < 0) Rf_error("cannot open %s: %s", path, strerror(errno));
  if (fd != target) {
    dup2(fd, target);
    close(fd);
  }
}

/* Make two files, written at their ends, this process's standard output and error, and nothing its input. */
SEXP rflow_fd_redirect(SEXP output, SEXP errors) {
  fflush(NULL);
  replace_descriptor(0, "/dev/null", O_RDONLY);
  replace_descriptor(1, Rf_translateChar(STRING_ELT(output, 0)), O_WRONLY | O_CREAT | O_APPEND);
  replace_descriptor(2, Rf_translateChar(STRING_ELT(errors, 0)), O_WRONLY | O_CREAT | O_APPEND);
  setvbuf(stdout, NULL, _IOLBF, 0); /* what C code prints must reach the log while the task runs, too */
  return R_NilValue;
}

/* A descriptor of an unnamed file that holds `text`, at its beginning, and that stays open across exec. */
SEXP rflow_fd_keep_text(SEXP text) {
  const char *utf8 = Rf_translateCharUTF8(STRING_ELT(text, 0));
  FILE *file = tmpfile();
  if (!file) Rf_error("cannot make a temporary file: %s", strerror(errno));
  int fd = dup(fileno(file)); /* a duplicate is not closed on exec */
  fclose(file);
  if (fd < 0 || !write_all(fd, utf8, strlen(utf8)) || lseek(fd, 0, SEEK_SET) < 0)
    Rf_error("cannot write a temporary file: %s", strerror(errno));
  return Rf_ScalarInteger(fd);
}
