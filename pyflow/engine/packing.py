"""Which ready task may start: in the order of their numbers, and never more at once than the machine has. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping

Needs = Mapping[str, float]


class Packing:
    """Ready tasks by step, and what the running ones take.

    The first task that does not fit keeps its claim: a later one passes it only if the two fit side by side with all
    that passed it before. So a big task waits at most until what ran before it has ended.
    """

    def __init__(self, capacity: Needs, needs: Mapping[str, Needs]) -> None:
        self.capacity = capacity
        self.needs = needs
        self.queues: dict[str, list[int]] = {}
        self.counts: dict[int, int] = {}
        self.running: dict[int, Needs] = {}

    def __iter__(self) -> Iterator[int]:
        """The numbers of the ready tasks, in order."""
        return iter(sorted(number for queue in self.queues.values() for number in queue))

    def add(self, number: int, step: str, count: int = 1) -> None:
        """Task `number` of `step`, or the gang of `count` tasks that it begins, may start as soon as it fits."""
        heapq.heappush(self.queues.setdefault(step, []), number)
        if count > 1:
            self.counts[number] = count

    def take(self) -> int | None:
        """The task to start now, from here on counted as running; None if none fits."""
        blocked: tuple[int, Needs] | None = None
        for number, step in sorted((queue[0], step) for step, queue in self.queues.items() if queue):
            need = self._need(number, step)
            if self._fits(need) and (blocked is None or not need or self._passes(need, *blocked)):
                self._start(number, step)
                return number
            blocked = blocked or (number, need)
        return None

    def _need(self, number: int, step: str) -> Needs:
        need, count = self.needs.get(step, {}), self.counts.get(number, 1)
        return need if count == 1 else {name: amount * count for name, amount in need.items()}

    def release(self, number: int) -> None:
        """What task `number` took is free again."""
        self.running.pop(number, None)

    def _start(self, number: int, step: str) -> None:
        """The tasks of a gang have consecutive numbers; what each takes is free when it ends."""
        heapq.heappop(self.queues[step])
        need = self.needs.get(step)
        if need:
            self.running |= dict.fromkeys(range(number, number + self.counts.get(number, 1)), need)

    def _fits(self, need: Needs) -> bool:
        return all(self._used(name) + amount <= self.capacity[name] for name, amount in need.items())

    def _passes(self, need: Needs, first: int, claim: Needs) -> bool:
        """Whether `need` leaves room for the claim of task `first` once all that is older than it has ended."""
        return all(
            self._used(name, after=first) + amount + claim.get(name, 0.0) <= self.capacity[name]
            for name, amount in need.items()
        )

    def _used(self, name: str, *, after: int = -1) -> float:
        return sum(need.get(name, 0.0) for number, need in self.running.items() if number > after)
