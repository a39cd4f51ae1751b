# Rscript artifact_vectors.R LIBRARY FOLDER: reads requests.json, a list of cases by id: the layout of a vector's file, or null, and
# the R expression of its value. Writes answers.json: for each id whether the file read as that value, the class of the condition
# if it could not be read, the codes of what was announced, and the layout of the expression's value (its scratch file is FOLDER/ID) or the class of the condition.

arguments <- commandArgs(trailingOnly = TRUE)
.libPaths(c(arguments[1], .libPaths()))
folder <- arguments[2]
requests <- jsonlite::read_json(file.path(folder, "requests.json"))

read_case <- function(request) {
  if (is.null(request$layout)) return(NULL)
  codes <- list()
  note <- function(cnd) {
    codes[[length(codes) + 1]] <<- sub("^rflow_warning_", "", class(cnd)[1])
    invokeRestart("muffleWarning")
  }
  tryCatch(
    {
      value <- withCallingHandlers(rflow:::values_read(request$layout), rflow_warning = note)
      list(
        same = identical(value, eval(parse(text = request$r))), shown = paste(capture.output(str(value)), collapse = "\n"),
        announced = codes
      )
    },
    error = \(cnd) list(error = class(cnd)[1], shown = conditionMessage(cnd))
  )
}

write_case <- function(id, request) {
  tryCatch(
    list(layout = rflow:::values_write(eval(parse(text = request$r)), file.path(folder, id))$layout),
    error = \(cnd) list(error = class(cnd)[1])
  )
}

answers <- lapply(names(requests), \(id) list(read = read_case(requests[[id]]), written = write_case(id, requests[[id]])))
jsonlite::write_json(
  stats::setNames(answers, names(requests)), file.path(folder, "answers.json"), auto_unbox = TRUE, null = "null", digits = NA
)
