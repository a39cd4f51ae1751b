"""merge_artifacts: which artifacts all inputs of a join agree on. Pure; compares digests, opens nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyflow.spec.errors import MergeError, UserError, Where
from pyflow.spec.task import ArtifactRef


def merge_names(
    inputs: Sequence[Mapping[str, ArtifactRef]],
    *,
    include: frozenset[str],
    exclude: frozenset[str],
    already: frozenset[str],
    step: str,
) -> dict[str, ArtifactRef]:
    """The artifacts to take over, by name.

    Raises MergeError `merge_conflict` naming every artifact that differs between inputs that have it, `merge_missing`
    for names of `include` that an input lacks, UserError `merge_arguments` when include and exclude are both given.
    """
    where = Where(step=step)
    if include and exclude:
        raise UserError("merge_artifacts takes include or exclude, not both", code="merge_arguments", where=where)
    present = {name for artifacts in inputs for name in artifacts}
    wanted = (include or present) - exclude - already
    missing = sorted(name for name in include - already if any(name not in artifacts for artifacts in inputs))
    if missing:
        raise MergeError(
            f"merge_artifacts was told to include {_listed(missing)}, which not every input has",
            code="merge_missing",
            where=where,
            hint="Set it in every branch, or leave it out of include.",
        )
    chosen: dict[str, ArtifactRef] = {}
    conflicts: list[str] = []
    for name in sorted(wanted):
        refs = [artifacts[name] for artifacts in inputs if name in artifacts]
        if any(ref.digest != refs[0].digest for ref in refs):
            conflicts.append(name)
        else:
            chosen[name] = refs[0]
    if conflicts:
        raise MergeError(
            f"merge_artifacts found different values of {_listed(conflicts)} in the inputs",
            where=where,
            hint=f"Set {conflicts[0]} yourself before merging, or name it in exclude.",
        )
    return chosen


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
