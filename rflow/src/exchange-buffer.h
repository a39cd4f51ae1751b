/* Parts that all array writers use. */
#ifndef RFLOW_EXCHANGE_BUFFER_H
#define RFLOW_EXCHANGE_BUFFER_H

#include "rflow.h"

/* The validity bitmap of an array that is being written. */
typedef struct {
  SEXP bits; /* raw vector, made at the first missing value */
  PROTECT_INDEX index;
  R_xlen_t length;
  double nulls;
} validity_t;

/* Puts one value on the protect stack; the caller unprotects it. */
void validity_begin(validity_t *v, R_xlen_t length);
void validity_clear(validity_t *v, R_xlen_t i);
/* Clears, of the eight values from `i`, a multiple of eight, those whose bits are set. */
void validity_clear_eight(validity_t *v, R_xlen_t i, uint8_t which);
/* Writes the bitmap as buffers[0], if there is one. */
void validity_write(writer_t *w, validity_t *v, SEXP buffers);

R_xlen_t chunks_length(SEXP chunks, R_xlen_t nchunks);
SEXP write_text(writer_t *w, const char *name, SEXP chunks, R_xlen_t nchunks);
SEXP write_bytes(writer_t *w, const char *name, SEXP chunks, R_xlen_t nchunks);

#endif
