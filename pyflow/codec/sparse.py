"""Sparse matrices of scipy <-> nodes (artifact.md, section 4). scipy is imported when one is met, not before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pyflow.codec import vectors
from pyflow.codec.lazy import scipy_sparse
from pyflow.codec.vectors import Leaf

_PARTS = {"csc": ("data", "indices", "indptr"), "csr": ("data", "indices", "indptr"), "coo": ("data", "row", "col")}
CLASSES = tuple(f"scipy.sparse.{name}_{kind}" for name in _PARTS for kind in ("array", "matrix"))


def leaves(value: Any) -> tuple[Mapping[str, Any], list[Leaf]] | None:
    """The node's attr and its children; None for a class or a type of numbers that the format lacks."""
    kind = f"scipy.sparse.{type(value).__name__}"
    if kind not in CLASSES or len(value.shape) != 2:
        return None
    found = [vectors.from_numpy(getattr(value, name)) for name in _PARTS[value.format]]
    kept = [leaf for leaf in found if leaf is not None]
    if len(kept) != len(found):
        return None
    return {"dim": [int(size) for size in value.shape], "format": value.format, "class": {"python": kind}}, kept


def make(attr: Mapping[str, Any], parts: list[Any]) -> Any:
    """The matrix; `parts` are numpy arrays, the first None where every stored place is TRUE."""
    sparse = scipy_sparse()
    values, first, second = parts
    values = np.ones(len(first), dtype=bool) if values is None else values
    form, dim = attr["format"], tuple(attr["dim"])
    class_ = (attr.get("class") or {}).get("python")
    kind = class_.rpartition(".")[2] if class_ in CLASSES else f"{form}_array"
    inner = (values, (first, second)) if form == "coo" else (values, first, second)
    matrix = getattr(sparse, kind)(inner, shape=dim)
    for name, numbers in zip(_PARTS[form], parts, strict=True):
        # scipy chooses another width of index by itself.
        if numbers is not None:
            setattr(matrix, name, numbers)
    if form != "coo":
        matrix.check_format(full_check=True)
    return _whole(sparse, matrix, attr.get("part") or {})


def _whole(sparse: Any, matrix: Any, part: Mapping[str, Any]) -> Any:
    """The other half of a symmetric matrix, and the ones on the diagonal of a unit triangular one."""
    if "symmetric" in part:
        other = matrix.T - sparse.diags_array(matrix.diagonal(), dtype=matrix.dtype)
        return (matrix + other).asformat(matrix.format)
    if part.get("unit"):
        return (matrix + sparse.eye_array(*matrix.shape, dtype=matrix.dtype)).asformat(matrix.format)
    return matrix
