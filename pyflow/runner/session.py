"""The artifacts of one attempt: what it inherited, set and removed. The same for every language."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pyflow.hosts.masking import Mask
from pyflow.ports import Codec, Encoded, Store
from pyflow.runner.foreground import Foreground
from pyflow.runner.merge import merge_names
from pyflow.spec.errors import ArtifactError, ArtifactWarning, NotFoundError, UserError, Where, reading_artifact
from pyflow.spec.task import ArtifactRef, ForeachFrame, Input, TaskRequest


class Session:
    """Artifacts by name, as references; blobs go through the store."""

    def __init__(self, request: TaskRequest, store: Store, codec: Codec) -> None:
        self.request = request
        self.store = store
        self.codec = codec
        self.parameters = dict(request.parameters)
        self.inherited = {} if request.join or not request.inputs else dict(request.inputs[0].artifacts)
        self.own: dict[str, ArtifactRef] = {}
        self.removed: set[str] = set()
        self.warnings: list[str] = []
        # How many tasks the step itself has said it starts as a gang.
        self.said_size: object = None
        # What runner.secrets sets: the step's secrets, their mask, and where a process that we start is to print.
        self.secrets: dict[str, str] = {}
        self.mask = Mask(())
        # Set where a person runs the task in their terminal or session.
        self.foreground: Foreground | None = None
        self.logs = (Path(request.folder) / "stdout.log", Path(request.folder) / "stderr.log")

    def names(self) -> set[str]:
        """Every name the step can read on `self`."""
        return (self.parameters.keys() | self.inherited.keys() | self.own.keys()) - self.removed

    def ref(self, name: str, input: int | None = None) -> ArtifactRef:
        """Raises NotFoundError when there is no such artifact (`input`: in that input of a join)."""
        found: ArtifactRef | None
        if input is not None:
            found = {**self.parameters, **self._input(input).artifacts}.get(name)
        elif name in self.removed:
            found = None
        else:
            found = self.own.get(name) or self.inherited.get(name) or self.parameters.get(name)
        if found is None:
            source = "" if input is None else f" of input {input} (step {self._input(input).step})"
            raise NotFoundError(
                f"there is no artifact {name!r}{source}",
                code="artifact_missing",
                where=Where(step=self.request.step, artifact=name),
            )
        return found

    def reading(self, name: str) -> AbstractContextManager[None]:
        """Errors of the store name the artifact and the run."""
        return reading_artifact(f"artifact {name!r} of run {self.request.flow}/{self.request.run}")

    def path(self, ref: ArtifactRef, *, whole: bool = True) -> Path:
        """The local file of an artifact, checked if it is to be read as a whole."""
        return self.store.get(ref.digest, whole=whole)

    def save(self, name: str, encoded: Encoded) -> tuple[str, ...]:
        """Store a value under `name`; returns its announcements."""
        digest, size = self.store.put(encoded.chunks)
        self._set(name, encoded.ref(digest, size))
        self.warnings.extend(encoded.warnings)
        return tuple(encoded.warnings)

    def save_if_changed(self, name: str, value: Any) -> None:
        """Store `value`, which was read from artifact `name`, unless it still is what it was.

        A value that the other language made may be written differently here, so it is compared with what reading and
        writing alone give: a step that only looks must not rewrite.
        """
        path = self.path(self.ref(name))
        encoded = self.codec.encode(value, name)
        if not self.codec.unchanged(encoded, path, name):
            self.save(name, encoded)

    def keep(self, name: str, ref: ArtifactRef) -> None:
        """Take a blob over under `name` without touching it."""
        self._set(name, ref)

    def _set(self, name: str, ref: ArtifactRef) -> None:
        self.removed.discard(name)
        before = self.inherited.get(name)
        if before is not None and before.digest == ref.digest:
            self.own.pop(name, None)
        else:
            self.own[name] = ref

    def remove(self, name: str) -> None:
        self.own.pop(name, None)
        if name in self.inherited:
            self.removed.add(name)

    def merge(self, include: Iterable[str], exclude: Iterable[str], already: Iterable[str]) -> list[str]:
        """merge_artifacts: take over by digest what all inputs agree on; returns the names. All or nothing."""
        if not self.request.join:
            raise UserError(
                "merge_artifacts works only in a join step", code="merge_not_join", where=Where(step=self.request.step)
            )
        chosen = merge_names(
            [item.artifacts for item in self.request.inputs],
            include=frozenset(include),
            exclude=frozenset(exclude),
            already=frozenset(already) | self.own.keys() | self.parameters.keys(),
            step=self.request.step,
        )
        for name, ref in chosen.items():
            self._set(name, ref)
        return sorted(chosen)

    def index(self) -> int | None:
        """The number of this task in its gang or innermost foreach; None outside."""
        if self.request.parallel is not None:
            return int(self.request.parallel["node_index"])
        frame = self.frame()
        return frame.index if frame else None

    def frame(self) -> ForeachFrame | None:
        """The innermost foreach, or None outside of one."""
        return self.request.foreach[-1] if self.request.foreach else None

    def item(self, frame: ForeachFrame) -> Encoded:
        """The foreach item of a frame as an artifact of its own."""
        with self.reading("input"):
            return self.codec.item(self.store.get(frame.digest), frame.index, frame.language)

    def load(self, ref: ArtifactRef, name: str) -> Any:
        """The value of an artifact; what it loses by being read here is announced."""
        with self.reading(name):
            return self.codec.decode(self.path(ref), name, self.announce)

    def load_columns(self, ref: ArtifactRef, wanted: Sequence[Any], name: str) -> Any:
        """Some columns of a table, without reading the others."""
        with self.reading(name):
            return self.codec.columns(self.path(ref, whole=False), wanted, name, self.announce)

    def load_item(self, frame: ForeachFrame) -> Any:
        """The value of a frame's foreach item."""
        content = b"".join(bytes(chunk) for chunk in self.item(frame).chunks)
        return self.codec.decode(content, "input", self.announce)

    def announce(self, text: str) -> None:
        """Say it as a warning of Python and in the task's result, once."""
        if text not in self.warnings:
            self.warnings.append(text)
            warnings.warn(ArtifactWarning(text), stacklevel=6)

    def split_count(self) -> int | None:
        """How many child tasks this step's foreach makes; None for other steps."""
        transition = self.request.transition
        if transition["kind"] != "foreach":
            return None
        name = transition["foreach"]
        where = Where(step=self.request.step, artifact=name)
        try:
            ref = self.ref(name)
        except NotFoundError:
            raise ArtifactError(
                f"step {self.request.step} is to fan out over {name!r}, but has no artifact of that name",
                code="foreach_not_iterable",
                where=where,
                hint=f"Set it in the step (self.{name} = ...), or name another artifact in foreach.",
            ) from None
        try:
            count = self.codec.count(self.path(ref), self.request.language)
        except ArtifactError as error:
            raise ArtifactError(
                f"foreach over {name!r}: {error.message}", code=error.code, where=where, hint=error.hint
            ) from None
        if count == 0:
            raise ArtifactError(
                f"foreach over {name!r} has no items",
                code="foreach_empty",
                where=where,
                hint="A foreach needs an item at least; fill the list, or fail earlier with your own message.",
            )
        if count > self.request.max_num_splits:
            raise ArtifactError(
                f"foreach over {name!r} has {count} items, more than --max-num-splits {self.request.max_num_splits}",
                code="foreach_too_many",
                where=where,
                hint=f"If that is meant, run with --max-num-splits {count}.",
            )
        return count

    def _input(self, index: int) -> Input:
        return self.request.inputs[index]

    def input_refs(self, index: int) -> Mapping[str, ArtifactRef]:
        return {**self.parameters, **self._input(index).artifacts}
