# Writes rflow/NAMESPACE and rflow/man/ from the roxygen comments (needs the R package roxygen2). It works on a copy and
# with the installed package, so run tools/setup.sh first.
.libPaths(c(normalizePath(".rlib"), .libPaths()))
folder <- file.path(tempdir(), "rflow")
file.copy("rflow", tempdir(), recursive = TRUE)
roxygen2::roxygenise(folder, load_code = roxygen2::load_installed, roclets = c("namespace", "rd"))
unlink("rflow/man", recursive = TRUE)
file.copy(file.path(folder, c("NAMESPACE", "man")), "rflow", recursive = TRUE, overwrite = TRUE)
