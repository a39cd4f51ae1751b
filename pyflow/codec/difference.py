"""What differs between two artifacts, as people read it. Natives of any language stay closed.

Tables are compared column by column on their Arrow arrays, whichever language or library made them; other values
part by part as Python reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pyflow.codec import ipc, native, preview, untree
from pyflow.codec.table import OpenTable, open_form_table
from pyflow.codec.types import Logical, to_json_text
from pyflow.spec.difference import LIMIT, Detail, Difference

_DEEPEST = 20


def difference(before: Path, after: Path) -> Difference:
    """What differs between two artifact files; raises StoreError for one that cannot be read."""
    old, new = ipc.open_file(before), ipc.open_file(after)
    if old.meta.get("form") == new.meta.get("form") == "table":
        with untree.reading():
            return _tables(open_form_table(old), open_form_table(new))
    values = [untree.decode(file, lambda proxy: proxy) for file in (old, new)]
    return values_differ(values[0], values[1])


def values_differ(before: Any, after: Any) -> Difference:
    """The same for two values."""
    found = list(_parts("", before, after, 0))
    if len(found) == 1 and found[0].place == "":
        return Difference(_line(found[0]), count=1)
    shown = f"{len(found)} parts differ" if len(found) != 1 else "1 part differs"
    lengths = [
        len(value) if isinstance(value, list | tuple | dict | set | frozenset) else None for value in (before, after)
    ]
    if None not in lengths and lengths[0] != lengths[1]:
        shown = f"{lengths[0]} items, now {lengths[1]}; {shown}"
    return Difference(shown if found else "equal values, written differently", tuple(found[:LIMIT]), len(found))


def _line(detail: Detail) -> str:
    return f"{detail.before} -> {detail.after}" + (f" ({detail.note})" if detail.note else "")


# Values other than tables.


def _parts(place: str, before: Any, after: Any, depth: int) -> Iterator[Detail]:
    kind = type(before)
    if depth < _DEEPEST and kind is type(after):
        if isinstance(before, Mapping):
            yield from _mappings(place, before, after, depth)
            return
        if isinstance(before, list | tuple):
            yield from _sequences(place, before, after, depth)
            return
        if isinstance(before, set | frozenset):
            yield from (Detail(place, preview.preview(item), None) for item in sorted(before - after, key=repr))
            yield from (Detail(place, None, preview.preview(item)) for item in sorted(after - before, key=repr))
            return
    if not same(before, after):
        yield Detail(place, _shown(before), _shown(after), _note(before, after))


def _mappings(place: str, before: Mapping[Any, Any], after: Mapping[Any, Any], depth: int) -> Iterator[Detail]:
    for key in {**before, **after}:
        where = f"{place}[{key!r:.80}]"
        if key not in after:
            yield Detail(where, _shown(before[key]), None)
        elif key not in before:
            yield Detail(where, None, _shown(after[key]))
        else:
            yield from _parts(where, before[key], after[key], depth + 1)


def _sequences(place: str, before: Sequence[Any], after: Sequence[Any], depth: int) -> Iterator[Detail]:
    for number in range(max(len(before), len(after))):
        where = f"{place}[{number}]"
        if number >= len(after):
            yield Detail(where, _shown(before[number]), None)
        elif number >= len(before):
            yield Detail(where, None, _shown(after[number]))
        else:
            yield from _parts(where, before[number], after[number], depth + 1)


def same(before: Any, after: Any) -> bool:
    """Whether two values are equal; missing values and NaN are equal to themselves."""
    if before is after:
        return True
    if type(before) is not type(after):
        return False
    if isinstance(before, native.NativeProxy):
        return before.bytes == after.bytes
    if isinstance(before, np.ndarray):
        return before.dtype == after.dtype and before.shape == after.shape and bool(_unequal(before, after).sum() == 0)
    if hasattr(before, "equals"):
        return bool(before.equals(after))
    try:
        return bool(before == after) or bool(before != before and after != after)
    except (TypeError, ValueError):
        return False


def _unequal(before: Any, after: Any) -> Any:
    differ = before != after
    if before.dtype.kind in "fc":
        differ &= ~(np.isnan(before) & np.isnan(after))
    return np.asarray(differ)


def _shown(value: Any) -> str:
    return preview.preview(value) if not isinstance(value, str) else repr(value)[: preview.LIMIT]


def _note(before: Any, after: Any) -> str:
    if isinstance(before, bool) or isinstance(after, bool):
        return ""
    if isinstance(before, int | float) and isinstance(after, int | float):
        return f"{after - before:+.6g}"
    if type(before) is not type(after):
        return f"{preview.type_name(before)}, now {preview.type_name(after)}"
    if isinstance(before, np.ndarray) and before.shape == after.shape and before.dtype == after.dtype:
        differ = _unequal(before, after)
        note = f"{int(differ.sum())} of {before.size} values differ"
        if before.dtype.kind in "fiu" and before.size:
            note += f", by at most {float(np.nanmax(np.abs(after.astype(float) - before.astype(float)))):.6g}"
        return note
    return ""


# Tables.


def _tables(before: OpenTable, after: OpenTable) -> Difference:
    old, new = _columns(before), _columns(after)
    details = [Detail(name, _type(old[name][0]), None, "column left out") for name in old if name not in new]
    details += [Detail(name, None, _type(new[name][0]), "new column") for name in new if name not in old]
    for name in old:
        if name in new:
            details.extend(_column(name, old[name], new[name]))
    rows = f"{before.rows} rows" if before.rows == after.rows else f"{before.rows} rows, now {after.rows}"
    columns = len(details)
    if columns == 0 and list(old) != list(new):
        return Difference(f"{rows}; the columns are in another order")
    shown = "1 column differs" if columns == 1 else f"{columns} columns differ"
    if columns == 0:
        shown = "equal columns, in another class or with another index"
    return Difference(f"{rows}; {shown}", tuple(details[:LIMIT]), columns)


def _columns(table: OpenTable) -> dict[str, tuple[Logical, pa.Array]]:
    """Columns and index levels by name; a name that comes again has its place added."""
    found: dict[str, tuple[Logical, pa.Array]] = {}
    for number, (name, column) in enumerate(zip(table.names, table.columns, strict=True)):
        shown = name or ""
        found[shown if shown not in found else f"{shown} ({number})"] = column
    return found


def _type(logical: Logical) -> str:
    return logical.type if not logical.levels and not logical.fields else to_json_text(logical.plain)[:80]


def _column(name: str, before: tuple[Logical, pa.Array], after: tuple[Logical, pa.Array]) -> Iterator[Detail]:
    (old_type, old), (new_type, new) = before, after
    retyped = _type(old_type) != _type(new_type)
    comparable = len(old) == len(new) and not retyped
    differ = _count_unequal(old, new) if comparable else None
    if differ == 0:
        return
    notes = [f"{_type(old_type)}, now {_type(new_type)}"] if retyped else []
    if differ is not None:
        notes.append(f"{differ} of {len(old)} values differ")
    summaries = _summary(old), _summary(new)
    if comparable or retyped or summaries[0] != summaries[1] or not _plain(old).equals(_plain(new)):
        yield Detail(name, *summaries, ", ".join(notes))


def _plain(array: pa.Array) -> pa.Array:
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _count_unequal(before: pa.Array, after: pa.Array) -> int:
    """How many values differ, place by place; a missing value is equal to a missing one, NaN to NaN."""
    old, new = _plain(before), _plain(after)
    if old.type == pa.null():
        return 0
    try:
        equal = pc.fill_null(pc.equal(old, new), False)
    except pa.ArrowNotImplementedError:
        pairs = zip(old.to_pylist(), new.to_pylist(), strict=True)
        return sum(not same(one, other) for one, other in pairs)
    equal = pc.or_(equal, pc.and_(pc.is_null(old), pc.is_null(new)))
    if pa.types.is_floating(old.type):
        nan = pc.and_(pc.fill_null(pc.is_nan(old), False), pc.fill_null(pc.is_nan(new), False))
        equal = pc.or_(equal, nan)
    return len(old) - (pc.sum(equal).as_py() or 0)


def _summary(array: pa.Array) -> str:
    """`mean 2.5, 1 to 4, 1 missing, 2 NaN`; `3 kinds, mostly 'a'`."""
    values = _plain(array)
    present = values.drop_null() if values.type != pa.null() else values.slice(0, 0)
    missing = f", {len(values) - len(present)} missing" if len(values) != len(present) else ""
    if pa.types.is_floating(present.type):
        numbers = present.filter(pc.invert(pc.is_nan(present)))
        missing += f", {len(present) - len(numbers)} NaN" if len(present) != len(numbers) else ""
        present = numbers
    return ("no values" if len(present) == 0 else _summary_of(present)) + missing


def _summary_of(present: pa.Array) -> str:
    kind = present.type
    if pa.types.is_boolean(kind):
        return f"{pc.sum(present).as_py()} of {len(present)} true"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        low, high = pc.min_max(present).as_py().values()
        return f"mean {pc.mean(present).as_py():.6g}, {low:.6g} to {high:.6g}"
    if pa.types.is_temporal(kind):
        low, high = pc.min_max(present).as_py().values()
        return f"{low} to {high}"
    if pa.types.is_large_string(kind):
        counts = pc.value_counts(present)
        most = max(zip(counts.field(1).to_pylist(), counts.field(0).to_pylist(), strict=True), key=lambda pair: pair[0])
        return f"{len(counts)} kinds, mostly {most[1][:40]!r}" if most[0] > 1 else f"{len(counts)} kinds"
    return f"{len(present)} values"
