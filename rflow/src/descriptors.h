/* Reading and writing at the level of file descriptors, for the R host and its fork server. */

#ifndef RFLOW_DESCRIPTORS_H
#define RFLOW_DESCRIPTORS_H

#include <Rinternals.h>

SEXP rflow_fd_read(SEXP fd);
SEXP rflow_fd_write(SEXP fd, SEXP text);
SEXP rflow_fd_ask(SEXP fd, SEXP text);
SEXP rflow_fd_pair(void);
SEXP rflow_fd_connect(SEXP path);
SEXP rflow_fd_close(SEXP fd);
SEXP rflow_fd_redirect(SEXP output, SEXP errors);
SEXP rflow_fd_keep_text(SEXP text);

#endif
