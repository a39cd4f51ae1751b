"""Run by either interpreter: write the artifacts of a flow's latest run as a pickle.

    python dump.py metaflow|pyflow FLOW FILE

The pickle has {step: [(index, {name: value})]}; errors that `catch` stored are `{"type", "exception"}`.
"""

import importlib
import os
import pickle
import sys
import types


def main(framework, flow, file):
    # Values of classes that the flow's file defines are opened by name.
    package = importlib.import_module(framework)
    if framework == "metaflow":
        package.namespace(None)
    run = package.Flow(flow).latest_run
    found = {step.id: sorted(map(task_values, step), key=order) for step in run}
    with open(file, "wb") as output:
        pickle.dump({"successful": run.successful, "steps": found}, output)


def task_values(task):
    values = {item.id: item.data for item in task if not item.id.startswith("_") and item.id != "name"}
    return index_of(task), {name: plain_error(value) for name, value in values.items()}


def order(found):
    """Tasks of a loop have no index; what they made tells them apart."""
    index, values = found
    return repr(index), repr(sorted(values.items()))


def index_of(task):
    return task.index if isinstance(task.index, int) else None


def plain_error(value):
    """Metaflow keeps an object, with a type such as `builtins.KeyError`, pyflow a dict with the class's name."""
    if all(hasattr(value, name) for name in ("exception", "type", "stacktrace")):
        name = value.type.rpartition(".")[2]
        # What a timeout says is each one's own: Metaflow puts the stack into it.
        return {"type": name, "exception": "" if name == "TimeoutException" else str(value.exception)}
    if type(value).__name__ == "ConfigValue":
        return value.to_dict()
    if isinstance(value, types.ModuleType):
        raise TypeError(value)
    return value


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    main(*sys.argv[1:])
