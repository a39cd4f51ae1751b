# Announcements: what of a value could not be written or read exactly (shared_spec/artifact.md, section 7).
#
# C collects its own; R code signals one with note_value(). Both are c(code, place, type, detail): the place is a
# column or the name of an element, "" for the value itself.

note_value <- function(code, place, type, detail = "") {
  note <- c(code, place, type, detail)
  signalCondition(structure(class = c("rflow_note", "condition"), list(message = code, call = NULL, note = note)))
}

# Evaluate `code`: list(value, notes), with each announcement once.
with_notes <- function(code) {
  told <- new.env(parent = emptyenv())
  told$notes <- list()
  value <- withCallingHandlers(code, rflow_note = \(cnd) told$notes <- unique(c(told$notes, list(cnd$note))))
  list(value = value, notes = told$notes)
}

# The text of an announcement: its code, what it is about, and what to do.
announcement <- function(note) {
  what <- if (nzchar(note[2])) paste0("column '", note[2], "' (", note[3], ")") else paste0("the value (", note[3], ")")
  text <- switch(note[1],
    decimal_precision = "has more digits than R's numbers hold: convert it to text in Python if every digit counts",
    time_as_text = "arrives as text: R has no time of day; use a duration in Python for arithmetic",
    bigint_as_text = "arrives as text: R's numbers are too small for it; convert it in Python if it may be rounded",
    timestamp_precision = "is finer than can be kept: it is rounded; use round() if the last digits do not matter",
    nan_as_missing = "holds NaN, which is no moment: it is kept as NA; use is.na(), which is TRUE for both",
    text_as_native = paste(
      "has text that is not valid in its encoding: it is kept for R alone; so that Python can read it, convert it with",
      "iconv(x, \"latin1\", \"UTF-8\") (or the encoding it has), or store bytes with charToRaw()"
    ),
    environment_kept = paste0(
      "is stored with ", note[4], " of variables from the place where it was made: make it in a function of its own ",
      "that has only what it needs, or remove them there with rm(), if nothing needs them later"
    ),
    class_dropped = paste(
      "arrives as the data that it is made of: R has no such class. Passed on untouched it stays what it is;",
      "open_native() opens it in an interactive session"
    ),
    period_as_start = "arrives as the instants at which periods begin; keep their frequency beside them if R needs it",
    interval_as_table = "arrives as a table of left and right ends; which side is closed is known to Python only",
    levels_as_text = "has levels that are no text: in R they are; convert them in Python if R computes with them",
    sparse_as_dense = "arrives as a dense matrix: R's sparse matrices hold no complex numbers; store the parts apart"
  )
  list(code = note[1], message = paste0(what, " ", text, " (", note[1], ")."))
}
