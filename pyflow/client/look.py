"""Runs, tasks and artifacts as HTML, for notebooks and viewers; from rows of the metadata. No value is opened here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pyflow.spec.errors import PyflowError
from pyflow.spec.graph import Graph, parse_graph
from pyflow.spec.records import RUNNING, ArtifactRow, AttemptRow, RunRow, TaskRow
from pyflow.spec.task import PARAMETERS, parse_error
from pyflow.views import graph, page, timeline
from pyflow.views.text import seconds_text, size_text

# More artifacts than this are counted, not listed.
_MOST = 60
# What a step shows of several tasks: the worst.
_WORST = ("failed", "crashed", "interrupted", "running", "caught", "success")


def run_html(run: RunRow, tasks: Sequence[TaskRow], artifacts: Sequence[ArtifactRow], now: float) -> str:
    """A run: graph, timeline, parameters, artifacts of its last step, error. `artifacts`: those of parameters too."""
    steps = [row for row in tasks if row.step != PARAMETERS]
    given = {row.name: row.ref.preview for row in artifacts if row.step == PARAMETERS}
    results = [row for row in artifacts if row.step != PARAMETERS and row.name not in given]
    return page.page(
        page.title("Run", f"{run.flow}/{run.run}", run.status),
        page.facts(_run_facts(run, now)),
        page.section("Parameters", page.facts({name: page.code(text) for name, text in given.items()})),
        page.section("Graph", page.image(_graph(run, steps, now))),
        page.section("Timeline", page.image(_timeline(run, steps, now))),
        page.section("Artifacts of the last step", artifacts_table(results)),
        page.section("Error", page.block(_error(run.error))),
    )


def task_html(task: TaskRow, attempts: Sequence[AttemptRow], artifacts: Sequence[ArtifactRow], now: float) -> str:
    """A task: its attempts, artifacts, warnings and error."""
    last = attempts[-1] if attempts else None
    facts: dict[str, page.Cell] = {
        "item": _item(task),
        "started": _moment(task.created_at),
        "took": _took(task.created_at, task.finished_at, now),
        "attempts": str(len(attempts)) if len(attempts) > 1 else None,
        "taken over from": f"{task.flow}/{task.origin}" if task.origin else None,
    }
    error = str(last.error.traceback or last.error.message) if last and last.error else ""
    return page.page(
        page.title("Task", f"{task.flow}/{task.run}/{task.step}/{task.task}", task.status),
        page.facts(facts),
        page.section("Artifacts", artifacts_table(artifacts)),
        page.section("Warnings", page.block("\n".join(last.warnings if last else ()))),
        page.section("Error", page.block(error)),
    )


def runs_html(kind: str, name: str, runs: Sequence[RunRow], now: float) -> str:
    """A list of runs, the newest first."""
    rows = [
        (
            run.run,
            page.status_badge(run.status),
            _moment(run.created_at),
            _took(run.created_at, run.finished_at, now) if run.finished_at or run.status == RUNNING else None,
            run.username,
            " ".join(run.tags),
        )
        for run in runs
    ]
    head = ("run", "status", "started", "took", "user", "tags")
    return page.page(page.title(kind, name), page.table(head, rows))


def step_html(pathspec: str, tasks: Sequence[TaskRow], now: float) -> str:
    """A step: its tasks."""
    rows = [
        (task.task, page.status_badge(task.status), _item(task), _took(task.created_at, task.finished_at, now))
        for task in tasks[:_MOST]
    ]
    more = f"<p>and {len(tasks) - _MOST} more</p>" if len(tasks) > _MOST else ""
    return page.page(page.title("Step", pathspec), page.table(("task", "status", "item", "took"), rows), more)


def artifact_html(row: ArtifactRow, rows: str = "") -> str:
    """An artifact; `rows`: the first rows of a table, as HTML."""
    ref = row.ref
    facts: dict[str, page.Cell] = {
        "kind": f"{ref.kind} <{ref.type}>" if ref.type else ref.kind,
        "size": size_text(ref.size),
        "digest": page.code(ref.digest),
        "preview": None if rows else page.code(ref.preview),
    }
    name = f"{row.flow}/{row.run}/{row.step}/{row.task}/{row.name}"
    return page.page(page.title("Artifact", name), page.facts(facts), rows)


def artifacts_table(rows: Sequence[ArtifactRow]) -> str:
    """Names, kinds, sizes and previews; empty if there are none."""
    if not rows:
        return ""
    cells = [
        (
            row.name,
            f"{row.ref.kind} <{row.ref.type}>" if row.ref.type else row.ref.kind,
            size_text(row.ref.size),
            page.code(_short(row.ref.preview)),
        )
        for row in rows[:_MOST]
    ]
    more = f"<p>and {len(rows) - _MOST} more</p>" if len(rows) > _MOST else ""
    return page.table(("name", "kind", "size", "preview"), cells) + more


def _short(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= 100 else shown[:99] + "…"


def _run_facts(run: RunRow, now: float) -> Mapping[str, page.Cell]:
    code = run.code or {}
    commit = (code.get("git_commit") or "")[:12]
    return {
        "user": run.username,
        "started": _moment(run.created_at),
        "took": _took(run.created_at, run.finished_at, now) if run.finished_at or run.status == RUNNING else None,
        "tags": " ".join(run.tags),
        "resumes": run.origin,
        "git": commit + (" with changes" if commit and code.get("git_dirty") else ""),
        "host": run.info.get("host"),
    }


def _graph(run: RunRow, tasks: Sequence[TaskRow], now: float) -> str:
    flow = graph_of(run)
    return "" if flow is None else graph.svg(flow, _states(tasks, now))


def graph_of(run: RunRow) -> Graph | None:
    """The graph that the run kept; None if this version cannot read it."""
    try:
        return parse_graph(dict(run.graph))
    except PyflowError:
        return None


def _states(tasks: Iterable[TaskRow], now: float) -> dict[str, graph.State]:
    found: dict[str, list[TaskRow]] = {}
    for task in tasks:
        found.setdefault(task.step, []).append(task)
    return {step: _state(rows, now) for step, rows in found.items()}


def _state(rows: Sequence[TaskRow], now: float) -> graph.State:
    counts = Counter(row.status for row in rows)
    worst = next((status for status in _WORST if counts[status]), rows[0].status)
    took = seconds_text(sum(_seconds(row.created_at, row.finished_at, now) for row in rows))
    if len(rows) == 1:
        return graph.State(worst, took)
    bad = counts["failed"] + counts["crashed"]
    return graph.State(worst, f"{len(rows)} tasks{f', {bad} failed' if bad else ''}, {took}")


def _timeline(run: RunRow, tasks: Sequence[TaskRow], now: float) -> str:
    rows: dict[str, list[timeline.Bar]] = {}
    for task in tasks:
        # What was taken over ran before this run began.
        if task.created_at < run.created_at - 1:
            continue
        end = task.finished_at or (now if task.status == RUNNING else run.finished_at or task.created_at)
        title = f"{task.step}/{task.task}: {task.status}, {seconds_text(max(end - task.created_at, 0.0))}"
        bar = timeline.Bar(task.created_at - run.created_at, end - run.created_at, task.status, title)
        rows.setdefault(task.step, []).append(bar)
    return timeline.svg(list(rows.items()))


def _item(task: TaskRow) -> str:
    """`genres[2], folds[0]`: the items that it works on, from the outside in."""
    frames = [frame for frame in task.foreach if frame.get("foreach") or frame.get("parallel")]
    return ", ".join(f"{frame.get('foreach') or 'gang'}[{frame['index']}]" for frame in frames)


def _seconds(start: float, end: float | None, now: float) -> float:
    return max((end if end is not None else now) - start, 0.0)


def _took(start: float, end: float | None, now: float) -> str:
    return seconds_text(_seconds(start, end, now))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _error(data: Mapping[str, Any] | None) -> str:
    if data is None:
        return ""
    error = parse_error(dict(data))
    return error.traceback.rstrip() or f"{error.type}: {error.message}"
