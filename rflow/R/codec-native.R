# Objects in a language's own serialization, and proxies of those of another language (artifact.md, section 4).

preview_limit <- 1000L

# An R object as a native node. It is refused if no file can hold it.
native_node <- function(x) {
  if (inherits(x, c("connection", "rflow_self", "rflow_inputs"))) refuse(x)
  if (!keeps_pointers(x) && .Call(rflow_holds_pointer, x)) refuse(x)
  bytes <- serialize(x, NULL, xdr = TRUE, version = 3L)
  attr <- list(
    language = "r", class = as.list(class(x)), size = as.numeric(utils::object.size(x)), preview = native_preview(x),
    version = paste(R.version$major, R.version$minor, sep = ".")
  )
  new_leaf("native", list(type = "bytes"), bytes, attr)
}

# Classes that make their pointer anew after they were read.
keeps_pointers <- function(x) inherits(x, c("data.table", "xgb.Booster"))

refuse <- function(x) {
  what <- if (inherits(x, "connection")) "a connection" else paste0("an object of class ", class(x)[[1]])
  abort_rflow(
    paste0(
      "The value is or holds ", what, ", which lives only in this process: another step cannot read it from a file."
    ),
    "artifact_unsupported",
    paste(
      "Make it anew in each step that needs it, or store what it is made from (a path, text, raw bytes, a data frame);",
      "a name that begins with __ is private to the step and not kept."
    )
  )
}

# The object printed (or its structure), at most 1000 characters. Printing is the class's own code: whatever it does
# wrong must not stop a step.
native_preview <- function(x) {
  old <- options(max.print = 100L, width = 80L, cli.num_colors = 1L)
  on.exit(options(old))
  show <- function(shown) paste(utils::capture.output(shown), collapse = "\n")
  text <- tryCatch(show(print(x)), error = \(cnd) tryCatch(show(utils::str(x, give.attr = FALSE)), error = \(cnd) ""))
  substr(iconv(enc2utf8(text), "UTF-8", "UTF-8", sub = "?"), 1L, preview_limit)
}

restore_native <- function(bytes, attr) {
  if (identical(attr$language, "r")) return(open_native(bytes, attr))
  structure(
    class = "rflow_native_proxy",
    list(
      language = attr$language, class = unlist(attr$class), size = attr$size, preview = attr$preview,
      version = attr$version, bytes = bytes
    )
  )
}

# An object of R. What it needs (a package's namespace, for one) may be missing here.
open_native <- function(bytes, attr) {
  tryCatch(unserialize(bytes), error = function(cnd) {
    abort_rflow(
      paste0("The object of class ", paste(attr$class, collapse = ", "), " cannot be opened: ", conditionMessage(cnd)),
      "native_unreadable", "Install the package that it is made with."
    )
  })
}

# The node that the proxy came from, byte for byte.
proxy_node <- function(x) {
  attr <- list(language = x$language, class = as.list(x$class), size = x$size, preview = x$preview, version = x$version)
  new_leaf("native", list(type = "bytes"), x$bytes, attr)
}

#' @export
print.rflow_native_proxy <- function(x, ...) {
  cli::cat_line(format(x))
  invisible(x)
}

#' @export
format.rflow_native_proxy <- function(x, ...) {
  c(
    paste0(
      "<", language_name(x$language), " object ", paste(x$class, collapse = ", "), ", ", format_bytes(x$size),
      ", made by ", language_name(x$language), " ", x$version, ">"
    ),
    if (length(x$preview) && nzchar(x$preview)) x$preview,
    "It can be passed on from here, and used in a step of its own language."
  )
}

format_bytes <- function(size) format(structure(size, class = "object_size"), units = "auto", standard = "SI")
