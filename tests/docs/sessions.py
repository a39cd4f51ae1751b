"""A Python and an R session that take lines of code and give what they print, as consoles do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

# Runs as the module __main__, whose file holds all lines so far, as a notebook's or console's does.
PYTHON = r"""
import ast, linecache, sys, traceback
main = sys.modules["__main__"]
main.__file__ = PLACE
lines = []
for path in iter(sys.stdin.readline, ""):
    with open(path.strip(), encoding="utf-8") as file:
        source = file.read()
    with open(PLACE, "a", encoding="utf-8") as file:
        file.write(source)
    try:
        tree = ast.increment_lineno(ast.parse(source), len(lines))
        lines += source.splitlines()
        linecache.checkcache(PLACE)
        for statement in tree.body:
            exec(compile(ast.Interactive([statement]), PLACE, "single"), vars(main))
    except BaseException:
        traceback.print_exc(file=sys.stdout)
        print("@failed", flush=True)
    else:
        print("@done", flush=True)
"""
R = r"""
lines <- file("stdin", open = "r")
while (length(path <- readLines(lines, n = 1)) > 0) {
  outcome <- tryCatch({
    suppressPackageStartupMessages(source(path, echo = FALSE, print.eval = TRUE))
    "@done"
  }, error = \(e) {
    cat("Error:", conditionMessage(e), "\n")
    "@failed"
  })
  cat(outcome, "\n", sep = "")
  flush(stdout())
}
"""


class SessionFailed(Exception):
    """The code ended with an error; the text is what was printed."""


class Session:
    """One process; `say` gives it code and waits for what it prints."""

    def __init__(self, language: str, folder: Path, environment: dict[str, str], hidden: Path) -> None:
        self.hidden = hidden / language
        self.hidden.mkdir(parents=True)
        driver = self.hidden / "driver"
        driver.write_text(PYTHON if language == "python" else R, "utf-8")
        place = {"PLACE": str(self.hidden / "session.py")}
        command = [sys.executable, "-c", f"exec(compile(open({str(driver)!r}).read(), 'driver', 'exec'), {place!r})"]
        self.process = subprocess.Popen(
            command if language == "python" else ["Rscript", "--no-save", str(driver)],
            cwd=folder, env=environment, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.said = 0

    def say(self, code: str, seconds: float) -> str:
        """What the code prints. Raises SessionFailed if it fails or takes longer."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.said += 1
        path = self.hidden / f"lines-{self.said}"
        path.write_text(code, "utf-8")
        timer = threading.Timer(seconds, self.kill)
        timer.start()
        try:
            self.process.stdin.write(f"{path}\n")
            self.process.stdin.flush()
            printed: list[str] = []
            for line in self.process.stdout:
                if line in ("@done\n", "@failed\n"):
                    break
                printed.append(line)
            else:
                line = f"the session has ended, or took longer than {seconds:.0f} s\n"
        except BrokenPipeError:
            printed, line = [], "the session has ended\n"
        finally:
            timer.cancel()
        if line != "@done\n":
            raise SessionFailed("".join([*printed, line]))
        return "".join(printed)

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        self.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
