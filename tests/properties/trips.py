"""One value's journey between the two languages, each leg compared with what the contract says."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any

from pyflow.codec import PythonCodec
from pyflow.codec.layout import from_layout
from tests.codec_values import same
from tests.properties.alike import Change, differences
from tests.properties.description import ANY, NA, Seen
from tests.properties.r_process import RProcess
from tests.properties.seen import Model, Refused

CODEC = PythonCodec()
CODE = re.compile(r"[a-z]+(?:_[a-z0-9]+)+")


@dataclass(frozen=True)
class Trip:
    """How a journey ended: `exact`, `mapped` (a type of the other language's, the values equal), `announced`, `refused`."""

    how: str
    announced: tuple[str, ...] = ()


def encoded(value: Any) -> tuple[bytes, tuple[str, ...]]:
    found = CODEC.encode(value, "x")
    return b"".join(found.chunks), tuple(found.warnings)


def decoded(data: bytes) -> tuple[Any, tuple[str, ...]]:
    """The value, and what reading it announced."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = CODEC.decode(data)
    return value, tuple(str(entry.message) for entry in caught)


def written(answer: dict[str, Any]) -> tuple[bytes, tuple[str, ...]]:
    """The artifact that R wrote, and what it announced."""
    assert "error" not in answer, answer["error"]
    return b"".join(from_layout(answer).chunks), tuple(answer["warnings"])


def from_python(value: Any, r: RProcess) -> Trip:
    """Python -> R -> Python."""
    data, said = encoded(value)
    back, _ = decoded(data)
    assert same(value, back), f"Python alone: {value!r} came back as {back!r}"
    assert encoded(back)[0] == data, "Python alone: the same value has other bytes"
    model = Model()
    try:
        expected = model.value(value)
    except Refused as refusal:
        answer = r.pass_on(data)
        assert answer.get("error", {}).get("code") == str(refusal), f"R should refuse ({refusal}), but: {answer}"
        return Trip("refused", (str(refusal),))
    answer = r.pass_on(data)
    assert "error" not in answer, f"R refuses: {answer['error']}"
    differ(expected, answer["seen"], "R sees")
    announced = set(answer["announced"])
    wrong = announced ^ model.announced
    assert wrong <= model.perhaps, f"announced {announced} instead of {model.announced}"
    again, more = written(answer["written"])
    returned, lost = decoded(again)
    how = arrived(value, returned, answer["seen"], (*said, *announced, *more, *lost))
    return Trip(how, (*said, *announced, *more, *lost))


def from_r(source: int | str, r: RProcess) -> Trip:
    """R -> Python -> R: the value of a seed or of an expression."""
    made = r.make(source)
    if "error" in made["written"]:
        return Trip("refused", (made["written"]["error"]["code"],))
    data, said = written(made["written"])
    assert r.compare(data)["identical"], "R alone: another value came back"
    value, lost = decoded(data)
    again, more = encoded(value)
    answer = r.compare(again)
    assert "error" not in answer, f"R refuses what Python made of its value: {answer['error']}"
    model = Model()
    differ(model.value(value), answer["seen"], "R sees")
    announced = (*said, *lost, *more, *answer["announced"])
    if answer["identical"]:
        return Trip("exact", announced)
    alike(made["seen"], answer["seen"], announced)
    return Trip("announced" if announced else "mapped", announced)


def differ(expected: Any, found: Any, what: str, place: str = "") -> None:
    """Fail where two descriptions are not the same."""
    if isinstance(expected, str) and expected == ANY:
        return
    if isinstance(expected, dict) and isinstance(found, dict):
        if "t" in expected:
            expected, found = plain(expected), plain(found)
        assert expected.keys() == found.keys(), f"{what} {place}: {found!r:.300}, expected {expected!r:.300}"
        for key, part in expected.items():
            differ(part, found[key], what, f"{place}/{key}")
    elif isinstance(expected, list) and isinstance(found, list):
        assert len(expected) == len(found), f"{what} {place}: {found!r:.300}, expected {expected!r:.300}"
        for number, (left, right) in enumerate(zip(expected, found, strict=True)):
            differ(left, right, what, f"{place}[{number}]")
    else:
        assert expected == found, f"{what} {place}: {found!r:.300}, expected {expected!r:.300}"


def plain(description: Seen) -> Seen:
    """With hexadecimal numbers in one notation, and without empty attributes."""
    values = description["v"]
    if description["t"] == "double" or (description["t"].endswith("Matrix") and isinstance(values, list)):
        values = [number(value) for value in values]
    elif description["t"] == "complex":
        values = [[number(part) for part in pair] for pair in values]
    return {"t": description["t"], "v": values, "a": description.get("a") or {}}


def number(value: str) -> str:
    return value if value in (NA, "NaN") else float.fromhex(value).hex()


def arrived(value: Any, returned: Any, seen_by_r: Seen, announced: tuple[str, ...]) -> str:
    """How a value came back to Python after R read and wrote it; fails if something changed in silence."""
    if unchanged(value, returned):
        return "exact"
    silent(differences(normal(seen_by_r), normal(Model().value(returned))), announced)
    return "announced" if announced else "mapped"


def unchanged(value: Any, returned: Any) -> bool:
    try:
        return same(value, returned)
    except AssertionError:
        return False


def alike(first: Seen, second: Seen, announced: tuple[str, ...]) -> None:
    """Fail where R gets back something else than it sent and nobody said so."""
    silent(differences(normal(first), normal(second)), announced)


def silent(changes: list[Change], announced: tuple[str, ...]) -> None:
    """Fail if a change was not announced."""
    said = {code for text in announced for code in CODE.findall(text)}
    found = [change.text for change in changes if not said.intersection(change.excuses)]
    assert not found, f"in silence: {found} (announced: {sorted(said)})"


def normal(value: Any) -> Any:
    """A description in one notation all the way down."""
    if isinstance(value, list):
        return [normal(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "t" not in value:
        return {key: normal(item) for key, item in value.items()}
    found = plain(value)
    return {"t": found["t"], "v": normal(found["v"]), "a": normal(found["a"])}
