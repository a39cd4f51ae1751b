/* A command that runs beside the session. */

#ifndef RFLOW_CHILD_H
#define RFLOW_CHILD_H

#include <Rinternals.h>

SEXP rflow_child_start(SEXP command, SEXP input, SEXP log);
SEXP rflow_child_status(SEXP pid);
SEXP rflow_child_signal(SEXP pid, SEXP number, SEXP group);

#endif
