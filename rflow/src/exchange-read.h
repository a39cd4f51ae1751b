/* What the readers of columns share. Values are converted as if none were missing, then the missing ones are set. */
#ifndef RFLOW_EXCHANGE_READ_H
#define RFLOW_EXCHANGE_READ_H

#include "rflow.h"

/* Runs `body` for every i in [0, size) whose value start + i is missing. 64 values at a time: most are all there. */
#define EACH_MISSING(c, start, size, i, body)                                                        \
  {                                                                                                  \
    for (int64_t i = 0; (c)->validity && i < (size);) {                                              \
      int64_t bit_ = (start) + i, from_ = i;                                                         \
      if (!(bit_ & 7) && i + 64 <= (size)) {                                                         \
        uint64_t word_;                                                                              \
        memcpy(&word_, (c)->validity + (bit_ >> 3), 8);                                              \
        for (word_ = ~word_; word_; word_ &= word_ - 1) {                                            \
          i = from_ + __builtin_ctzll(word_);                                                        \
          body;                                                                                      \
        }                                                                                            \
        i = from_ + 64;                                                                              \
      } else {                                                                                       \
        if (!is_present((c), bit_)) { body; }                                                        \
        i++;                                                                                         \
      }                                                                                              \
    }                                                                                                \
  }

#define CONVERT(T, out, expression)                                                                  \
  {                                                                                                  \
    const T *in_ = (const T *)c->values + start;                                                     \
    for (int64_t i = 0; i < size; i++) {                                                             \
      T v = in_[i];                                                                                  \
      (out)[i] = (expression);                                                                       \
    }                                                                                                \
  }

/* Beyond this, integers have no exact double. */
#define WHOLE_LIMIT ((int64_t)1 << 53)

/* Is an int64 that is not missing beyond WHOLE_LIMIT? */
int longs_beyond(const column_t *c, int64_t start, int64_t size);
void set_class(SEXP x, const char *first, const char *second);
SEXP read_decimal(reader_t *r, const column_t *c, SEXP logical, int64_t start, int64_t size);
SEXP read_time(reader_t *r, const column_t *c, SEXP logical, int64_t start, int64_t size);
/* `storage` is "integer" if R held whole numbers, else NULL. */
SEXP read_date(reader_t *r, const column_t *c, SEXP logical, const char *storage, int64_t start, int64_t size);
SEXP read_timestamp(reader_t *r, const column_t *c, SEXP logical, const char *storage, int64_t start, int64_t size);
SEXP read_duration(reader_t *r, const column_t *c, SEXP logical, const char *storage, int64_t start, int64_t size);

#endif
