# What an R value is, said without the package's own code: type, values, attributes.
#
# list(t = type, v = values, a = attributes). Doubles are hexadecimal text, "NA" or "NaN"; missing text is NULL; a native
# object of Python is of type "proxy".

describe <- function(x) {
  if (inherits(x, "rflow_native_proxy")) return(list(t = "proxy", v = I(x$class), a = NULL))
  if (inherits(x, "sparseMatrix")) {
    return(list(t = class(x)[1], v = I(hexadecimal(as.vector(as.matrix(x)))), a = list(dim = describe(dim(x)))))
  }
  if (isS4(x)) return(list(t = "S4", v = I(as.character(class(x))), a = NULL))
  # The instants that it stands for.
  if (inherits(x, "POSIXlt")) return(list(t = "POSIXlt", v = I(hexadecimal(as.double(as.POSIXct(x)))), a = described_zone(x)))
  if (is.null(x)) return(list(t = "NULL", v = NULL, a = NULL))
  if (!is.atomic(x) && typeof(x) != "list") return(list(t = typeof(x), v = I(as.character(class(x))), a = NULL))
  list(t = described_type(x), v = described_values(x), a = described_attributes(x))
}

is_long <- function(x) inherits(x, "integer64") && is.double(x)

described_zone <- function(x) if (nzchar(attr(x, "tzone")[1])) list(tzone = describe(attr(x, "tzone")[1]))

described_type <- function(x) if (is_long(x)) "integer64" else typeof(x)

described_values <- function(x) {
  plain <- x
  attributes(plain) <- NULL
  if (is_long(x)) return(I(bit64::as.character.integer64(bit64::as.integer64(structure(plain, class = "integer64")))))
  I(switch(typeof(x),
    logical = plain, integer = plain, character = enc2utf8(plain), double = hexadecimal(plain),
    complex = lapply(plain, \(one) I(hexadecimal(c(Re(one), Im(one))))),
    raw = paste(as.character(plain), collapse = ""), list = lapply(plain, describe)
  ))
}

hexadecimal <- function(x) {
  text <- sprintf("%a", x)
  text[is.na(x)] <- "NA"
  text[is.nan(x)] <- "NaN"
  text
}

described_attributes <- function(x) {
  found <- attributes(x)
  found$.internal.selfref <- NULL
  if (is_long(x)) found$class <- setdiff(found$class, "integer64")
  if (length(found$class) == 0) found$class <- NULL
  if (is.data.frame(x)) {
    rows <- .row_names_info(x, 0L)
    automatic <- is.integer(rows) && (length(rows) == 0 || is.na(rows[1]) || identical(rows, seq_along(rows)))
    found$row.names <- if (automatic) -nrow(x) else attr(x, "row.names")
    # What R has no place for: that it is there is enough, it is seen again in Python.
    if (!is.null(found$pandas.index)) found$pandas.index <- TRUE
  }
  if (length(found)) lapply(found, describe)
}
