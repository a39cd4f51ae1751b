/* Registration of everything that R calls. */
#include <R_ext/Rdynload.h>
#include "rflow.h"

#define CALL(name, n) {#name, (DL_FUNC)&name, n}

static const R_CallMethodDef calls[] = {
  CALL(rflow_layout_read, 1),
  CALL(rflow_value_write, 2),
  CALL(rflow_table_write, 4),
  CALL(rflow_moment_fit, 3),
  CALL(rflow_is_data, 1),
  CALL(rflow_holds_pointer, 1),
  CALL(rflow_json, 1),
  {NULL, NULL, 0}};

void R_init_rflow(DllInfo *dll) {
  R_registerRoutines(dll, NULL, calls, NULL, NULL);
  R_useDynamicSymbols(dll, FALSE);
  altrep_init(dll);
}
