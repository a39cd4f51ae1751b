# Objects of another language: proxies that show what they are and are opened only on request (artifact.md, section 4).

restore_native <- function(bytes, attr) {
  if (identical(attr$language, "r")) return(unserialize_native(bytes, attr))
  structure(
    class = "rflow_native_proxy",
    list(
      language = attr$language, class = unlist(attr$class), size = attr$size, preview = attr$preview,
      version = attr$version, bytes = bytes
    )
  )
}

# An object of R. What it needs (a package's namespace, for one) may be missing here.
unserialize_native <- function(bytes, attr) {
  tryCatch(unserialize(bytes), error = function(cnd) {
    abort_rflow(
      paste0("The object of class ", paste(attr$class, collapse = ", "), " cannot be opened: ", conditionMessage(cnd)),
      "native_unreadable", "Install the package that it is made with."
    )
  })
}

# An object with a form that both languages read: R's own opened, another language's as the data it is made of.
restore_object <- function(children, place) {
  if (length(children) != 2) abort_corrupt("an object has not two children")
  native <- children[[1]]
  if (!inherits(native, "rflow_native_proxy")) return(native)
  note_value("class_dropped", place, paste(language_name(native$language), native$class[1]))
  children[[2]]
}

# The node that the proxy came from, byte for byte.
proxy_node <- function(x) {
  attr <- list(language = x$language, class = as.list(x$class), size = x$size, preview = x$preview, version = x$version)
  new_leaf("native", list(type = "bytes"), x$bytes, attr)
}

# A value that was read from the artifact `origin`: a proxy says so when it is printed.
with_origin <- function(value, origin) {
  if (inherits(value, "rflow_native_proxy")) attr(value, "origin") <- origin
  value
}

#' @export
print.rflow_native_proxy <- function(x, ...) {
  cli::cat_line(format(x))
  invisible(x)
}

#' @export
format.rflow_native_proxy <- function(x, ...) {
  origin <- attr(x, "origin", exact = TRUE)
  c(
    paste0(
      "<", language_name(x$language), " object ", x$class[1], ", ", format_bytes(x$size), ", made by ",
      language_name(x$language), " ", x$version, if (length(origin)) paste0(", ", origin), ">"
    ),
    if (length(x$preview) && nzchar(x$preview)) x$preview,
    "It can be passed on from here and used in a step of its own language; open_native() opens it in a session."
  )
}

format_bytes <- function(size) format(structure(size, class = "object_size"), units = "auto", standard = "SI")
