# Objects in R's own serialization (artifact.md, section 4): what is written of them, and what cannot be.

preview_limit <- 1000L

# An R object as a native node. It is refused (values_write() says why) if no file can hold it; `place` is what
# announcements name.
native_node <- function(x, place = "") {
  if (!keeps_pointers(x) && (is_handle(x) || .Call(rflow_holds_pointer, x))) stop(new_pointer_condition())
  seen <- new.env(parent = emptyenv())
  bytes <- native_bytes(x, seen)
  size <- as.numeric(utils::object.size(x))
  note_environment(x, place, length(bytes) - size, size, as.list(seen))
  attr <- list(
    language = "r", class = as.list(class(x)), size = max(size, length(bytes)), preview = native_preview(x),
    version = paste(R.version$major, R.version$minor, sep = ".")
  )
  new_leaf("native", list(type = "bytes"), bytes, attr)
}

# Classes that make their pointer anew after they were read.
keeps_pointers <- function(x) inherits(x, c("data.table", "xgb.Booster"))

is_handle <- function(x) inherits(x, c("connection", "rflow_self", "rflow_inputs", "rflow_input"))

new_pointer_condition <- function() {
  structure(class = c("rflow_pointer", "error", "condition"), list(message = "a pointer cannot be kept", call = NULL))
}

# R's serialization of `x`; the environments that it takes along are put into `seen`.
#
# Models and functions made in a step take the frame of the step's function along, and with it `self` and `inputs`, on
# which all artifacts hang. Nobody can use these elsewhere, so they are empty while the object is written.
native_bytes <- function(x, seen) {
  emptied <- new.env(parent = emptyenv())
  on.exit(for (entry in as.list(emptied)) assign(".task", entry$task, envir = entry$object))
  visit <- function(reference) {
    if (inherits(reference, c("rflow_self", "rflow_input"))) {
      task <- get0(".task", envir = reference, inherits = FALSE)
      if (is.null(task)) return(NULL)
      assign(format(length(emptied)), list(object = reference, task = task), envir = emptied)
      rm(".task", envir = reference)
    } else if (is.environment(reference)) {
      add_environment(seen, reference)
    }
    NULL
  }
  withCallingHandlers(
    serialize(x, NULL, xdr = TRUE, version = 3L, refhook = visit),
    # A package's environment is written by its name, which says all there is to say.
    warning = \(cnd) if (grepl("may not be available", conditionMessage(cnd))) invokeRestart("muffleWarning")
  )
}

add_environment <- function(seen, envir) {
  if (length(seen) < 100 && !any(vapply(as.list(seen), identical, NA, envir))) {
    assign(format(length(seen)), envir, envir = seen)
  }
}

# Announce what a model or function takes along from the place where it was made, if that is much.
note_environment <- function(x, place, extra, size, environments) {
  if (is.environment(x) || isS4(x) || extra < 1e6 || extra < size) return(invisible())
  sizes <- unlist(lapply(unname(environments), frame_sizes))
  sizes <- sort(sizes[sizes > extra / 20], decreasing = TRUE)
  names <- if (length(sizes)) paste0(" (", paste(unique(utils::head(names(sizes), 5)), collapse = ", "), ")") else ""
  note_value("environment_kept", place, class(x)[[1]], paste0(format_bytes(extra), names))
}

# The sizes of an environment's variables.
frame_sizes <- function(envir) {
  names <- frame_names(envir)
  vapply(stats::setNames(nm = names), \(name) as.numeric(utils::object.size(frame_value(name, envir))), 1)
}

# Names of variables that can be looked at without running code.
frame_names <- function(envir) {
  Filter(\(name) !bindingIsActive(as.name(name), envir), ls(envir, all.names = TRUE))
}

# A variable's value; of a promise (an argument) its code.
frame_value <- function(name, envir) {
  if (identical(envir, globalenv())) get(name, envir = envir) else eval(as.call(list(substitute, as.name(name))), envir)
}

# The object printed (or its structure), at most 1000 characters, without addresses, which differ from run to run.
# Printing is the class's own code: whatever it does wrong must not stop a step.
native_preview <- function(x) {
  old <- options(max.print = 100L, width = 80L, cli.num_colors = 1L)
  on.exit(options(old))
  show <- function(shown) paste(utils::capture.output(shown), collapse = "\n")
  text <- tryCatch(
    suppressWarnings(show(print(x))), error = \(cnd) tryCatch(show(utils::str(x, give.attr = FALSE)), error = \(cnd) "")
  )
  text <- iconv(enc2utf8(text), "UTF-8", "UTF-8", sub = "?")
  substr(gsub("<(environment|bytecode|pointer): 0x[0-9a-f]+>", "<\\1>", text), 1L, preview_limit)
}

# ---- what cannot be kept ----

is_shared_environment <- function(x) {
  isNamespace(x) || identical(x, globalenv()) || identical(x, baseenv()) || identical(x, emptyenv())
}

# Raise the error for a value that is or holds what no file can keep.
refuse <- function(value) {
  found <- find_pointer(value, "", new.env(parent = emptyenv()))
  what <- if (is.null(found)) "something" else found$what
  is <- if (is.null(found) || nzchar(found$path)) {
    paste0("It is ", describe_class(value), " that holds ", what, if (!is.null(found)) paste0(" at `", found$path, "`"))
  } else {
    paste0("It is ", what)
  }
  abort_rflow(
    paste0(is, ", which lives only in this process: another step cannot read it from a file."), "artifact_unsupported",
    paste(
      "Make it anew in each step that needs it, or store what it is made from (a path, text, raw bytes, a data frame);",
      "a name that begins with __ is private to the step and not kept."
    )
  )
}

describe_class <- function(x) {
  class <- class(x)[[1]]
  paste(if (grepl("^[aeiou]", class, ignore.case = TRUE)) "an" else "a", class)
}

pointer_kind <- function(x) {
  if (inherits(x, "connection")) return(paste0("a connection (class ", class(x)[[1]], ")"))
  if (inherits(x, "rflow_self")) return("the step's `self`")
  if (inherits(x, c("rflow_inputs", "rflow_input"))) return("the step's `inputs`")
  switch(typeof(x), externalptr = "an external pointer", weakref = "a weak reference")
}

# Where the first pointer of a value lies: list(path, what), or NULL. It looks where rflow_holds_pointer looks, and into
# no environment twice.
find_pointer <- function(x, path, seen) {
  what <- pointer_kind(x)
  if (!is.null(what)) return(list(path = path, what = what))
  if (is.environment(x)) {
    if (any(vapply(as.list(seen), identical, NA, x))) return(NULL)
    add_environment(seen, x)
  }
  for (part in pointer_parts(x)) {
    holds <- is_handle(part$value) || .Call(rflow_holds_pointer, part$value)
    found <- if (holds) find_pointer(part$value, paste0(path, part$label), seen)
    if (!is.null(found)) return(found)
  }
  NULL
}

# What lies directly in a value, each with how it is written in R.
pointer_parts <- function(x) {
  part <- \(label, value) list(label = label, value = value)
  inside <- if (is.environment(x)) {
    lapply(frame_names(x), \(name) part(paste0("$", name), frame_value(name, x)))
  } else if (is.function(x)) {
    function_parts(x, part)
  } else if (is.list(x) || is.expression(x)) {
    items <- as.list(unclass(x))
    labels <- paste0("[[", seq_along(items), "]]")
    named <- nzchar(names(items)) & !is.na(names(items))
    labels[named] <- paste0("$", names(items)[named])
    .mapply(part, list(labels, items), NULL)
  }
  rest <- attributes(x)
  ignored <- c(".internal.selfref", "srcref", "srcfile", "wholeSrcref", "versionKey", ".Environment", "names")
  rest <- rest[setdiff(names(rest), ignored)]
  labels <- sprintf(if (isS4(x)) "@%s" else " (attribute %s)", names(rest))
  c(inside, .mapply(part, list(labels, rest), NULL))
}

# The variables that a function finds in the environments that it was made in, the nearest of a name.
function_parts <- function(f, part) {
  found <- list()
  envir <- environment(f)
  names <- if (is.null(envir)) character() else setdiff(all.names(body(f), unique = TRUE), names(formals(f)))
  while (!is.null(envir) && !is_shared_environment(envir) && environmentName(envir) == "") {
    here <- intersect(names, frame_names(envir))
    found <- c(found, lapply(here, \(name) part(paste0(" (variable ", name, ")"), frame_value(name, envir))))
    names <- setdiff(names, here)
    envir <- parent.env(envir)
  }
  found
}
