"""What the machine has, within the limits of its control groups."""

import os

import pytest

from pyflow.backends.machine import MB, capacity


def machine(tmp_path, own, **files):
    """The capacity with a tree of control groups: file contents by path."""
    for path, text in files.items():
        file = tmp_path / "cgroup" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "own").write_text(own)
    return capacity(tmp_path, cgroups=tmp_path / "cgroup", own=tmp_path / "own")


def test_without_limits_it_is_what_the_system_says(tmp_path):
    found = machine(tmp_path, "0::/\n")
    assert found["cpu"] == len(os.sched_getaffinity(0))
    assert found["memory"] == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MB
    assert found["disk"] > 0
    assert all(isinstance(value, float) for value in found.values())


@pytest.mark.parametrize(
    ("own", "files"),
    [
        ("0::/a/b\n", {"a/b/cpu.max": "50000 100000\n", "a/b/memory.max": f"{64 * MB}\n"}),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000", "a/cpu.max": "50000 100000", "a/b/memory.max": "max", "memory.max": f"{64 * MB}"}),
        ("0::/somewhere/else\n", {"cpu.max": "50000 100000", "memory.max": f"{64 * MB}"}),
        (
            "4:cpu,cpuacct:/job\n3:memory:/job\n1:name=systemd:/\n",
            {
                "cpu/job/cpu.cfs_quota_us": "50000",
                "cpu/job/cpu.cfs_period_us": "100000",
                "memory/job/memory.limit_in_bytes": f"{64 * MB}",
                "memory/memory.limit_in_bytes": "9223372036854771712",
            },
        ),
    ],
    ids=["version 2", "of an outer group", "inside of a container", "version 1"],
)  # fmt: skip
def test_the_limits_of_control_groups_count(tmp_path, own, files):
    found = machine(tmp_path, own, **files)
    assert (found["cpu"], found["memory"]) == (0.5, 64)


@pytest.mark.parametrize("text", ["-1", "max", "", "nonsense"])
def test_what_is_no_limit_is_none(tmp_path, text):
    found = machine(tmp_path, "4:cpu:/\n3:memory:/\n0::/\n", **{
        "cpu/cpu.cfs_quota_us": text, "cpu/cpu.cfs_period_us": "100000", "memory.max": text
    })  # fmt: skip
    assert found["cpu"] == len(os.sched_getaffinity(0))
    assert found["memory"] > 64


def test_an_affinity_counts(tmp_path):
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert machine(tmp_path, "")["cpu"] == 1
    finally:
        os.sched_setaffinity(0, before)


def test_hidden_devices_are_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert machine(tmp_path, "").get("gpu", 0.0) == 0.0
