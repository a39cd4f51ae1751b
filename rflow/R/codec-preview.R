# A short text for people who list artifacts. Cheap: it looks at the first elements only, and opens no native object.

value_preview <- function(x) {
  text <- tryCatch(iconv(enc2utf8(preview_text(x)), "UTF-8", "UTF-8", sub = "?"), error = \(cnd) class(x)[[1]])
  if (nchar(text) > 200) paste0(substr(text, 1, 197), "...") else text
}

preview_text <- function(x) {
  if (is.null(x)) return("NULL")
  if (inherits(x, "rflow_native_proxy")) return(paste0(language_name(x$language), " object ", x$class[[1]]))
  if (is.data.frame(x)) return(paste0(nrow(x), " x ", length(x), ": ", first_names(names(x))))
  if (isS4(x) && is_sparse(x)) return(paste(paste(attr(x, "Dim"), collapse = " x "), "sparse"))
  if (is.list(x) && !is.object(x)) {
    return(paste0("list of ", length(x), if (!is.null(names(x))) paste0(": ", first_names(names(x)))))
  }
  if (!is.atomic(x)) return(paste0("<", paste(class(x), collapse = ", "), ">"))
  if (!is.null(dim(x))) return(paste(dim(x), collapse = " x "))
  if (is.raw(x)) return(paste0(length(x), " bytes"))
  if (is.character(x) && length(x) == 1) return(if (is.na(x)) "NA" else substr(as.character(x), 1, 201))
  shown <- as.character(x[seq_len(min(length(x), 6))])
  paste0(paste(shown, collapse = ", "), if (length(x) > 6) paste0(", ... (", length(x), " values)"))
}

first_names <- function(names) {
  paste0(paste(utils::head(names, 8), collapse = ", "), if (length(names) > 8) ", ...")
}

language_name <- function(language) switch(language, python = "Python", r = "R", language)
