/* The fork server's loop. */

#ifndef RFLOW_ZYGOTE_H
#define RFLOW_ZYGOTE_H

#include <Rinternals.h>

SEXP rflow_zygote_listen(SEXP path);
SEXP rflow_zygote_serve(SEXP control, SEXP listener);

#endif
