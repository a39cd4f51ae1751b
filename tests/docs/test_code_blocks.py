"""Every code block of the README, the tutorial and the how-tos is run, page by page, and prints what the page says.

`UPDATE_DOCS=1 pytest -n0 tests/docs` writes what consoles print into the pages that differ; read the difference before it
is committed.
"""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, RUN, Block, blocks, pages
from tests.docs.reader import Reader, Wrong

MOST_NOT_RUN = 12


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_the_code_of_a_page_runs(page: Path, rlib, tmp_path):
    try:
        _read(Reader(tmp_path / "reader", rlib), page)
    except Wrong:
        if os.environ.get("UPDATE_DOCS") != "1":
            raise
        _read(Reader(tmp_path / "updated", rlib), page, update=True)


def _read(reader: Reader, page: Path, *, update: bool = False) -> None:
    """Do what a page says, and write what its consoles print into it if it is to be updated. Raises Wrong."""
    printed: list[tuple[Block, str]] = []
    try:
        for block in blocks(page):
            if block.runs:
                text = reader.read(_without_output(block) if update else block)
                printed.append((block, text))
        reader.run_the_rest()
    finally:
        reader.close()
        if update:
            _write(page, [(block, text) for block, text in printed if block.language == "console"], reader.ids)


def test_few_blocks_are_not_run(capsys):
    found = [block for page in pages() for block in blocks(page)]
    left_out = [block for block in found if block.reason is not None]
    with capsys.disabled():
        run = sum(block.runs for block in found)
        print(f"\n{run} code blocks are run, {len(left_out)} are not, {len(found) - run - len(left_out)} are no code")
    assert len(left_out) <= MOST_NOT_RUN, "\n".join(f"{block.place}: {block.reason}" for block in left_out)


def test_every_page_has_code_that_runs_in_both_languages():
    for page in pages():
        if page.parent.name == "tutorial" and page.stem != "index":
            languages = {block.language for block in blocks(page) if block.runs}
            assert {"python", "r", "console"} <= languages, page
    assert {block.language for page in pages() for block in blocks(page) if block.runs} >= RUN - {"sh"}


def _without_output(block: Block) -> Block:
    """A console's commands alone, where its output is to be written anew; what has `...` in it is kept."""
    if block.language != "console" or "\n..." in block.code or "Error" in block.code:
        return block
    lines = [line for line in block.code.splitlines() if line.startswith("$ ")]
    return Block(**{**vars(block), "code": "\n".join(lines) + "\n"})


def _write(page: Path, printed: list[tuple[Block, str]], ids: dict[str, str]) -> None:
    """Put what was printed into the page, where run ids in later commands are then those of the outputs."""
    text = page.read_text("utf-8")
    for block, output in reversed(printed):
        if "\n..." not in block.code and "Error" not in block.code:
            lines = "".join(f"{line.rstrip()}\n" for line in output.splitlines())
            text = text[: block.start] + textwrap.indent(lines, block.indent) + text[block.end :]
    for name, id in ids.items():
        text = text.replace(name, id)
    page.write_text(text, "utf-8")
