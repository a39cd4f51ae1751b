/* A command that runs beside the session, in a terminal session of its own, so that an interrupt of the session reaches it
 * only as the session decides. R's own functions cannot tell how such a process ended. */

#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <R.h>

extern char **environ;

/* Its input is empty, its output and errors go to the file `log`, and it finds the file `input` open as descriptor 3. */
static int set_files(posix_spawn_file_actions_t *files, const char *input, const char *log) {
  int failed = posix_spawn_file_actions_init(files);
  if (!failed) failed = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
  if (!failed) failed = posix_spawn_file_actions_addopen(files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (!failed) failed = posix_spawn_file_actions_adddup2(files, 1, 2);
  if (!failed) failed = posix_spawn_file_actions_addopen(files, 3, input, O_RDONLY, 0);
  return failed;
}

/* R ignores or handles signals as it needs; the command begins with none of that. */
static int set_signals(posix_spawnattr_t *attributes) {
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  int failed = posix_spawnattr_init(attributes);
  short flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  if (!failed) failed = posix_spawnattr_setflags(attributes, flags);
  if (!failed) failed = posix_spawnattr_setsigdefault(attributes, &all);
  if (!failed) failed = posix_spawnattr_setsigmask(attributes, &none);
  return failed;
}

/* Start `command` (program and arguments). Returns its pid. */
SEXP rflow_child_start(SEXP command, SEXP input, SEXP log) {
  R_xlen_t count = Rf_xlength(command);
  char **arguments = (char **)R_alloc(count + 1, sizeof(char *));
  for (R_xlen_t i = 0; i < count; i++) arguments[i] = (char *)Rf_translateChar(STRING_ELT(command, i));
  arguments[count] = NULL;
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  pid_t pid;
  int failed = set_files(&files, Rf_translateChar(STRING_ELT(input, 0)), Rf_translateChar(STRING_ELT(log, 0)));
  if (!failed) failed = set_signals(&attributes);
  if (!failed) failed = posix_spawn(&pid, arguments[0], &files, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failed) Rf_error("cannot run %s: %s", arguments[0], strerror(failed));
  return Rf_ScalarInteger((int)pid);
}

/* The exit code of a started command (128 and the signal's number for one that a signal ended), NULL while it runs, NA if
 * somebody else has taken the answer. It can be asked only once for the end. */
SEXP rflow_child_status(SEXP pid) {
  int status;
  pid_t found;
  do found = waitpid((pid_t)Rf_asInteger(pid), &status, WNOHANG);
  while (found < 0 && errno == EINTR);
  if (found == 0) return R_NilValue;
  if (found < 0) return Rf_ScalarInteger(NA_INTEGER);
  return Rf_ScalarInteger(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* Signal a started command that has not been seen to end, or its whole `group`. */
SEXP rflow_child_signal(SEXP pid, SEXP number, SEXP group) {
  pid_t target = (pid_t)Rf_asInteger(pid);
  kill(Rf_asLogical(group) ? -target : target, Rf_asInteger(number));
  return R_NilValue;
}
