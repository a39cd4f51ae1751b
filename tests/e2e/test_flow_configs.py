"""Configurations: read before the run, used in decorators and defaults, seen by steps of both languages, kept by resume."""

from __future__ import annotations

import json

import pytest

from tests.e2e.forms import FlowText, Step

VALUE = {"alpha": 0.5, "name": "joe", "times": 1, "model": {"depth": 3, "layers": [1, 2]}}
FLOW = FlowText(
    "ConfigFlow",
    (
        Step(
            "start",
            """
            import os
            self.seen = [self.settings.name, self.settings.model.depth, os.environ["NAME"]]
            self.layers = sum(self.settings.model.layers)
            """,
            """
            self$seen <- list(self$settings$name, self$settings$model$depth, Sys.getenv("NAME"))
            self$layers <- sum(self$settings$model$layers)
            """,
            next="work",
        ),
        Step(
            "work",
            """
            import os
            self.depth = self.settings.model.depth + self.layers
            if os.path.exists("fail.txt"):
                raise ValueError("not yet")
            """,
            """
            self$depth <- self$settings$model$depth + self$layers
            if (file.exists("fail.txt")) stop("not yet")
            """,
            next="end",
        ),
        Step(
            "end",
            "self.last = [self.alpha, self.shout, self.settings.alpha]",
            "self$last <- list(self$alpha, self$shout, self$settings$alpha)",
        ),
    ),
    py="""
    settings = Config("settings", default="settings.json", help="how to train")
    alpha = Parameter("alpha", default=settings.alpha)
    shout = Parameter("shout", default=config_expr("settings.name.upper()"))
    """,
    r="""
    config("settings", default = "settings.json", help = "how to train")
    parameter("alpha", default = config_expr(settings$alpha))
    parameter("shout", default = config_expr(toupper(settings$name)))
    """,
    top_py="from pyflow import Config, config_expr",
    other=frozenset({"work"}),
)


def files(form, **value):
    """The flow; its first step has an environment variable from the configuration."""
    found = FLOW.files(form)
    if "flow_py" in found:
        found["flow_py"] = found["flow_py"].replace(
            "    @step\n    def start", '    @environment(vars={"NAME": settings.name})\n    @step\n    def start'
        )
    else:
        found["flow_R"] = found["flow_R"].replace(
            'step("start", start,', 'step("start", start, environment_variables(NAME = config_expr(settings$name)),'
        )
    return {**found, "settings_json": json.dumps({**VALUE, **value})}


def run_with(project, *words):
    """Run the flow with words before the command; gives its data."""
    done = project.call(*words, "run")
    assert done.code == 0, done.text
    return project.latest.data


def test_a_configuration_is_seen_in_definition_and_steps(project, form):
    project.write(**files(form))
    run = project.run()
    assert (run.data.seen, run.data.layers, run.data.depth) == (["joe", 3, "joe"], 3, 6)
    assert run.data.last == [0.5, "JOE", 0.5]
    assert run.data.settings == VALUE


def test_the_command_line_gives_another_file_or_a_value(project, form):
    project.write(**files(form), other_json=json.dumps({**VALUE, "name": "ann", "alpha": 2}))
    assert run_with(project, "--config", "settings", "other.json").last == [2, "ANN", 2]
    value = json.dumps({**VALUE, "name": "sue", "alpha": 1.5})
    assert run_with(project, "--config-value", "settings", value).last == [1.5, "SUE", 1.5]
    value = json.dumps({"settings": {**VALUE, "name": "bob"}})
    assert project.run(PYFLOW_FLOW_CONFIG_VALUE=value).data.last[1] == "BOB"


def test_a_resumed_run_has_the_configurations_of_its_origin(project, form):
    project.write(**files(form, name="first"), fail_txt="")
    assert project.call("run").code == 1
    project.write(**files(form, name="second"))
    (project.folder / "fail.txt").unlink()
    done = project.call("resume")
    assert done.code == 0, done.text
    run = project.latest
    assert run.row.origin is not None
    assert run.data.last[1] == "FIRST"
    assert run.data.settings["name"] == "first"
    assert project.run().data.last[1] == "SECOND"


def test_resume_takes_no_other_configurations(project, form):
    project.write(**files(form))
    project.run()
    done = project.call("--config-value", "settings", json.dumps(VALUE), "resume")
    assert done.code == 2
    assert "--config-value cannot be given to resume" in done.err


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("--config", "settings", "no.json"), 2, "the file of config 'settings' does not exist: no.json"),
        (("--config", "setings", "settings.json"), 2, "the flow has no config 'setings'\nDid you mean 'settings'?"),
        (("--config-value", "settings", "{"), 2, "config 'settings' is not valid JSON: --config-value settings"),
        (("--config-value", "settings", "{}"), 1, "cannot be evaluated"),
    ],
)
def test_mistakes_are_said_alike_in_both_languages(project, form, words, code, text):
    project.write(**files(form))
    done = project.call(*words, "run")
    assert done.code == code, done.text
    assert text in done.err
    assert not project.root.exists()


def test_what_is_stored_can_be_looked_at_without_the_configuration(project, form):
    project.write(**files(form))
    run = project.run()
    (project.folder / "settings.json").unlink()
    assert project.call("dump", f"{run.id}/end", "--include", "last").code == 0
    assert "--config NAME PATH" in project.call("--help").out
    assert project.call("check").code == 1


def test_built_in_parsers_read_yaml_in_both_languages(project, form):
    pytest.importorskip("yaml", reason="PyYAML is not installed")
    found = files(form)
    for name in ("flow_py", "flow_R"):
        if name in found:
            found[name] = found[name].replace('"settings.json"', '"settings.yml", parser="yaml"')
    project.write(**found, settings_yml=json.dumps(VALUE).replace('"', ""))
    assert project.run().data.last == [0.5, "JOE", 0.5]


SECTION = FlowText(
    "SectionFlow",
    (Step("start", next="end"), Step("end", "self.seen = self.alpha", "self$seen <- self$alpha")),
    py="""
    settings = Config("settings", default_value={"alpha": {"default": 2.5, "help": "the rate"}})
    alpha = Parameter("alpha", **settings.alpha)
    """,
)
SECTION_R = """library(rflow)
begun <- flow("SectionFlow") |>
  config("settings", default_value = list(alpha = list(default = 2.5, help = "the rate")))
do.call(parameter, c(list(begun, "alpha"), as.list(config_value(begun, "settings")$alpha))) |>
  step("start", next_step = "end") |>
  step("end", \\(self) self$seen <- self$alpha) |>
  run()
"""


@pytest.mark.parametrize("form", ["python", "r"])
def test_a_section_may_be_all_arguments_of_a_parameter(project, form):
    project.write(**(SECTION.files("python") if form == "python" else {"flow_R": SECTION_R}))
    assert project.run().data.seen == 2.5
    assert run_with(project, "--config-value", "settings", '{"alpha": {"default": 7.5}}').seen == 7.5
    assert "the rate" in project.call("run", "--help").out
