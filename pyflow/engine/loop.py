"""Connects the state machine to the ports: events in, actions out, one metadata transaction for each batch of events.

It decides nothing that engine.state could decide.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator

from pyflow.engine import events
from pyflow.engine import plan as plans
from pyflow.engine import resume as resumes
from pyflow.engine import state as states
from pyflow.engine.events import Action, Failed, Finish, Launch, Stop, Succeeded, Wait
from pyflow.engine.outcome import Outcome, outcome
from pyflow.engine.plan import Artifacts, Plan
from pyflow.engine.state import RunState, Task
from pyflow.ports import Backend, BackendEvent, Ended, Metadata, Output, Reporter, Started, TaskLabel
from pyflow.spec import records
from pyflow.spec.errors import StoreError
from pyflow.spec.gangs import Limits
from pyflow.spec.records import Change
from pyflow.spec.task import PARAMETERS, TaskError

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
        self.state = RunState(plan.graph, plan.max_workers, plan.retry_wait, plan.capacity)
        # By task: all artifacts of a finished task.
        self.artifacts: dict[str, Artifacts] = {}
        self.limits = Limits(plan.graph, plan.max_workers, plan.capacity)
        # By attempt ("7.0").
        self.pids: dict[str, int] = {}
        self.deadlines: dict[str, float] = {}
        self.timed_out: set[str] = set()
        self.stopping: set[str] = set()
        self.timers: list[tuple[float, str]] = []
        # Not yet recorded.
        self.changes: list[Change] = []
        self.unrecorded: StoreError | None = None
        self.interrupts = 0
        self.interrupts_seen = 0

    def interrupt(self) -> None:
        """Ask the run to stop; asked again, the tasks get no grace time."""
        self.interrupts += 1

    def run(self) -> Finish:
        """Run to the end; returns how it ended. Raises StoreError if the run's beginning cannot be recorded; if that
        comes later, the run is interrupted, and the Finish has the error."""
        created = records.RunCreated(plans.run_row(self.plan, self.clock()))
        self.changes.append(created)
        finish = self._carry_out(self._apply(events.Begin(self.plan.has_parameters)))
        while finish is None:
            finish = self._interrupted() if self.interrupts > self.interrupts_seen else self._step()
        if self.unrecorded is None:
            return finish
        if created in self.changes:
            raise self.unrecorded
        error = TaskError("StoreError", str(self.unrecorded), self.unrecorded.code, retry=False)
        return Finish(records.INTERRUPTED, error)

    def _step(self) -> Finish | None:
        """Wait for what happens next, and do what follows from it."""
        ended = [found for item in self.backend.wait(self._patience()) if (found := self._receive(item))]
        actions: list[Action] = []
        # Failures first: nothing is started that a failure of the same moment would stop again.
        for item in sorted(ended, key=lambda found: not isinstance(found.event, Failed)):
            actions += self._apply(item.event)
            self._record(item)
        now = self.monotonic()
        while self.timers and self.timers[0][0] <= now:
            actions += states.apply(self.state, events.Timer(heapq.heappop(self.timers)[1]))
        self._enforce_deadlines(now)
        finish = self._carry_out(actions)
        if ended:
            self.reporter.progress(
                done=len(self.artifacts), running=len(self.state.running), known=len(self.state.tasks)
            )
        return finish

    def _patience(self) -> float:
        if not self.timers:
            return TICK
        return min(TICK, max(0.0, self.timers[0][0] - self.monotonic()))

    def _interrupted(self) -> Finish | None:
        self.interrupts_seen += 1
        if self.interrupts_seen == 1:
            return self._carry_out(states.apply(self.state, events.Interrupt()))
        for id in self.state.running:
            self.backend.stop(_attempt_id(self.state.tasks[id]), 0.0)
        return None

    def _apply(self, event: events.Event) -> list[Action]:
        """Advance the state; where a resumed run begins, by all that its origin has finished."""
        origin = self.plan.resumes
        if origin is None or not origin.begins_with(event):
            return states.apply(self.state, event)
        replay = resumes.replay(self.state, event, origin)
        now = self.clock()
        for id, found in replay.taken.items():
            self.artifacts[id] = origin.values if id == PARAMETERS else found.artifacts
            task = self.state.tasks[id]
            self.changes.append(plans.taken_over(self.plan, task, found, origin=origin.run, at=now))
        count = len(replay.taken.keys() - {PARAMETERS})
        are = "task is" if count == 1 else "tasks are"
        self.reporter.note(f"{count} finished {are} taken over from run {origin.run}.")
        return replay.actions

    # What the backend says

    def _receive(self, event: BackendEvent) -> Outcome | None:
        """Take note of an event; an attempt's end gives its outcome. What is not about a running attempt is ignored."""
        task = self.state.tasks.get(event.id.rpartition(".")[0])
        if task is None or not task.running or _attempt_id(task) != event.id:
            return None
        if isinstance(event, Output):
            self.reporter.output(self._label(task), event.stream, event.lines)
            return None
        if isinstance(event, Started):
            self._started(task, event)
            return None
        return self._ended(task, event)

    def _started(self, task: Task, event: Started) -> None:
        states.apply(self.state, events.StartedEvent(task.id, task.attempt, event.pid))
        self.pids[event.id] = event.pid
        self.changes.append(records.AttemptPid(self.plan.flow, self.plan.run, task.id, task.attempt, event.pid))
        timeout = self._timeout(task)
        if timeout:
            self.deadlines[event.id] = self.monotonic() + timeout + TIMEOUT_SLACK
        self.reporter.started(self._label(task))

    def _ended(self, task: Task, event: Ended) -> Outcome:
        timeout = self._timeout(task) if event.id in self.timed_out else 0.0
        step = self.state.steps.get(task.step)
        found = outcome(
            task,
            step,
            event,
            stopped=event.id in self.stopping,
            timeout=timeout,
            limits=self.limits,
        )
        if found.status != records.INTERRUPTED:
            self.reporter.ended(self._label(task), found.result, found.error)
        self.deadlines.pop(event.id, None)
        return found

    def _record(self, item: Outcome) -> None:
        """Note the end of an attempt for the metadata; it ends its task if no other attempt follows."""
        task = self.state.tasks[item.event.task]
        artifacts: Artifacts = item.result.artifacts if item.result else {}
        if isinstance(item.event, Succeeded) and item.result:
            artifacts = plans.all_artifacts(self.plan, task, self.artifacts, result=item.result)
            self.artifacts[task.id] = artifacts
            self._tell_what_follows(task, item.event)
        final = task.attempt == item.event.attempt
        self.changes.append(plans.finished(self.plan, task, item, at=self.clock(), final=final, artifacts=artifacts))

    def _tell_what_follows(self, task: Task, event: Succeeded) -> None:
        if event.choice is not None:
            self.reporter.note(f"Switch chooses {event.choice}.", self._label(task))
        elif event.foreach_count is not None and self.state.steps[task.step].transition.kind == "parallel":
            self.reporter.note(f"{event.foreach_count} tasks start at the same time.", self._label(task))
        elif event.foreach_count is not None:
            self.reporter.note(f"Foreach yields {event.foreach_count} child tasks.", self._label(task))

    def _enforce_deadlines(self, now: float) -> None:
        for id in [id for id, due in self.deadlines.items() if due <= now]:
            del self.deadlines[id]
            self.timed_out.add(id)
            self.backend.stop(id, 0.0)

    # What the state machine wants

    def _carry_out(self, actions: list[Action]) -> Finish | None:
        """First write down what happened and what is about to start, then do it."""
        launches = [action for action in actions if isinstance(action, Launch)]
        finish = next((action for action in actions if isinstance(action, Finish)), None)
        if not self._write_down(launches, finish):
            return finish or self._give_up(actions)
        for launch in launches:
            self._launch(launch)
        self._wait(action for action in actions if isinstance(action, Wait))
        self._stop(actions)
        return finish

    def _write_down(self, launches: Iterable[Launch], finish: Finish | None) -> bool:
        """One transaction; what happened is kept for the next one if this one fails."""
        changes = [*self.changes, *self._planned(launches, finish)]
        try:
            if changes:
                self.metadata.record(changes)
        except StoreError as error:
            if self.unrecorded is None:
                self.reporter.note("The run's record cannot be written; the run is ended.")
                self.unrecorded = error
            return False
        self.changes = []
        return True

    def _planned(self, launches: Iterable[Launch], finish: Finish | None) -> Iterator[Change]:
        now = self.clock()
        for launch in launches:
            task = self.state.tasks[launch.task]
            yield records.AttemptStarted(plans.task_row(self.plan, task, now), plans.attempt_row(self.plan, task, now))
        if finish is not None:
            task_of = None if finish.task is None else self.state.tasks[finish.task]
            yield plans.run_finished(self.plan, finish, task_of, at=now)

    def _give_up(self, actions: list[Action]) -> Finish | None:
        """Nothing starts that is not recorded, so the run is over: end what runs. What ended meanwhile is recorded with
        the run's end, if that is possible by then."""
        launches = [action for action in actions if isinstance(action, Launch)]
        actions = [*actions, *states.apply(self.state, events.Interrupt())]
        for launch in launches:
            actions += states.apply(self.state, events.Stopped(launch.task, launch.attempt))
        self._stop(actions)
        finish = next((action for action in actions if isinstance(action, Finish)), None)
        if finish is not None:
            self._write_down([], finish)
        return finish

    def _launch(self, launch: Launch) -> None:
        task = self.state.tasks[launch.task]
        if launch.caught is not None:
            self.reporter.note("No attempt is left; catch stores the error.", self._label(task))
        step = self.state.steps.get(task.step)
        self.backend.start(
            plans.request(self.plan, task, launch, step=step, tasks=self.state.tasks, done=self.artifacts)
        )

    def _wait(self, waits: Iterable[Wait]) -> None:
        for wait in waits:
            heapq.heappush(self.timers, (self.monotonic() + wait.seconds, wait.task))
            label = self._label(self.state.tasks[wait.task])
            self.reporter.note(f"Task will be tried again in {wait.seconds:g} s.", label)

    def _stop(self, actions: list[Action]) -> None:
        stops = [action for action in actions if isinstance(action, Stop) and action.task in self.state.running]
        if stops and self.state.phase == states.ACTIVE:
            self.reporter.note(f"A task of a gang failed; terminating the {len(stops)} others...")
        elif stops:
            self.reporter.note(f"Terminating {len(stops)} active tasks...")
        for stop in stops:
            id = f"{stop.task}.{stop.attempt}"
            self.stopping.add(id)
            # From here on the grace time counts, not the timeout.
            self.deadlines.pop(id, None)
            self.backend.stop(id, self.plan.grace)

    def _timeout(self, task: Task) -> float:
        step = self.state.steps.get(task.step)
        return plans.timeout_seconds(step) if step else 0.0

    def _label(self, task: Task) -> TaskLabel:
        return TaskLabel(self.plan.run, task.step, task.id, task.attempt, self.pids.get(_attempt_id(task)))


def _attempt_id(task: Task) -> str:
    return f"{task.id}.{task.attempt}"
