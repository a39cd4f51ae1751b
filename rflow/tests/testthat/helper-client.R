# A Python flow with a foreach, a caught error and values of several kinds.
client_flow <- '
import datetime
import sys

import pandas as pd

from pyflow import FlowSpec, Parameter, catch, step


class ClientFlow(FlowSpec):
    alpha = Parameter("alpha", default=0.5)

    @step
    def start(self):
        self.items = ["good", "bad"]
        self.table = pd.DataFrame({"genre": pd.Categorical(["a", "b"]), "n": [1.5, float("nan")]})
        print("to stdout")
        print("to stderr", file=sys.stderr)
        self.next(self.work, foreach="items")

    @catch(var="failed", print_exception=False)
    @step
    def work(self):
        self.item = self.input
        if self.input == "bad":
            raise ValueError("bad item")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, include=["table"])
        self.when = datetime.date(2024, 2, 29)
        self.method = Thing()
        self.next(self.end)

    @step
    def end(self):
        if self.alpha > 9:
            raise RuntimeError("alpha too large")


class Thing:
    def __repr__(self):
        return "<a thing>"


if __name__ == "__main__":
    ClientFlow()
'

# The Python that has pyflow, or the test is skipped.
test_python <- function() {
  python <- tryCatch(find_python(), rflow_error = \(e) NULL)
  works <- !is.null(python) && system2(python, c("-c", shQuote("import pyflow.client")), stdout = FALSE, stderr = FALSE) == 0
  skip_if_not(works, "a Python with pyflow (PYFLOW_PYTHON) was not found")
  python
}

# A working directory in which ClientFlow has been run: once with success, once (the newer run) with a failure.
local_client_store <- function(frame = parent.frame()) {
  python <- test_python()
  if (is.null(store$folder)) {
    store$folder <- withr::local_tempdir(.local_envir = testthat::teardown_env())
    writeLines(client_flow, file.path(store$folder, "client_flow.py"))
    withr::with_dir(store$folder, {
      expect_equal(system2(python, c("client_flow.py", "run"), stdout = FALSE, stderr = FALSE), 0)
      expect_equal(system2(python, c("client_flow.py", "run", "--alpha=10"), stdout = FALSE, stderr = FALSE), 1)
    })
  }
  withr::local_dir(store$folder, .local_envir = frame)
}

store <- new.env()
