"""Text that is not ASCII, on a machine without a locale."""

from __future__ import annotations

import pytest

from tests.e2e.forms import FlowText, Step

UNICODE = FlowText(
    "LocaleFlow",
    (
        Step("start", 'self.größe = "Grüße 数 🙂"', 'self$größe <- "Grüße 数 🙂"', next="middle"),
        Step(
            "middle",
            "self.数 = len(self.größe)\nprint(self.größe)",
            "self$数 <- nchar(self$größe)\ncat(self$größe)",
            next="end",
        ),
        Step("end"),
    ),
)


@pytest.mark.parametrize("form", ["python", "python_with_r"])
def test_without_a_locale(project, form):
    project.write(**UNICODE.files(form))
    del project.environment["LC_ALL"]
    project.environment.pop("LANG", None)
    run = project.run()
    assert (run.data.größe, run.data.数) == ("Grüße 数 🙂", 9)
    assert run["middle"].task.stdout.strip() == "Grüße 数 🙂"
