from __future__ import annotations

import json
import os

import pytest

from pyflow.spec.errors import StoreError
from pyflow.store import create_root, find_root
from tests.suites.store_suite import finish, run_python


def test_made_once_and_found_upward(tmp_path):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    root = create_root(tmp_path)
    assert root == tmp_path / ".pyflow"
    assert json.loads((root / "format.json").read_text()) == {"format": "pyflow-store", "version": 1}
    assert create_root(tmp_path) == root
    assert find_root(tmp_path) == find_root(deep) == root
    assert [path.name for path in root.iterdir()] == ["format.json"]


def test_the_nearest_one_counts(tmp_path):
    inner = tmp_path / "a"
    inner.mkdir()
    create_root(tmp_path)
    create_root(inner)
    assert find_root(inner) == inner / ".pyflow"


def test_other_folders_of_that_name_are_none(tmp_path):
    (tmp_path / "a" / ".pyflow").mkdir(parents=True)
    create_root(tmp_path)
    assert find_root(tmp_path / "a") == tmp_path / ".pyflow"
    (tmp_path / "a" / ".pyflow" / "format.json").write_text('{"format": "else"}')
    assert find_root(tmp_path / "a") == tmp_path / ".pyflow"


def test_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("PYFLOW_ROOT", str(tmp_path / "x" / "runs"))
    create_root_elsewhere = tmp_path / "elsewhere"
    assert find_root(tmp_path) is None
    assert create_root(create_root_elsewhere) == tmp_path / "x" / "runs"
    assert find_root(tmp_path) == tmp_path / "x" / "runs"
    assert not create_root_elsewhere.exists()


def test_newer_store(tmp_path):
    (create_root(tmp_path) / "format.json").write_text('{"format": "pyflow-store", "version": 2}')
    for look in (find_root, create_root):
        with pytest.raises(StoreError, match="version 2") as caught:
            look(tmp_path)
        assert caught.value.code == "store_version"


def test_damaged_format(tmp_path):
    (create_root(tmp_path) / "format.json").write_text('{"form')
    with pytest.raises(StoreError, match=r"format\.json cannot be read") as caught:
        find_root(tmp_path)
    assert caught.value.code == "store_read"


def test_folder_that_cannot_be_written(tmp_path):
    code = """
        import sys
        from pathlib import Path
        from pyflow.spec.errors import StoreError
        from pyflow.store import create_root
        try:
            create_root(Path(sys.argv[1]))
        except StoreError as error:
            print(error.code, error.message)
    """
    os.chmod(tmp_path, 0o555)
    try:
        output = finish(run_python(code, tmp_path, unprivileged=True))
    finally:
        os.chmod(tmp_path, 0o755)
    assert output == f"store_write cannot make a store in {tmp_path}/.pyflow: Permission denied\n"
