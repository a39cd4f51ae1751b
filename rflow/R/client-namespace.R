#' Whose runs the client shows
#'
#' [flow_client()] and what it leads to show the runs of one namespace: those with a tag, by default `user:NAME`, your own. `NULL`
#' is the whole store. In a task it is the namespace of its run. [runs()], [tasks()] and [artifacts()] search the whole store, whatever
#' the namespace.
#'
#' @param ns The namespace (text), or `NULL` for the whole store.
#' @returns The namespace that holds now (text, or `NULL`); from the setting functions invisibly.
#' @section Errors: `rflow_error_namespace_mismatch` when something outside of the namespace is asked for by name.
#' @examples
#' if (interactive()) {
#'   get_namespace()
#'   set_namespace("user:bob")
#'   set_namespace(NULL) # everybody's runs
#'   set_default_namespace()
#' }
#' @export
get_namespace <- function() bridge_ask("namespace")

#' @rdname get_namespace
#' @export
set_namespace <- function(ns = NULL) {
  check_text(ns, "set_namespace(): `ns`", optional = TRUE)
  invisible(bridge_ask("namespace", set = ns))
}

#' @rdname get_namespace
#' @export
set_default_namespace <- function() invisible(bridge_ask("namespace", default = TRUE))

#' Where the client reads from
#'
#' @param ms A folder with a store, as `"local@/home/ann/project"` or the folder alone; `NULL`: the store of the working
#'   directory.
#' @returns Where it reads from now (text), from the setting functions invisibly.
#' @section Errors: `rflow_error_not_found` when there is no store in the folder.
#' @examples
#' if (interactive()) {
#'   get_metadata()
#'   set_metadata("local@~/project")
#'   reset_default_metadata()
#' }
#' @export
get_metadata <- function() bridge_ask("metadata")

#' @rdname get_metadata
#' @export
set_metadata <- function(ms = NULL) {
  check_text(ms, "set_metadata(): `ms`", optional = TRUE)
  invisible(bridge_ask("metadata", set = ms))
}

#' @rdname get_metadata
#' @export
reset_default_metadata <- function() set_metadata(NULL)
