"""Sparse matrices of scipy."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import scipy.sparse as sp

from pyflow.codec import PythonCodec, lazy
from pyflow.spec.errors import ArtifactError, StoreError
from tests.codec_values import NA_REAL, same
from tests.conformance.artifact_files import describe, good_file

CODEC = PythonCodec()
DENSE = np.array([[1.5, 0, -0.0], [0, np.nan, NA_REAL]])
KINDS = ["csr_array", "csc_array", "coo_array", "csr_matrix", "csc_matrix", "coo_matrix"]


def content(value):
    return b"".join(CODEC.encode(value, "x").chunks)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["f8", "f4", "i1", "i4", "i8", "u8", "?", "c16"])
def test_a_matrix_comes_back_the_same(kind, dtype):
    value = getattr(sp, kind)(np.array([[1, 0, 2], [0, 0, 3]]).astype(dtype))
    back = CODEC.decode(content(value))
    assert same(back, value)
    assert content(back) == content(value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (2, 2)])
def test_matrices_without_values(kind, shape):
    value = getattr(sp, kind)(shape)
    assert same(CODEC.decode(content(value)), value)


def test_what_is_stored_comes_back_as_it_was_stored():
    explicit = sp.csr_array((np.array([0.0, 2.0]), np.array([1, 0]), np.array([0, 2])), shape=(1, 2))
    assert same(CODEC.decode(content(explicit)), explicit)
    repeated = sp.coo_array((np.array([1.0, 2.0]), (np.array([0, 0]), np.array([1, 1]))), shape=(1, 2))
    assert CODEC.decode(content(repeated)).data.tolist() == [1.0, 2.0]
    wide = sp.csc_array((np.array([1.0]), np.array([0], "i8"), np.array([0, 1], "i8")), shape=(1, 1))
    assert CODEC.decode(content(wide)).indices.dtype == "i8"


def test_values_may_be_changed_in_place():
    back = CODEC.decode(content(sp.csr_array(DENSE)))
    back.data[0] = 7
    assert back[0, 0] == 7


@pytest.mark.parametrize("kind", ["lil_array", "dok_array", "bsr_array", "dia_array"])
def test_other_classes_are_native(kind):
    value = getattr(sp, kind)(np.eye(2))
    encoded = CODEC.encode(value, "x")
    assert encoded.kind == "native"
    assert (CODEC.decode(content(value)) != value).nnz == 0


def test_it_is_an_array_in_lists_and_as_an_artifact():
    encoded = CODEC.encode(sp.csr_array(DENSE), "x")
    assert (encoded.kind, encoded.preview) == ("array", "2 x 3 float64 sparse: 3 values stored")
    assert same(CODEC.decode(content({"m": [sp.csr_array(DENSE)]}))["m"][0], sp.csr_array(DENSE))


def test_without_scipy_the_error_has_the_command(monkeypatch):
    stored = content(sp.csr_array(DENSE))

    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    lazy.scipy_sparse.cache_clear()
    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ArtifactError, match="pip install scipy") as caught:
        CODEC.decode(stored)
    assert caught.value.code == "package_missing"
    lazy.scipy_sparse.cache_clear()


@pytest.mark.parametrize(
    ("child", "values"),
    [
        (1, ["0", "9", "1"]),
        (1, ["0", "-1", "1"]),
        (2, ["0", "9", "3"]),
        (2, ["0", "2", "1"]),
        (2, ["0", "3"]),
        (0, ["1.0"]),
    ],
)
def test_places_that_do_not_fit_are_refused(child, values):
    tree = describe(content(sp.csr_array(DENSE)))
    tree["children"][child]["values"] = values
    with pytest.raises(StoreError) as caught:
        CODEC.decode(good_file(tree))
    assert caught.value.code == "artifact_corrupt"


def test_foreach_over_the_rows(tmp_path):
    path = tmp_path / "m.arrow"
    path.write_bytes(content(sp.csr_matrix(DENSE)))
    assert CODEC.count(path, "python") == 2
    row = CODEC.decode(b"".join(CODEC.item(path, 0, "python").chunks))
    assert row.toarray().tolist() == [[1.5, 0.0, 0.0]]
    assert CODEC.count(path, "r") == 6
    cells = [CODEC.decode(b"".join(CODEC.item(path, k, "r").chunks)) for k in range(3)]
    assert (cells[0], cells[1], cells[2]) == (1.5, 0.0, 0.0)
