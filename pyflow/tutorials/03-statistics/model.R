# How gross goes with the year, in millions a year.
fit_trend <- function(self) {
  model <- lm(gross / 1e6 ~ year, data = self$films)
  self$trend <- unname(coef(model)[["year"]])
}
