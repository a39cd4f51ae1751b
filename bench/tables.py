"""The tables that the artifact benchmark moves. Needs numpy and pandas (2 or 3) alone: three environments make them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

SHAPES = ("numeric", "strings-low", "strings-high", "factors", "mixed")
# Bytes of a row as Arrow keeps it.
ROW = {"numeric": 80, "strings-low": 16, "strings-high": 24, "factors": 16, "mixed": 37}


def make(shape: str, size: int, *, nullable: bool = True) -> pd.DataFrame:
    """About `size` bytes. Missing floats of `mixed` are nulls, or NaN for those who know no nulls."""
    rows, random = max(size // ROW[shape], 1), np.random.default_rng(20)
    if shape == "numeric":
        return pd.DataFrame({f"x{k}": random.standard_normal(rows) for k in range(10)})
    if shape == "strings-low":
        return pd.DataFrame({"city": _cities(random, rows)})
    if shape == "strings-high":
        return pd.DataFrame({"id": _text([f"id-{k:013d}" for k in random.permutation(rows).tolist()])})
    if shape == "factors":
        return pd.DataFrame({f"f{k}": _factor(random, rows, 100) for k in range(4)})
    return _mixed(random, rows, nullable)


def _mixed(random: np.random.Generator, rows: int, nullable: bool) -> pd.DataFrame:
    numbers = random.standard_normal(rows)
    missing = np.arange(rows) % 100 == 0
    floats: Any = pd.array(numbers, dtype="Float64") if nullable else numbers
    floats[missing] = pd.NA if nullable else np.nan
    ticks = random.integers(1_500_000_000_000_000, 1_700_000_000_000_000, rows)
    return pd.DataFrame(
        {
            "count": random.integers(0, 1_000_000, rows).astype(np.int32),
            "amount": floats,
            "city": _cities(random, rows),
            "genre": _factor(random, rows, 8),
            "yes": random.random(rows) < 0.5,
            "at": pd.Series(ticks.view("M8[us]")).dt.tz_localize("UTC"),
        }
    )


def _cities(random: np.random.Generator, rows: int) -> Any:
    kinds = np.array([f"city {k}" for k in range(1000)], dtype=object)
    return _text(kinds[random.integers(0, 1000, rows)])


def _text(items: Any) -> Any:
    return pd.array(items, dtype="str") if int(pd.__version__.split(".")[0]) >= 3 else np.asarray(items, dtype=object)


def _factor(random: np.random.Generator, rows: int, levels: int) -> Any:
    codes = random.integers(0, levels, rows)
    return pd.Categorical.from_codes(codes, [f"level {k}" for k in range(levels)])
