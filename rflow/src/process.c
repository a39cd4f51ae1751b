/* What a process of the fork server does to itself: its group, temporary folder, end, and replacement. */

#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <R.h>
#include <Rembedded.h>
#include <Rinterface.h>

#include "sockets.h"

/* Join process group `group`, or lead one's own where the kernel refuses (another session). Returns the group. */
SEXP rflow_process_group(SEXP group) {
  if (setpgid(0, (pid_t)Rf_asInteger(group)) < 0) setpgid(0, 0);
  return Rf_ScalarInteger((int)getpgrp());
}

/* Make R forget its temporary folder: tempdir(check = TRUE) makes another, and only that one is removed at q(). */
SEXP rflow_process_forget_tempdir(void) {
  static char none[] = "";
  R_TempDir = none;
  return R_NilValue;
}

/* Write out what C code has printed and not flushed. FALSE if not all that was printed could be written: R does not look. */
SEXP rflow_process_flush(void) {
  fflush(NULL);
  return Rf_ScalarLogical(!ferror(stdout) && !ferror(stderr));
}

/* End this process now, without what R does at its end (exit hooks and finalizers belong to the fork server). */
SEXP rflow_process_end(SEXP status) {
  fflush(NULL);
  _exit(Rf_asInteger(status));
}

/* Replace this R process by `command` (program and arguments), with the descriptors 0, 1, 2 and `keep` open.
 * R's temporary folder is removed first, because nobody will do it afterwards. Returns only to raise an error. */
SEXP rflow_process_replace(SEXP command, SEXP keep) {
  R_xlen_t count = Rf_xlength(command);
  char **arguments = (char **)R_alloc(count + 1, sizeof(char *));
  for (R_xlen_t i = 0; i < count; i++) arguments[i] = (char *)Rf_translateChar(STRING_ELT(command, i));
  arguments[count] = NULL;
  if (access(arguments[0], X_OK) < 0) Rf_error("cannot run %s: %s", arguments[0], strerror(errno));
  fflush(NULL);
  R_CleanTempDir();
  int kept = Rf_asInteger(keep), limit = (int)sysconf(_SC_OPEN_MAX);
  for (int fd = 3; fd < (limit < 4096 ? limit : 4096); fd++)
    if (fd != kept) rflow_close_on_exec(fd);
  if (kept > 2) fcntl(kept, F_SETFD, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execv(arguments[0], arguments);
  Rf_error("cannot run %s: %s", arguments[0], strerror(errno));
}

/* Make R read what it asks for (browser(), readline()) from the terminal, with a prompt, or no longer. */
SEXP rflow_process_interactive(SEXP flag) {
  R_Interactive = Rf_asLogical(flag) ? TRUE : FALSE;
  R_NoEcho = R_Interactive ? FALSE : TRUE;
  return R_NilValue;
}

static volatile sig_atomic_t interrupts_go_to;
static struct sigaction own_interrupts;

static void pass_on(int number) {
  int saved = errno;
  if (interrupts_go_to > 0) kill((pid_t)interrupts_go_to, number);
  errno = saved;
}

/* While another process runs what the person sees, Ctrl-C is for that process and not for R. `pid`: send it on to this
 * process; 0: the terminal sends it there itself; NULL: from here on it is R's again. */
SEXP rflow_process_interrupts(SEXP pid) {
  static int diverted = 0;
  if (Rf_isNull(pid)) {
    if (diverted) sigaction(SIGINT, &own_interrupts, NULL);
    diverted = 0;
    return R_NilValue;
  }
  interrupts_go_to = Rf_asInteger(pid);
  struct sigaction action = {0};
  action.sa_handler = pass_on;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, diverted ? NULL : &own_interrupts);
  diverted = 1;
  return R_NilValue;
}

/* Are these two one object in memory? R copies what is changed, so what still is the loaded value is unchanged. */
SEXP rflow_same_object(SEXP a, SEXP b) { return Rf_ScalarLogical(a == b); }
