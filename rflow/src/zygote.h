/* The fork server's loop and what a process does to itself: group, signals, temporary folder, end, replacement. */

#ifndef RFLOW_ZYGOTE_H
#define RFLOW_ZYGOTE_H

#include <Rinternals.h>

SEXP rflow_zygote_listen(SEXP path);
SEXP rflow_zygote_serve(SEXP control, SEXP listener);
SEXP rflow_process_group(SEXP group);
SEXP rflow_process_forget_tempdir(void);
SEXP rflow_flush(void);
SEXP rflow_process_end(SEXP status);
SEXP rflow_process_replace(SEXP command, SEXP keep);
SEXP rflow_same_object(SEXP a, SEXP b);

#endif
