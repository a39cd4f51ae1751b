"""Why a folder cannot be written: seen by trying, not by looking."""

from __future__ import annotations

import os

import pytest

from pyflow.process.places import why_unwritable
from tests.e2e.disks import MB, memory_disk, read_only, with_mounts


def test_a_folder_that_can_be_written_has_no_reason(tmp_path):
    assert why_unwritable(tmp_path / "new") is None
    assert os.listdir(tmp_path / "new") == []


def test_a_place_that_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    assert why_unwritable(tmp_path / "file") == "File exists"
    assert why_unwritable(tmp_path / "file" / "new") == "Not a directory"


@pytest.mark.parametrize("left", [0, 4096])
@with_mounts
def test_a_full_disk_has_room_for_names_only(tmp_path, left):
    with memory_disk(tmp_path / "disk", MB) as disk:
        disk.fill(left)
        assert why_unwritable(disk.folder) == "No space left on device"
        disk.free()
        assert why_unwritable(disk.folder) is None


@with_mounts
def test_a_place_that_is_read_only(tmp_path):
    with read_only(tmp_path):
        assert why_unwritable(tmp_path) == "Read-only file system"
