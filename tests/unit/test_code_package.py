"""Which files a package has, that its bytes say nothing else, and that an unchanged folder is not packed again."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import time

import pytest

from pyflow.code import archive, choose, package
from pyflow.code.follow import followed
from pyflow.code.git import GitQuestion
from pyflow.code.package import make_package
from pyflow.store import create_root, open_store


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "flow.py").write_text("flow")
    return folder


def write(folder, files) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def root(tmp_path):
    return create_root(tmp_path / "elsewhere")


def pack(folder, root, **options):
    store = open_store({"type": "local", "root": str(root)})
    return make_package(folder / "flow.py", named=options.pop("named", []), store=store, root=root, **options)


def settle() -> None:
    """Let the files become old enough to be trusted."""
    time.sleep(package.SETTLED_NS / 1e9 + 0.02)


def test_source_below_the_folder(project, root):
    write(project, {"helper.py": "", "sub/deep/x.R": "", "data.csv": "", "sub/node_modules/x.py": ""})
    (project / ".hidden").mkdir()
    (project / ".hidden/x.py").write_text("")
    (project / ".env.py").write_text("")
    (project / "venv").mkdir()
    (project / "venv/pyvenv.cfg").write_text("")
    (project / "venv/x.py").write_text("")
    made = pack(project, root)
    assert set(made.files) == {"flow.py", "helper.py", "sub/deep/x.R"}
    assert sorted(path.name for path in made.copy.rglob("*") if path.is_file()) == ["flow.py", "helper.py", "x.R"]
    assert "data.csv" in pack(project, root, suffixes=[".csv"]).files


def test_gitignore_as_git_reads_it(project, root):
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    files = {
        ".gitignore": "*.json\n!keep.json\n/build/\n",
        "a.json": "",
        "keep.json": "",
        "build/x.py": "",
        "sub/build/y.py": "",
        "sub/.gitignore": "y2.py\n!inner.json\n",
        "sub/y2.py": "",
        "sub/inner.json": "",
    }
    write(project, files)
    command = ["git", "ls-files", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=project, check=True, capture_output=True, text=True).stdout.split()
    assert set(pack(project, root).files) == {name for name in listed if not name.endswith(".gitignore")}
    assert "sub/inner.json" in listed and "build/x.py" not in listed


def test_rules_above_the_folder_count_in_a_repository(project, root):
    write(project, {".gitignore": "secret.py\n", "flows/flow.py": "", "flows/secret.py": ""})
    assert "secret.py" in pack(project / "flows", root).files
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    assert set(pack(project / "flows", root).files) == {"flow.py"}


def test_named_files_always_belong(project, root, tmp_path):
    write(tmp_path, {"lib/model.R": "model"})
    write(project, {".gitignore": "ignored.py", "ignored.py": "", "notes.txt": ""})
    made = pack(project, root, named=[str(tmp_path / "lib/model.R"), str(project / "ignored.py")])
    assert set(made.files) == {"flow.py", "ignored.py", "_outside/1/lib/model.R"}
    assert (made.copy / "_outside/1/lib/model.R").read_text() == "model"


def test_what_is_imported_or_sourced_from_outside_belongs(project, tmp_path):
    files = {
        "lib/score.py": "import util\nfrom pack import part\nimport numpy\n",
        "lib/util.py": "",
        "lib/pack/__init__.py": "",
        "lib/pack/part.py": "",
        "lib/other.py": "",
    }
    write(tmp_path, files)
    write(tmp_path, {"lib/s.R": "source(\"lib/t.R\")\nsource(file = '../lib/nothing.R')", "lib/t.R": ""})
    found = followed([str(tmp_path / "lib/score.py"), str(tmp_path / "lib/s.R")], project, tmp_path)
    names = {os.path.relpath(path, tmp_path / "lib") for path in found}
    assert {"score.py", "util.py", "pack/part.py", "s.R", "t.R"} <= names
    assert "other.py" not in names


def test_equal_code_gives_equal_bytes(project, root, tmp_path):
    write(project, {"helper.py": "x"})
    first = pack(project, root).digest
    os.utime(project / "helper.py", (1, 1))
    assert pack(project, root).digest == first
    other = tmp_path / "other"
    write(other, {"helper.py": "x", "flow.py": "flow"})
    assert pack(other, root).digest == first
    (other / "helper.py").chmod(0o755)
    assert pack(other, root).digest != first


def test_an_unchanged_folder_is_not_packed_again(project, root, monkeypatch):
    write(project, {"helper.py": "x"})
    settle()
    first = pack(project, root)
    monkeypatch.setattr(package, "_pack", None)
    assert pack(project, root) == first


@pytest.mark.parametrize("change", ["edit", "add", "remove", "ignore"])
def test_every_change_is_seen(project, root, change):
    write(project, {"helper.py": "x"})
    settle()
    first = pack(project, root)
    if change == "edit":
        (project / "helper.py").write_text("y")
    elif change == "add":
        write(project, {"new.py": ""})
    elif change == "remove":
        (project / "helper.py").unlink()
    else:
        write(project, {".gitignore": "helper.py"})
    assert pack(project, root).digest != first.digest


def test_an_edit_right_after_packing_is_seen(project, root):
    for text in "abcdefghij":
        (project / "flow.py").write_text(text)
        assert archive.contents(open_store({"type": "local", "root": str(root)}).get(pack(project, root).digest)) == {
            "flow.py": text.encode()
        }


def test_the_archive_is_what_tarfile_writes(project, root):
    long = "a/" * 60 + "module.py"
    write(project, {"helper.py": "x" * 512, "ünï.py": "", long: "y" * 700})
    (project / "helper.py").chmod(0o755)
    made = pack(project, root)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as expected:
        for name in sorted(made.files):
            member = tarfile.TarInfo(name)
            member.size, member.mode = made.files[name], 0o755 if name == "helper.py" else 0o644
            expected.addfile(member, io.BytesIO((project / name).read_bytes()))
    blob = open_store({"type": "local", "root": str(root)}).get(made.digest)
    assert blob.read_bytes() == buffer.getvalue()
    assert {name: (made.copy / name).read_bytes() for name in made.files} == archive.contents(blob)


def test_an_edit_links_what_is_unchanged(project, root):
    write(project, {"helper.py": "x", "sub/other.R": "y", "gone.py": ""})
    (project / "helper.py").chmod(0o755)
    first = pack(project, root)
    write(project, {"flow.py": "edited", "new.py": ""})
    (project / "gone.py").unlink()
    second = pack(project, root)
    same = {name for name in second.files if (first.copy / name).exists()} - {"flow.py"}
    assert same == {"helper.py", "sub/other.R"}
    assert all((first.copy / name).samefile(second.copy / name) for name in same)
    assert [(made.copy / "flow.py").read_text() for made in (first, second)] == ["flow", "edited"]
    (project / "helper.py").chmod(0o644)
    third = pack(project, root)
    assert not (third.copy / "helper.py").samefile(second.copy / "helper.py")
    assert [(made.copy / "helper.py").stat().st_mode & 0o777 for made in (second, third)] == [0o555, 0o444]


@pytest.mark.parametrize("how", ["remove", "shorten", "write over"])
def test_a_damaged_extraction_is_made_again(project, root, how):
    """Also where the damaged file is one that several extractions share."""
    write(project, {"helper.py": "x = 1"})
    pack(project, root)
    settle()
    (project / "flow.py").write_text("edited")
    settle()
    made = pack(project, root)
    helper = made.copy / "helper.py"
    helper.chmod(0o644)
    if how == "remove":
        helper.unlink()
    else:
        with helper.open("r+") as file:
            file.truncate(1 if how == "shorten" else None)
            file.write("y")
    for text in ("edited", "flow", "edited again"):
        (project / "flow.py").write_text(text)
        copy = pack(project, root).copy
        assert [(copy / name).read_text() for name in ("flow.py", "helper.py")] == [text, "x = 1"]
        assert (copy / "helper.py").stat().st_mode & 0o222 == 0


def test_where_nothing_can_be_linked_files_are_written(project, root, monkeypatch):
    write(project, {"helper.py": "x"})
    first = pack(project, root)
    (project / "flow.py").write_text("edited")
    monkeypatch.setattr(os, "link", lambda *paths: (_ for _ in ()).throw(OSError("no links here")))
    second = pack(project, root)
    assert (second.copy / "helper.py").read_text() == "x"
    assert not (second.copy / "helper.py").samefile(first.copy / "helper.py")


def test_limits_leave_out_and_tell(project, root, monkeypatch):
    monkeypatch.setattr(choose, "FILE_LIMIT", 10)
    write(project, {"large.json": "1" * 11})
    assert pack(project, root).left_out.too_large == (("large.json", 11),)
    monkeypatch.setattr(choose, "COUNT_LIMIT", 2)
    write(project, {"a.py": "", "b.py": ""})
    made = pack(project, root)
    assert made.left_out.incomplete and len(made.files) == 2


def test_a_flow_of_a_session_stands_alone(project, root):
    (project / "flow.rds").write_bytes(b"x")
    store = open_store({"type": "local", "root": str(root)})
    assert set(make_package(project / "flow.rds", named=[], store=store, root=root).files) == {"flow.rds"}


def test_links_in_a_circle_end(project, root):
    (project / "circle").symlink_to(project)
    assert set(pack(project, root).files) == {"flow.py"}


def test_git_outside_of_a_repository_says_nothing(tmp_path):
    assert GitQuestion(tmp_path).answer() == {"git_commit": None, "git_branch": None, "git_dirty": None}


def test_git_before_the_first_commit(project):
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=project, check=True)
    assert GitQuestion(project).answer() == {"git_commit": None, "git_branch": "main", "git_dirty": True}
