"""`current`: who the running task is. The runner fills it; outside of a run it only says that nothing runs."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

# Asked for by few: it stands above this layer, and a task loads it only then.
CLIENT = "pyflow.client:Flow"


class Parallel(NamedTuple):
    """A task's place in its gang: `current.parallel`."""

    main_ip: str
    num_nodes: int
    node_index: int
    control_task_id: str


class Current:
    """Read-only facts of the running task, such as `current.run_id`; `get` and `in` ask without an error.

    Example: `current.get("step_name", "not in a flow")` gives the step's name, or the text outside of a run.
    """

    def __init__(self) -> None:
        self._values: Mapping[str, Any] = {"is_running_flow": False}

    def _set(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)
        if "parallel" in values:
            self._values["parallel"] = Parallel(**values["parallel"])

    @property
    def run(self) -> Any:
        """The running task's run as the client shows it (pyflow.Run)."""
        return pkgutil.resolve_name(CLIENT)(self.flow_name)[self.run_id]

    @property
    def task(self) -> Any:
        """The running task as the client shows it (pyflow.Task)."""
        return self.run[self.step_name][self.task_id]

    @property
    def graph(self) -> Mapping[str, Any]:
        """The flow's graph (pyflow.Run.graph): steps, transitions, decorators, parameters."""
        return self.run.graph

    graph_info = graph

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            where = "in this task" if self._values["is_running_flow"] else "outside of a running task"
            raise AttributeError(f"current.{name} is not known {where}; known: {', '.join(self)}") from None

    def get(self, name: str, default: Any = None) -> Any:
        return self._values.get(name, default)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __dir__(self) -> list[str]:
        return list(self._values)

    def __repr__(self) -> str:
        return f"current({', '.join(f'{k}={v!r}' for k, v in self._values.items())})"


current = Current()
