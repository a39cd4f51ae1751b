# R values of every kind from a seed: vectors, factors, dates, names, dimensions, attributes, lists, data frames, objects.

generate <- function(seed) {
  set.seed(seed)
  any_value(3L)
}

one_of <- function(...) {
  choices <- list(...)
  choices[[sample.int(length(choices), 1L)]]
}

chance <- function(p) stats::runif(1) < p

size <- function() one_of(0L, 1L, 1L, 2L, 3L, 5L, sample.int(40L, 1L))

texts <- c("", "a", "b", "B", "NA", "NaN", " ", "a b", "\u00e9", "e\u0301", "\u017c\u00f3\u0142w", "\U1F3AC", "\u200d", "\ufeffx",
  "\u202eabc", "line\nline", "tab\t", "\"", "'", "\\", "`", "0", "1", "1e5", "TRUE", "key", "value", "class", "\x7f", "a.b")

numbers <- c(0, -0, 1, -1, 0.1, 1 / 3, 1e-300, 5e-324, 1.7976931348623157e308, Inf, -Inf, NaN, 2^53, 2^53 + 2, -2^31, 2^31, 1e5,
  123456.789, pi)

pick <- function(from, n, missing) {
  x <- from[sample.int(length(from), n, TRUE)]
  if (missing && n > 0L) x[sample.int(n, 1L)] <- NA
  x
}

# ---- vectors of one type ----

any_logical <- function(n, missing = chance(0.4)) pick(c(TRUE, FALSE), n, missing)
any_integer <- function(n, missing = chance(0.4)) {
  pick(c(0L, 1L, -1L, .Machine$integer.max, -.Machine$integer.max, sample.int(1000L, 5L)), n, missing)
}
any_double <- function(n, missing = chance(0.4)) pick(c(numbers, stats::rnorm(5)), n, missing)
any_text <- function(n, missing = chance(0.4)) pick(texts, n, missing)
any_complex <- function(n, missing = chance(0.4)) {
  x <- complex(real = any_double(n, FALSE), imaginary = any_double(n, FALSE))
  if (missing && n) x[sample.int(n, 1L)] <- NA
  x
}
any_raw <- function(n) as.raw(sample.int(256L, n, TRUE) - 1L)

any_factor <- function(n) {
  levels <- sample(unique(one_of(texts, letters)), sample.int(10L, 1L) + 1L)
  codes <- pick(seq_along(levels), n, chance(0.4))
  structure(codes, levels = levels, class = one_of("factor", c("ordered", "factor")))
}

any_date <- function(n) {
  days <- pick(c(0, 1, -1, 19782, -25567, 2932896, -719162), n, chance(0.4))
  structure(one_of(days, days, as.integer(days), days + 0.25, replace(days, 1L[n > 0], Inf)), class = "Date")
}

any_zone <- function() one_of(NULL, "", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Etc/GMT+5")

any_instant <- function(n) {
  seconds <- pick(c(0, 1, -1, 1e9, 1709210096, 0.5, 1700000000.25, -1234567890.125, 1e-6, 1764000000.123457), n, chance(0.4))
  seconds <- one_of(seconds, seconds, as.integer(seconds), replace(seconds, 1L[n > 0], -Inf))
  x <- structure(seconds, class = c("POSIXct", "POSIXt"))
  attr(x, "tzone") <- any_zone()
  x
}

any_duration <- function(n) {
  spans <- pick(c(0, 1, -1, 0.5, 90, 1e6, 12345.25), n, chance(0.4))
  structure(one_of(spans, as.integer(spans)), units = one_of("secs", "mins", "hours", "days", "weeks"), class = "difftime")
}

any_integer64 <- function(n) {
  bit64::as.integer64(pick(c("0", "1", "-1", "2147483648", "9007199254740993", "-9223372036854775807"), n, chance(0.4)))
}

any_plain <- function(n) one_of(any_logical, any_integer, any_double, any_text, any_complex)(n)

any_atomic <- function(n) {
  one_of(any_plain, any_plain, any_factor, any_date, any_instant, any_duration, any_integer64)(n)
}

# ---- with attributes ----

named <- function(x) stats::setNames(x, one_of(any_text(length(x)), make.unique(rep("n", length(x)))))

shaped <- function() {
  dim <- one_of(c(2L, 3L), c(0L, 3L), c(1L, 1L), c(2L, 1L, 2L), 4L)
  x <- array(any_plain(prod(dim)), dim)
  if (chance(0.4)) dimnames(x) <- lapply(dim, \(n) if (chance(0.7)) sprintf("d%d", seq_len(n)))
  if (!is.null(dimnames(x)) && chance(0.3)) names(dimnames(x)) <- paste0("axis", seq_along(dim))
  x
}

with_attributes <- function() {
  x <- one_of(any_plain(size()), shaped(), list(1, "a"))
  attr(x, one_of("note", "unit", "comment2")) <- one_of("text", 1:3, list(a = 1, b = NULL), NULL, TRUE)
  if (chance(0.3)) class(x) <- one_of("measure", c("money", "measure"))
  x
}

# ---- lists and tables ----

any_list <- function(depth) {
  n <- one_of(0L, 1L, 2L, 3L, 6L)
  x <- if (chance(0.3)) lapply(seq_len(n), \(i) any_plain(1L)) else lapply(seq_len(n), \(i) any_value(depth - 1L))
  if (chance(0.3)) x <- as.list(one_of(any_integer, any_double, any_text, any_logical)(n))
  switch(sample.int(5L, 1L), x, x, stats::setNames(x, make.unique(rep(c("a", "b"), length.out = n))),
    stats::setNames(x, any_text(n, FALSE)), stats::setNames(x, rep(c("x", ""), length.out = n)))
}

any_column <- function(n, depth) {
  switch(sample.int(8L, 1L), any_list_column(n, depth), if (depth > 0) any_table(depth - 1L, n) else any_double(n),
    I(any_plain(n)), as.POSIXlt(any_plain_instant(n)), any_atomic(n), any_atomic(n), any_atomic(n), any_plain(n))
}

any_plain_instant <- function(n) as.POSIXct(pick(c(0, 1e9, 1709210096), n, FALSE), origin = "1970-01-01", tz = "UTC")

any_list_column <- function(n, depth) {
  one_of(lapply(seq_len(n), \(i) any_integer(size())), lapply(seq_len(n), \(i) if (chance(0.3)) NULL else any_text(size())),
    lapply(seq_len(n), \(i) any_value(min(depth, 1L))))
}

any_table <- function(depth, rows = size()) {
  count <- one_of(0L, 1L, 2L, 3L, 5L)
  columns <- lapply(seq_len(count), \(i) any_column(rows, depth))
  x <- structure(columns, names = one_of(letters[seq_len(count)], any_text(count, FALSE)), class = "data.frame",
    row.names = .set_row_names(rows))
  names(x) <- names(x)
  if (is.null(names(x))) names(x) <- character(count)
  if (chance(0.2)) attr(x, "row.names") <- one_of(sprintf("row%d", seq_len(rows)), rev(seq_len(rows)) + 3L)
  switch(sample.int(8L, 1L), structure(x, class = c("tbl_df", "tbl", "data.frame"), row.names = .set_row_names(rows)),
    structure(x, source = "somewhere"), x, x, x, x, x, x)
}

any_object <- function() {
  one_of(quote(x + y), as.name("symbol"), function(x) x + 1, stats::as.formula("y ~ x", globalenv()), stats::lm(mpg ~ wt, mtcars),
    structure(list(a = 1, f = sum), class = "holder"), as.POSIXlt("2024-07-01 12:00:00", tz = "UTC"), table(c("a", "b", "a")),
    stats::ts(1:12, start = 2000, frequency = 12), numeric_version("1.2.3"), expression(a, b))
}

any_value <- function(depth) {
  simple <- depth <= 0L || chance(0.35)
  kind <- if (simple) sample.int(5L, 1L) else sample.int(14L, 1L)
  switch(kind, any_plain(1L), any_atomic(size()), any_atomic(1L), NULL, any_raw(size()), named(any_atomic(size())), shaped(),
    with_attributes(), any_list(depth), any_list(depth), any_table(depth - 1L), any_table(depth - 1L), I(any_plain(one_of(0L, 1L, 3L))),
    any_object())
}
