# A step in R that both flows use: gross as a linear function of rating.

fit_genre <- function(self) {
  model <- lm(gross ~ rating, data = self$films)
  self$model <- model
  self$coefficients <- data.frame(
    genre = factor(self$genre),
    intercept = unname(coef(model)[1]),
    slope = unname(coef(model)[2]),
    r_squared = summary(model)$r.squared
  )
}
