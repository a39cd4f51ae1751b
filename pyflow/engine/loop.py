"""Connects the state machine to the ports: events in, actions out, one metadata transaction for each batch of events.

It decides nothing that engine.state could decide.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import replace

from pyflow.engine import plan as plans
from pyflow.engine import state as states
from pyflow.engine.plan import Artifacts, Plan
from pyflow.engine.state import Finish, Launch, RunState, Stop, Task, Wait
from pyflow.ports import Backend, BackendEvent, Ended, Metadata, Output, Reporter, Started, TaskLabel
from pyflow.spec import records
from pyflow.spec.records import Change
from pyflow.spec.task import TaskError, TaskResult

# Longest wait for the backend: how late a signal or a timer may be noticed.
TICK = 0.25
# How long after its own timeout a runner may take to report it, before the engine ends it.
TIMEOUT_SLACK = 5.0


class Engine:
    """Runs one plan to its end. `interrupt()` may be called from a signal handler."""

    def __init__(
        self,
        plan: Plan,
        *,
        backend: Backend,
        metadata: Metadata,
        reporter: Reporter,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self.plan = plan
        self.backend = backend
        self.metadata = metadata
        self.reporter = reporter
        self.clock = clock
        self.monotonic = monotonic
        self.state = RunState(plan.graph, plan.max_workers, plan.retry_wait)
        self.artifacts: dict[str, Artifacts] = {}
        self.pids: dict[str, int] = {}
        self.timers: list[tuple[float, str]] = []
        self.deadlines: dict[str, float] = {}
        self.timed_out: set[str] = set()
        self.stopping: set[str] = set()
        self.changes: list[Change] = []
        self.interrupts = 0
        self.done = 0

    def interrupt(self) -> None:
        """Ask the run to stop; asked again, the tasks get no grace time."""
        self.interrupts += 1

    def run(self) -> Finish:
        """Run to the end; returns how it ended."""
        self.changes.append(records.RunCreated(plans.run_row(self.plan, self.clock())))
        finish = self._advance(states.Begin(self.plan.has_parameters))
        seen = 0
        while finish is None:
            if self.interrupts > seen:
                seen = self.interrupts
                finish = self._interrupted(seen)
                continue
            finish = self._step()
        return finish

    def _step(self) -> Finish | None:
        events = [event for item in self.backend.wait(self._patience()) for event in self._translate(item)]
        now = self.monotonic()
        while self.timers and self.timers[0][0] <= now:
            events.append(states.Timer(heapq.heappop(self.timers)[1]))
        self._enforce_deadlines(now)
        finish = self._advance(*events)
        if events:
            self.reporter.progress(done=self.done, running=len(self.state.running), known=len(self.state.tasks))
        return finish

    def _patience(self) -> float:
        if not self.timers:
            return TICK
        return min(TICK, max(0.0, self.timers[0][0] - self.monotonic()))

    def _interrupted(self, times: int) -> Finish | None:
        if times == 1:
            return self._advance(states.Interrupt())
        for id in list(self.state.running):
            self.backend.stop(self._attempt_id(self.state.tasks[id]), 0.0)
        return self._advance()

    # Events of the backend -> events of the state machine

    def _translate(self, event: BackendEvent) -> list[states.Event]:
        task = self.state.tasks[event.id.rpartition(".")[0]]
        if isinstance(event, Output):
            self.reporter.output(self._label(task), event.stream, event.lines)
            return []
        if isinstance(event, Started):
            return self._started(task, event)
        return [self._ended(task, event)]

    def _started(self, task: Task, event: Started) -> list[states.Event]:
        self.pids[task.id] = event.pid
        self.changes.append(
            records.AttemptPid(self.plan.flow, self.plan.run, task.id, task.attempt, event.pid)
        )
        self.reporter.started(self._label(task))
        return [states.StartedEvent(task.id, task.attempt, event.pid)]

    def _ended(self, task: Task, event: Ended) -> states.Event:
        self.deadlines.pop(event.id, None)
        result, error = event.result, event.error
        if result is not None and result.ok:
            return self._success(task, result)
        if result is not None:
            error = result.error
        if error is None:
            error = TaskError("TaskCrashed", "the task ended without a result", code="step_crashed")
        if event.id in self.timed_out and result is None:
            error = replace(error, type="TimeoutException", code="step_timeout", message=self._timeout_message(task))
        return self._failure(task, result, error)

    def _success(self, task: Task, result: TaskResult) -> states.Event:
        artifacts = plans.all_artifacts(task, self.artifacts, own=result.artifacts, removed=result.removed)
        self.artifacts[task.id] = artifacts
        status = records.CAUGHT if result.caught else records.SUCCESS
        self._finished(task, status, result=result, artifacts=artifacts, final=True, error=result.error)
        self.reporter.ended(self._label(task), result, result.error)
        self.done += 1
        if result.foreach_count is not None:
            self.reporter.note(f"Foreach yields {result.foreach_count} child tasks.", self._label(task))
        return states.Succeeded(task.id, task.attempt, result.foreach_count)

    def _failure(self, task: Task, result: TaskResult | None, error: TaskError) -> states.Event:
        stopped = self._attempt_id(task) in self.stopping
        status = records.FAILED if result is not None else records.CRASHED
        artifacts = result.artifacts if result is not None else {}
        self._finished(
            task,
            records.INTERRUPTED if stopped else status,
            result=result,
            artifacts=artifacts,
            final=True,
            error=None if stopped else error,
        )
        if stopped:
            return states.Stopped(task.id, task.attempt)
        self.reporter.ended(self._label(task), result, error)
        return states.Failed(task.id, task.attempt, error, crashed=result is None)

    def _finished(
        self,
        task: Task,
        status: str,
        *,
        result: TaskResult | None,
        artifacts: Artifacts,
        final: bool,
        error: TaskError | None,
    ) -> None:
        self.changes.append(
            records.AttemptFinished(
                flow=self.plan.flow,
                run=self.plan.run,
                step=task.step,
                task=task.id,
                attempt=task.attempt,
                status=status,
                at=self.clock(),
                final=final,
                error=error,
                artifacts=artifacts,
                own=frozenset(result.artifacts) if result else frozenset(),
                warnings=result.warnings if result else (),
            )
        )

    # Actions of the state machine -> the ports

    def _advance(self, *events: states.Event) -> Finish | None:
        actions = [action for event in events for action in states.apply(self.state, event)]
        launches = [action for action in actions if isinstance(action, Launch)]
        finish = next((action for action in actions if isinstance(action, Finish)), None)
        for launch in launches:
            self._note_launch(self.state.tasks[launch.task])
        if finish is not None:
            self._note_finish(finish)
        self._commit()
        for launch in launches:
            self._launch(launch)
        self._wait_and_stop(actions)
        return finish

    def _commit(self) -> None:
        if self.changes:
            self.metadata.record(self.changes)
            self.changes = []

    def _note_launch(self, task: Task) -> None:
        now = self.clock()
        self.changes.append(
            records.AttemptStarted(
                plans.task_row(self.plan, task, now), plans.attempt_row(self.plan, task, now)
            )
        )

    def _launch(self, launch: Launch) -> None:
        task = self.state.tasks[launch.task]
        self.pids.pop(task.id, None)
        step = self.state.steps.get(task.step)
        timeout = plans.timeout_seconds(step) if step else 0.0
        if timeout:
            self.deadlines[self._attempt_id(task)] = self.monotonic() + timeout + TIMEOUT_SLACK
        self.backend.start(
            plans.request(self.plan, task, launch, step=step, tasks=self.state.tasks, done=self.artifacts)
        )

    def _wait_and_stop(self, actions: list[states.Action]) -> None:
        for action in actions:
            if isinstance(action, Wait):
                heapq.heappush(self.timers, (self.monotonic() + action.seconds, action.task))
                label = self._label(self.state.tasks[action.task])
                self.reporter.note(f"Task will be retried in {action.seconds:g} s.", label)
        stops = [action for action in actions if isinstance(action, Stop)]
        if stops:
            self.reporter.note(f"Stopping {len(stops)} active tasks...")
        for action in stops:
            id = f"{action.task}.{action.attempt}"
            self.stopping.add(id)
            self.backend.stop(id, self.plan.grace)

    def _note_finish(self, finish: Finish) -> None:
        error = None
        if finish.error is not None and finish.task is not None:
            task = self.state.tasks[finish.task]
            error = {**finish.error.to_json(), "step": task.step, "task": task.id, "attempt": task.attempt}
        at = self.clock()
        self.changes.append(records.RunFinished(self.plan.flow, self.plan.run, finish.status, at, error))

    def _enforce_deadlines(self, now: float) -> None:
        for id in [id for id, due in self.deadlines.items() if due <= now]:
            del self.deadlines[id]
            self.timed_out.add(id)
            self.backend.stop(id, 0.0)

    def _timeout_message(self, task: Task) -> str:
        seconds = plans.timeout_seconds(self.state.steps[task.step])
        return f"step {task.step} took longer than its timeout of {seconds:g} s and did not react, so it was ended"

    def _label(self, task: Task) -> TaskLabel:
        return TaskLabel(self.plan.run, task.step, task.id, task.attempt, self.pids.get(task.id))

    def _attempt_id(self, task: Task) -> str:
        return f"{task.id}.{task.attempt}"
