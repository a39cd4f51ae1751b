/* Registration of everything that R calls. */
#include "child.h"
#include "descriptors.h"
#include "process.h"
#include "rflow.h"
#include "zygote.h"
#include <R_ext/Rdynload.h>

#define CALL(name, n) {#name, (DL_FUNC)&name, n}

static const R_CallMethodDef calls[] = {
  /* values: exchange-*.c */
  CALL(rflow_layout_read, 1),
  CALL(rflow_value_write, 2),
  CALL(rflow_table_write, 4),
  CALL(rflow_moment_fit, 3),
  CALL(rflow_is_data, 1),
  CALL(rflow_holds_pointer, 1),
  CALL(rflow_json, 1),
  /* conversation: descriptors.c */
  CALL(rflow_fd_read, 1),
  CALL(rflow_fd_write, 2),
  CALL(rflow_fd_ask, 2),
  CALL(rflow_fd_pair, 0),
  CALL(rflow_fd_connect, 1),
  CALL(rflow_fd_close, 1),
  CALL(rflow_fd_redirect, 2),
  CALL(rflow_fd_keep_text, 1),
  /* processes: zygote.c */
  CALL(rflow_zygote_listen, 1),
  CALL(rflow_zygote_serve, 2),
  CALL(rflow_process_group, 1),
  CALL(rflow_process_forget_tempdir, 0),
  CALL(rflow_process_end, 1),
  CALL(rflow_process_replace, 2),
  CALL(rflow_process_interactive, 1),
  CALL(rflow_process_interrupts, 1),
  CALL(rflow_same_object, 2),
  CALL(rflow_process_flush, 0),
  /* commands beside the session: child.c */
  CALL(rflow_child_start, 3),
  CALL(rflow_child_status, 1),
  CALL(rflow_child_signal, 3),
  {NULL, NULL, 0}};

void R_init_rflow(DllInfo *dll) {
  R_registerRoutines(dll, NULL, calls, NULL, NULL);
  R_useDynamicSymbols(dll, FALSE);
  altrep_init(dll);
}
