"""R for values that are too large for the ordinary tests."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from pyflow.codec.layout import layout_of


@pytest.fixture
def ask_r(rlib, tmp_path):
    """Evaluates R code that gives text, with `x` read from an artifact file, if one is given."""

    def ask(code, artifact=None):
        (tmp_path / "layout.json").write_text("null" if artifact is None else json.dumps(layout_of(artifact)), "utf-8")
        script = tmp_path / "script.R"
        script.write_text(
            f"library(rflow, lib.loc = {json.dumps(str(rlib))})\n"
            f"layout <- jsonlite::fromJSON({json.dumps(str(tmp_path / 'layout.json'))}, simplifyVector = FALSE)\n"
            "memory <- function() as.numeric(strsplit(readLines('/proc/self/statm'), ' ')[[1]][2]) * 4096\n"
            "before <- memory()\n"
            "x <- if (!is.null(layout)) tryCatch(rflow:::values_read(layout), error = identity)\n"
            f"cat(paste({{\n{code}\n}}, collapse = '\\n'), '\\n')\n",
            "utf-8",
        )
        environment = {**os.environ, "R_LIBS": str(rlib)}
        command = ["Rscript", "--no-init-file", str(script)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=1200, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return ask
