# Prints each help page of rflow/man as a line "@@ name<TAB>aliases<TAB>title" and the page's HTML, in which links lead to "#name".
# tools/docs.py makes the reference from it.
files <- sort(list.files("rflow/man", pattern = "[.]Rd$", full.names = TRUE), method = "radix")
pages <- setNames(lapply(files, tools::parse_Rd, encoding = "UTF-8"), sub("[.]Rd$", "", basename(files)))
said <- function(page, tag) {
  parts <- page[vapply(page, attr, "", "Rd_tag") == tag]
  trimws(gsub("\\s+", " ", vapply(parts, \(part) paste(unlist(part), collapse = ""), "")))
}
pages <- Filter(\(page) !"internal" %in% said(page, "\\keyword"), pages)
aliases <- lapply(pages, said, "\\alias")
links <- setNames(rep(paste0("#", names(pages)), lengths(aliases)), unlist(aliases))
for (name in names(pages)) {
  cat("@@ ", name, "\t", paste(aliases[[name]], collapse = " "), "\t", said(pages[[name]], "\\title"), "\n", sep = "")
  tools::Rd2HTML(pages[[name]], dynamic = FALSE, Links = links, Links2 = character(), stylesheet = "")
}
