"""The kinds of Python values that journeys are made with; a literal dict, so that one kind can be tried alone."""

from __future__ import annotations

from tests.properties import special, tables, values
from tests.properties.values import Strategy

KINDS: dict[str, Strategy] = {
    "scalar": values.scalars,
    "container": values.containers(values.scalars),
    "packed": values.packed,
    "set": values.sets,
    "range": values.ranges,
    "array": values.arranged,
    "masked": values.masked,
    "numpy-scalar": values.numpy_scalars,
    "nul": values.texts_with_nul,
    "nested": values.containers(values.arrays | tables.any_series | tables.any_frame),
    "frame": tables.any_frame,
    "series": tables.any_series,
    "index": tables.any_index,
    "pandas-array": tables.any_array,
    "moment": tables.moments,
    "special": special.special,
    "special-frame": special.frames,
    "structured": special.structured,
    "sparse-matrix": special.matrices,
    "object": special.objects | special.single_periods | special.single_intervals,
    "arrow-table": special.arrow_tables,
}
