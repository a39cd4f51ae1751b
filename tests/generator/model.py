"""What must come of a composed flow: its Python code, run by an interpreter of one page, one step after the other.

It shares nothing with pyflow: no engine, no runner, no store. It is to be read, not to be fast.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import indent
from types import SimpleNamespace
from typing import Any

from tests.generator.compose import Flow


class Caught:
    """Stands for the error that `catch` stored; no two are the same."""

    def __init__(self, message: str) -> None:
        self.message = message

    def __deepcopy__(self, memo: dict[int, Any]) -> Caught:
        return self


class Refused(Exception):
    """What pyflow refuses, with its error code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TimedOut(Exception):
    pass


@dataclass(frozen=True)
class Level:
    """An open split."""

    owner: int
    index: int
    count: int
    item: Any = None
    kind: str = "branch"


@dataclass
class Done:
    """A finished task: the artifacts that the client must show, and how many attempts it took."""

    step: str
    number: int
    levels: tuple[Level, ...]
    artifacts: dict[str, Any]
    attempts: int = 1
    caught: str | None = None


class Self:
    """`self` of a step in the model."""

    def __init__(self, step: str, levels: tuple[Level, ...], values: Mapping[str, Any], artifacts: Mapping[str, Any]) -> None:  # fmt: skip
        hidden = {"_step": step, "_levels": levels, "_values": dict(values)}
        self.__dict__.update(hidden | copy.deepcopy(dict(artifacts)) | dict(values))

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._values:
            raise Refused("artifact_read_only")
        self.__dict__[name] = value

    @property
    def index(self) -> int | None:
        stack = self.foreach_stack()
        return stack[-1][0] if stack else None

    @property
    def input(self) -> Any:
        stack = self.foreach_stack()
        return stack[-1][2] if stack else None

    def foreach_stack(self) -> list[tuple[int, int | None, Any]]:
        shown = {
            "foreach": lambda level: (level.index, level.count, level.item),
            "parallel": lambda level: (level.index, None, level.index),
        }
        return [shown[level.kind](level) for level in self._levels if level.kind in shown]

    def merge_artifacts(self, inputs: list[Any], include: Any = (), exclude: Any = ()) -> None:
        names = {name for item in inputs for name in artifacts_of(item)} - set(exclude) - artifacts_of(self).keys()
        chosen = {}
        for name in names & set(include) if include else names:
            values = [artifacts_of(item)[name] for item in inputs if name in artifacts_of(item)]
            if any(plain(value) != plain(values[0]) for value in values):
                raise Refused("merge_conflict")
            chosen[name] = values[0]
        self.__dict__.update(copy.deepcopy(chosen))


def artifacts_of(found: Self) -> dict[str, Any]:
    return {
        name: value for name, value in vars(found).items() if not name.startswith("_") and name not in found._values
    }


def plain(value: Any) -> Any:
    """Lists, dicts and numbers, whatever container a language keeps them in."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return value.tolist()
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


@dataclass
class Model:
    """Runs a flow. `about` are what `current` says of the run: flow, user and tags."""

    flow: Flow
    username: str
    tags: tuple[str, ...]
    done: list[Done] = field(default_factory=list)
    arrived: dict[tuple[str, int], dict[int, Done]] = field(default_factory=dict)

    def run(self) -> list[Done]:
        waiting: deque[tuple[str, tuple[Level, ...], list[Done]]] = deque([(next(iter(self.flow.nodes)), (), [])])
        while waiting:
            step, levels, inputs = waiting.popleft()
            task = self._task(step, levels, inputs)
            self.done.append(task)
            waiting.extend(self._next(task))
        assert not self.arrived, "a join never had all its inputs"
        return self.done

    def _next(self, task: Done) -> list[tuple[str, tuple[Level, ...], list[Done]]]:
        node, count = self.flow.nodes[task.step], 0
        if node.kind == "end":
            return []
        if node.kind == "branch":
            count = len(node.next)
            pairs = [(to, Level(task.number, k, count)) for k, to in enumerate(node.next)]
        elif node.kind == "foreach":
            items = task.artifacts[f"items_{node.name}"]
            pairs = [(node.next[0], Level(task.number, k, len(items), item, "foreach")) for k, item in enumerate(items)]
        elif node.kind == "parallel":
            pairs = [(node.next[0], Level(task.number, k, node.size, None, "parallel")) for k in range(node.size)]
        else:
            to = node.cases[task.artifacts[f"way_{node.name}"]] if node.cases else node.next[0]
            return self._arrive(task, to, task.levels)
        return [found for to, level in pairs for found in self._arrive(task, to, (*task.levels, level))]

    def _arrive(
        self, task: Done, to: str, levels: tuple[Level, ...]
    ) -> list[tuple[str, tuple[Level, ...], list[Done]]]:
        if not self.flow.nodes[to].join:
            return [(to, levels, [task])]
        level = levels[-1]
        here = self.arrived.setdefault((to, level.owner), {})
        here[level.index] = task
        if len(here) < level.count:
            return []
        del self.arrived[to, level.owner]
        return [(to, levels[:-1], [here[k] for k in range(level.count)])]

    def _task(self, step: str, levels: tuple[Level, ...], inputs: list[Done]) -> Done:
        """Run a step as often as its retries say."""
        decorators = self.flow.step(step).with_
        attempts = 1 + decorators.get("retry", {}).get("times", 0)
        join = self.flow.nodes[step].join
        before = {} if join or not inputs else inputs[0].artifacts
        number = len(self.done)
        for attempt in range(attempts):
            me = Self(step, levels, self.flow.values, before)
            items = [Self(item.step, (), self.flow.values, item.artifacts) for item in inputs]
            try:
                self._call(me, items if join else None, attempt)
            except (ValueError, TimedOut) as error:
                if attempt + 1 < attempts:
                    continue
                me.__dict__[decorators["catch"]["var"]] = Caught(str(error))
                return Done(step, number, levels, artifacts_of(me), attempt + 1, str(error))
            if "catch" in decorators:
                me.__dict__[decorators["catch"]["var"]] = None
            return Done(step, number, levels, artifacts_of(me), attempt + 1)
        raise AssertionError("not reached")

    def _call(self, me: Self, inputs: list[Self] | None, attempt: int) -> None:
        source = self.flow.step(me._step)
        names: dict[str, Any] = {}
        exec(self.flow.text.top_py, names)
        names |= {
            "current": self._current(me, attempt),
            "setting": self._setting(me._step),
            "pause": _pause,
            "stop": lambda place: None,
        }
        exec(f"def step(self, inputs):\n{indent(source.py or 'pass', '    ')}\n", names)
        names["step"](me, inputs)

    def _current(self, me: Self, attempt: int) -> SimpleNamespace:
        gang = next((level for level in me._levels[-1:] if level.kind == "parallel"), None)
        return SimpleNamespace(
            flow_name=self.flow.text.name,
            step_name=me._step,
            username=self.username,
            tags=frozenset(self.tags),
            is_running_flow=True,
            retry_count=attempt,
            is_parallel=gang is not None,
            parallel=SimpleNamespace(node_index=gang.index if gang else None),
            run_id="",
            task_id=str(len(self.done)),
            pathspec="",
        )

    def _setting(self, step: str) -> Any:
        return lambda name: self.flow.step(step).with_["environment"]["vars"][name]


def _pause(seconds: float) -> None:
    raise TimedOut("took longer than its timeout")
