"""Small file systems of a test's own: they are filled to the last byte, turn read-only, and come back.

Mounting is not for everyone: a test that may not mount runs once more, alone, as the root of a namespace of its own, which
ordinary users may make where the kernel lets them. Where that is refused too the test is skipped, saying what is missing.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Set in the second run of a test, so that there is no third one.
INSIDE = "PYFLOW_TEST_IN_NAMESPACE"
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
MB = 1 << 20


class Disk:
    """A file system mounted at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.filler = folder / "filler"

    def fill(self, left: int = 0) -> None:
        """Take all room but `left` bytes."""
        with self.filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * MB)
            except OSError:
                pass
            # The last piece may have been refused as a whole.
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
            file.truncate(max(0, file.tell() - left))

    def free(self) -> None:
        self.filler.unlink()


@contextmanager
def memory_disk(folder: Path, size: int) -> Iterator[Disk]:
    """A disk of `size` bytes in memory."""
    folder.mkdir(parents=True)
    _mount("-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder))
    try:
        yield Disk(folder)
    finally:
        _unmount(folder)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Inside of the `with` nothing in `folder` can be opened for writing; what is open for writing already stays so."""
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,bind,ro", str(folder))
        yield
    finally:
        _unmount(folder)


class FailingDisk(Disk):
    """A disk with a real file system, which turns read-only as on a hardware error: open files cannot be written either."""

    def __init__(self, folder: Path, image: Path) -> None:
        super().__init__(folder)
        self.image = image

    def mount(self) -> None:
        _mount("-o", "loop,errors=remount-ro", str(self.image), str(self.folder))

    def sync(self) -> None:
        """Have on the device what was written so far; without this, the last seconds are lost when it fails."""
        subprocess.run(["sync", "-f", str(self.folder)], check=True)

    def fail(self) -> None:
        device = Path(subprocess.check_output(["findmnt", "-no", "SOURCE", str(self.folder)], text=True).strip())
        Path(f"/sys/fs/ext4/{device.name}/trigger_fs_error").write_text("a test")

    def repair(self) -> None:
        """As an administrator does it: unmount, check, mount."""
        subprocess.run(["umount", str(self.folder)], check=True, capture_output=True)
        subprocess.run(["e2fsck", "-fy", str(self.image)], capture_output=True)
        self.mount()


@contextmanager
def failing_disk(folder: Path, size: int) -> Iterator[FailingDisk]:
    """Skips the test where block devices are not to be had: that takes root, and a kernel with ext4 and loop devices."""
    folder.mkdir(parents=True)
    image = folder.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(size)
    disk = FailingDisk(folder, image)
    try:
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)
        disk.mount()
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"an ext4 file system on a loop device needs root: {getattr(error, 'stderr', None) or error}")
    try:
        yield disk
    finally:
        _unmount(folder)


def with_mounts(test: Callable[..., None]) -> Callable[..., None]:
    """A test that mounts: runs here if that is allowed, else in a namespace of its own."""

    @functools.wraps(test)
    def run(**values: object) -> None:
        if _may_mount():
            test(**values)
        elif INSIDE in os.environ:
            pytest.skip("file systems cannot be mounted, even in a namespace of the test's own")
        else:
            _run_inside(os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0])

    return run


def _run_inside(test: str) -> None:
    found = subprocess.run([*NAMESPACE, "true"], capture_output=True, text=True)
    if found.returncode:
        pytest.skip(f"mounting needs root or user namespaces: {found.stderr.strip()}")
    pytest_alone = [sys.executable, "-m", "pytest", "-o", "addopts=", "-q", "-rs", "-p", "no:cacheprovider"]
    environment = os.environ | {INSIDE: "1"}
    done = subprocess.run([*NAMESPACE, *pytest_alone, test], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    if "1 skipped" in done.stdout:
        pytest.skip(done.stdout)


@functools.cache
def _may_mount() -> bool:
    """Seen by trying: being root is not enough in a container."""
    tried = ("unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt")
    return subprocess.run(tried, capture_output=True).returncode == 0


def _mount(*args: str) -> None:
    done = subprocess.run(["mount", *args], capture_output=True, text=True)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, "mount", stderr=done.stderr.strip())


def _unmount(folder: Path) -> None:
    """Lazily: a process that has just been killed may have its working directory there."""
    subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
