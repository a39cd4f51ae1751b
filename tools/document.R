# Writes rflow/NAMESPACE and rflow/man/ from the roxygen comments (needs the R package roxygen2).
folder <- file.path(tempdir(), "rflow")
file.copy("rflow", tempdir(), recursive = TRUE)
roxygen2::roxygenise(folder, load_code = "source", roclets = c("namespace", "rd"))
unlink("rflow/man", recursive = TRUE)
file.copy(file.path(folder, c("NAMESPACE", "man")), "rflow", recursive = TRUE, overwrite = TRUE)
