# Values as JSON has them (jsonlite writes the text).

# A value of a decorator's argument or a JSON default. Vectors of length one are scalars, named vectors objects.
json_value <- function(value) {
  if (is.list(value)) return(if (length(value) == 0 && !is.null(names(value))) value else lapply(value, json_value))
  if (is.object(value) && !inherits(value, "AsIs")) value <- as.character(value)
  if (!is.null(names(value))) return(lapply(as.list(value), json_value))
  if (is.double(value) && length(value)) whole_numbers(value) else value
}

# Doubles without a fraction as integers. R's integers end at 2^31, so larger ones are written as digits.
whole_numbers <- function(value) {
  whole <- !is.na(value) & value == trunc(value) & abs(value) < 2^53
  if (!all(whole)) return(value)
  if (all(abs(value) < 2^31)) return(as.integer(value))
  text <- format(value, scientific = FALSE, trim = TRUE)
  if (length(text) > 1) text <- paste0("[", paste(text, collapse = ","), "]")
  structure(text, class = "json")
}
