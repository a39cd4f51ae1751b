/* What a process does to itself, for the R host and run(). */

#ifndef RFLOW_PROCESS_H
#define RFLOW_PROCESS_H

#include <Rinternals.h>

SEXP rflow_process_group(SEXP group);
SEXP rflow_process_forget_tempdir(void);
SEXP rflow_process_flush(void);
SEXP rflow_process_end(SEXP status);
SEXP rflow_process_replace(SEXP command, SEXP keep);
SEXP rflow_process_interactive(SEXP flag);
SEXP rflow_process_interrupts(SEXP pid);
SEXP rflow_same_object(SEXP a, SEXP b);

#endif
