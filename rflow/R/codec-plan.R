# The logical types of R vectors (shared_spec/artifact.md, section 2).

# The logical type of `x` as a column or leaf: list(logical, data, rest), or NULL when it has none.
# `data` is what C writes; `rest` are attributes that are no part of the type, and are kept elsewhere or not at all.
vector_plan <- function(x) {
  rest <- attributes(x)
  if (is.null(rest)) return(list(logical = plain_logical(typeof(x)), data = x, rest = NULL))
  plan <- known_plan(x, rest)
  if (is.null(plan)) plan <- list(logical = plain_logical(typeof(x)), data = x, used = character())
  rest <- rest[setdiff(names(rest), plan$used)]
  list(logical = plan$logical, data = plan$data, rest = if (length(rest)) rest)
}

plain_logical <- function(type) {
  switch(type,
    logical = list(type = "bool"), integer = list(type = "int32"), double = list(type = "float64"),
    character = list(type = "string"), complex = list(type = "complex128"), raw = list(type = "bytes")
  )
}

# Raw values one by one, in a column or an array; a raw vector alone is one value of type bytes. The data are integers:
# a raw vector is one value to C.
raw_plan <- function(x) {
  list(logical = list(type = "uint8", r = list(storage = "raw")), data = as.integer(x), rest = attributes(x))
}

# The plan of a class that is part of a logical type, with the attributes `used` by it.
known_plan <- function(x, attributes) {
  class <- attributes$class
  if (is.null(class)) return(NULL)
  if (identical(class, "factor") || identical(class, c("ordered", "factor"))) return(factor_plan(x, attributes))
  if (!typeof(x) %in% c("integer", "double")) return(NULL)
  if (identical(class, "Date")) return(date_plan(x))
  if (identical(class, c("POSIXct", "POSIXt"))) return(instant_plan(x, attributes$tzone))
  if (identical(class, "difftime")) return(duration_plan(x, attributes$units))
  if (identical(class, "integer64") && is.double(x)) {
    return(list(logical = list(type = "int64", r = list(storage = "integer64")), data = x, used = "class"))
  }
  NULL
}

factor_plan <- function(x, attributes) {
  levels <- attributes$levels
  if (typeof(x) != "integer" || !is.character(levels) || !is.null(base::attributes(levels))) return(NULL)
  ordered <- length(attributes$class) == 2
  logical <- list(type = "category", ordered = ordered, levels = list(type = "string"))
  list(logical = logical, data = x, used = c("levels", "class"))
}

# How a vector is stored in R, where that is not what a reader would make.
r_storage <- function(x) if (typeof(x) == "integer") "integer"

r_key <- function(...) {
  found <- list(...)
  found <- found[lengths(found) > 0]
  if (length(found)) list(r = found)
}

date_plan <- function(x) {
  if (.Call(rflow_moment_fit, x, 1, "date") == 4L) return(if (is.double(x)) number_plan(x, "Date"))
  list(logical = c(list(type = "date"), r_key(storage = r_storage(x))), data = x, used = "class")
}

instant_plan <- function(x, tzone) {
  if (!is.null(tzone) && (!is.character(tzone) || length(tzone) == 0 || anyNA(tzone))) return(NULL)
  fit <- .Call(rflow_moment_fit, x, 1, "instant")
  if (fit == 4L) return(number_plan(x, c("POSIXct", "POSIXt"), tzone = as.list(tzone)))
  tz <- if (is.null(tzone)) "" else tzone[[1]]
  # A reader makes tzone from tz: only what it would not make is kept.
  other <- if (length(tzone) > 1 || identical(tzone, "")) as.list(tzone)
  logical <- c(
    list(type = "timestamp", unit = fit_unit(fit), tz = enc2utf8(tz)), r_key(storage = r_storage(x), tzone = other)
  )
  list(logical = logical, data = x, used = c("class", "tzone"))
}

duration_plan <- function(x, units) {
  seconds <- c(secs = 1, mins = 60, hours = 3600, days = 86400, weeks = 604800)
  if (!is.character(units) || length(units) != 1 || !units %in% names(seconds)) return(NULL)
  fit <- .Call(rflow_moment_fit, x, seconds[[units]], "duration")
  if (fit == 4L) return(number_plan(x, "difftime", units = units))
  logical <- c(list(type = "duration", unit = fit_unit(fit), units = units), r_key(storage = r_storage(x)))
  list(logical = logical, data = x, used = c("class", "units"))
}

fit_unit <- function(fit) if (fit %in% c(1L, 2L)) "ns" else "us"

# A Date with fractions of a day, what is infinite, and days and instants that lie outside of the years 1 to 9999:
# numbers, whose class only R knows.
number_plan <- function(x, class, ...) {
  list(
    logical = list(type = "float64", r = c(list(class = as.list(class)), r_key(...)$r)), data = x,
    used = c("class", ...names())
  )
}

# A logical type with the class that a reader is to give back, I(x) for one.
with_class <- function(logical, class) {
  logical$r$class <- as.list(class)
  logical
}

# The plan of a table's column, or NULL when the column has no logical type of its own: list(logical, data).
column_plan <- function(x) {
  if (is.data.frame(x)) return(struct_plan(x))
  class <- attr(x, "class", exact = TRUE)
  if (identical(class[1], "AsIs")) {
    oldClass(x) <- without_as_is(class)
    plan <- if (!is.data.frame(x)) column_plan(x)
    if (!is.null(plan)) plan$logical <- with_class(plan$logical, c("AsIs", plan$logical$r$class))
    return(plan)
  }
  if (inherits(x, "POSIXlt")) return(broken_down_plan(x))
  if (typeof(x) == "list") return(if (is.null(attributes(x))) list_plan(x))
  if (is.null(x) || !is.atomic(x) || isS4(x)) return(NULL)
  plan <- if (is.raw(x)) raw_plan(x) else vector_plan(x)
  if (!is.null(plan) && is.null(plan$rest)) plan
}

without_as_is <- function(class) if (length(class) > 1) class[-1]

# POSIXlt as the instants it stands for, if these give the same back.
broken_down_plan <- function(x) {
  tzone <- attr(x, "tzone")
  instants <- as.POSIXct(x)
  back <- restore_class(instants, "POSIXlt", tzone)
  if (!identical(back, x)) return(NULL)
  plan <- vector_plan(instants)
  if (is.null(plan) || !is.null(plan$rest) || plan$logical$type != "timestamp") return(NULL)
  plan$logical$r$tzone <- as.list(tzone)
  plan$logical <- with_class(plan$logical, "POSIXlt")
  plan
}

# A list column whose elements are plain vectors of one type, or raw vectors; NULL elements are missing.
list_plan <- function(x) {
  types <- unique(vapply(x, typeof, ""))
  types <- types[types != "NULL"]
  if (length(types) > 1 || !all(vapply(x, \(item) is.null(attributes(item)), NA))) return(NULL)
  if (length(types) == 0) return(list(logical = list(type = "list", item = list(type = "null")), data = x))
  item <- plain_logical(types)
  if (is.null(item)) return(NULL)
  if (types == "raw") return(list(logical = item, data = x))
  list(logical = list(type = "list", item = item), data = x)
}

# Attributes of a data frame that have no place in a table.
table_rest <- function(x) {
  rest <- attributes(x)
  rest[setdiff(names(rest), c("names", "row.names", "class", ".internal.selfref", "pandas.index"))]
}

# Rows numbered 1, 2, ...: R keeps such row names as c(NA, n) if there are more than two.
has_automatic_rows <- function(x) {
  names <- .row_names_info(x, 0L)
  is.integer(names) && (is.na(names[1]) || identical(names, seq_along(names)))
}

# A nested data frame with automatic row names and no attributes of its own.
struct_plan <- function(x) {
  if (!has_automatic_rows(x) || length(table_rest(x)) || anyNA(names(x))) return(NULL)
  plans <- lapply(unclass(x), column_plan)
  if (any(vapply(plans, is.null, NA))) return(NULL)
  fields <- .mapply(\(name, plan) list(enc2utf8(name), plan$logical), list(names(x), plans), NULL)
  logical <- list(type = "struct", fields = fields)
  if (!identical(class(x), "data.frame")) logical <- with_class(logical, class(x))
  list(logical = logical, data = replace_columns(x, plans))
}

replace_columns <- function(x, plans) {
  columns <- lapply(unname(plans), \(plan) plan$data)
  structure(columns, row.names = .set_row_names(nrow(x)), class = "data.frame")
}

# ---- reading ----

# Levels of a category that are not text: text that keeps them apart.
codec_levels <- function(levels) {
  text <- as.character(levels)
  if (is.double(levels) && !is.object(levels) && anyDuplicated(text)) text <- format(levels, digits = 17, trim = TRUE)
  if (anyDuplicated(text)) make.unique(text) else text
}

# What a logical type's key `r` says beyond the storage.
codec_finish <- function(x, r) {
  tzone <- unlist(r$tzone)
  class <- unlist(r$class)
  if (inherits(x, "POSIXct") && !is.null(tzone)) attr(x, "tzone") <- tzone
  if (length(class) == 0) return(x)
  if (class[1] == "AsIs") {
    x <- codec_finish(x, list(class = class[-1], tzone = tzone, units = r$units))
    class(x) <- unique(c("AsIs", oldClass(x)))
    return(x)
  }
  restore_class(x, class, tzone, r$units)
}

restore_class <- function(x, class, tzone = NULL, units = NULL) {
  if (identical(class, "POSIXlt")) {
    x <- as.POSIXlt(x, tz = if (is.null(tzone)) "" else tzone[[1]])
    attr(x, "tzone") <- tzone
    return(x)
  }
  attr(x, "class") <- class
  if (!is.null(tzone) && inherits(x, "POSIXct")) attr(x, "tzone") <- tzone
  if (!is.null(units)) attr(x, "units") <- units
  x
}
