"""The rules of shared_spec/graph.md, section 2: every problem of a graph, in the order of that table.

A rule is a generator of problems; a group is a tuple of rules. This file has group A (names); groups B, C and D
are in check_transitions, check_splits and check_decorators.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyflow.spec import check_decorators, check_splits, check_transitions
from pyflow.spec.errors import Problem, Where
from pyflow.spec.graph import Config, Graph, Parameter, Step
from pyflow.spec.names import did_you_mean, is_identifier, is_step_name

RESERVED_STEPS = frozenset({"name", "next", "input", "inputs", "index", "cmd", "merge_artifacts", "foreach_stack"})
RESERVED_PARAMETERS = frozenset(
    "params with tag namespace obj tags decospecs run_id_file max_num_splits max_workers max_log_size user_namespace "
    "run_id task_id runner_attribute_file help quiet json max_resources no_retry_wait isolation".split()
)
PROJECT_OPTIONS = frozenset({"branch", "production"})
_STEP_NAMES = "A step's name has lowercase letters, digits and underscores only, and begins with a letter."
_IDENTIFIERS = "Use a letter, then letters, digits and underscores."


def check_graph(graph: Graph) -> list[Problem]:
    """All problems of the graph, in the order of the rules; empty if it is valid."""
    problems = [problem for rule in NAMES for problem in rule(graph)]
    if problems:
        return problems
    problems = [problem for rule in check_transitions.RULES for problem in rule(graph)]
    if not problems:
        problems = check_splits.check(graph)
    return problems + [problem for rule in check_decorators.RULES for problem in rule(graph)]


def _flow_name_invalid(graph: Graph) -> Iterator[Problem]:
    if not is_identifier(graph.name):
        message = f"The flow's name {graph.name!r} is not valid."
        yield Problem("flow_name_invalid", message, Where(graph.file), _IDENTIFIERS)


def _step_name_invalid(graph: Graph) -> Iterator[Problem]:
    for step in graph.steps:
        if not is_step_name(step.name):
            yield Problem("step_name_invalid", f"Step *{step.name}* has an invalid name.", step.where, _STEP_NAMES)


def _step_name_reserved(graph: Graph) -> Iterator[Problem]:
    for step in graph.steps:
        if step.name in RESERVED_STEPS:
            message = f"Step name *{step.name}* is a reserved word."
            yield Problem("step_name_reserved", message, step.where, "Choose another name for the step.")


def _step_duplicate(graph: Graph) -> Iterator[Problem]:
    first: dict[str, Step] = {}
    for step in graph.steps:
        if first.setdefault(step.name, step) is not step:
            message = f"Step *{step.name}* is defined twice{_earlier(first[step.name].line)}."
            yield Problem("step_duplicate", message, step.where, "Give one of them another name.")


def _start_or_end_missing(graph: Graph) -> Iterator[Problem]:
    known = [step.name for step in graph.steps]
    for code, name in (("start_missing", graph.start), ("end_missing", graph.end)):
        if name not in known:
            message = f"The flow has no step *{name}*, which every flow needs."
            hint = (
                did_you_mean(name, known).replace("Did you mean", "Is it called")
                or f"Add a step named {name!r}{_mark(graph, name)}."
            )
            yield Problem(code, message, Where(graph.file), hint)


def _mark(graph: Graph, name: str) -> str:
    """How a step of another name is made the first or the last one."""
    if name not in ("start", "end"):
        return ""
    written = f"step(..., {name} = TRUE)" if graph.language == "r" else f"@step({name}=True)"
    return f", or mark the step that is it: {written}"


def _parameter_name_invalid(graph: Graph) -> Iterator[Problem]:
    for parameter in graph.parameters:
        if not is_identifier(parameter.name):
            message = f"Parameter {parameter.name!r} has an invalid name."
            yield Problem("parameter_name_invalid", message, _where(graph, parameter), _IDENTIFIERS)


def _parameter_name_reserved(graph: Graph) -> Iterator[Problem]:
    reserved = RESERVED_PARAMETERS | (PROJECT_OPTIONS if graph.decorator("project") else frozenset())
    for parameter in graph.parameters:
        if parameter.name.replace("-", "_") in reserved:
            message = (
                f"Parameter name {parameter.name!r} is a reserved word: --{parameter.name} is an option of its own."
            )
            hint = "Choose another name for the parameter."
            yield Problem("parameter_name_reserved", message, _where(graph, parameter), hint)


def _parameter_duplicate(graph: Graph) -> Iterator[Problem]:
    first: dict[str, Parameter] = {}
    for parameter in graph.parameters:
        other = first.setdefault(parameter.name.replace("-", "_").casefold(), parameter)
        if other is not parameter:
            message = f"Parameter {parameter.name!r} has the same name as {other.name!r}{_earlier(other.line)}."
            hint = "Names of parameters must differ by more than case, '-' and '_'."
            yield Problem("parameter_duplicate", message, _where(graph, parameter), hint)


def _config_name_invalid(graph: Graph) -> Iterator[Problem]:
    for config in graph.configs:
        if not is_identifier(config.name):
            message = f"Config {config.name!r} has an invalid name."
            yield Problem("config_name_invalid", message, Where(graph.file, config.line), _IDENTIFIERS)


def _config_duplicate(graph: Graph) -> Iterator[Problem]:
    first: dict[str, Config] = {}
    for config in graph.configs:
        other = first.setdefault(config.name, config)
        if other is not config:
            message = f"Config {config.name!r} is defined twice{_earlier(other.line)}."
            yield Problem("config_duplicate", message, Where(graph.file, config.line), "Give one of them another name.")


def _name_conflict(graph: Graph) -> Iterator[Problem]:
    """One problem for each name of two kinds, at the place of the later one (config, parameter, constant, step)."""
    parameters = {parameter.name for parameter in graph.parameters}
    configs = {config.name for config in graph.configs}
    hint = "All of them are read as attributes of self; rename one."
    for parameter in graph.parameters:
        if parameter.name in configs:
            message = f"{parameter.name!r} is both a config and a parameter of the flow."
            yield Problem("name_conflict", message, _where(graph, parameter), hint)
    for name in dict.fromkeys(graph.constants):
        if name in configs | parameters:
            kind = "config" if name in configs else "parameter"
            message = f"{name!r} is both a {kind} and a constant of the flow."
            yield Problem("name_conflict", message, Where(graph.file, artifact=name), hint)
    for step in graph.steps:
        known = (("config", configs), ("parameter", parameters), ("constant", graph.constants))
        for kind in [word for word, names in known if step.name in names][:1]:
            yield Problem("name_conflict", f"{step.name!r} is both a step and a {kind} of the flow.", step.where, hint)


def _where(graph: Graph, parameter: Parameter) -> Where:
    return Where(graph.file, parameter.line)


def _earlier(line: int | None) -> str:
    return f" (first on line {line})" if line else ""


NAMES = (
    _flow_name_invalid,
    _step_name_invalid,
    _step_name_reserved,
    _step_duplicate,
    _start_or_end_missing,
    _parameter_name_invalid,
    _parameter_name_reserved,
    _parameter_duplicate,
    _config_name_invalid,
    _config_duplicate,
    _name_conflict,
)
