"""What is said about each mistake, in both languages, is what NAME.txt has; those texts are reviewed as prose.

After a change: `UPDATE_MESSAGES=1 pytest -n0 tests/messages`, and read the difference before it is committed.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.messages.mistakes import MISTAKES

FOLDER = Path(__file__).parent
LANGUAGES = ("python", "r")
# What differs from run to run.
VOLATILE = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}"), "TIME"),
    (re.compile(r"\b1[79]\d{14}\b"), "RUN"),
    (re.compile(r"\(pid \d+\)"), "(pid N)"),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", MISTAKES)
def test_message(request, project, update, name, language):
    mistake = MISTAKES[name]
    if (mistake.python if language == "python" else mistake.r) is None:
        pytest.skip(f"this mistake cannot be made in {language}")
    if language == "r":
        project.environment["R_LIBS"] = str(request.getfixturevalue("rlib"))
    said = said_by(project, mistake, language)
    path = FOLDER / f"{name}.txt"
    if update:
        path.write_text(joined(parts_of(path) | {language: said}))
    assert parts_of(path).get(language) == said


# Frames of ours in a traceback that Python itself shows, while a file is imported.
FRAMES = re.compile(r'  File "[^"]*/pyflow/define/[^"]*", line.*\n(    .*\n)*')

# What Python underlines differs between its versions.
MARKS = re.compile(r"(TIME \[[^]]*\])? *[~^]+ *")


def said_by(project, mistake, language) -> str:
    project.write(**mistake.files(language))
    for command in mistake.commands:
        done = project.call(*command.split())
    assert done.code in (1, 2), done.text
    text = FRAMES.sub("", done.out + done.err)
    text = text.replace(f"{project.folder}/", "").replace(str(project.folder), "FOLDER")
    for pattern, name in VOLATILE:
        text = pattern.sub(name, text)
    lines = [line.rstrip() for line in text.strip().splitlines() if not MARKS.fullmatch(line)]
    return "\n".join([f"$ {mistake.commands[-1]}   (exit {done.code})", *lines])


def parts_of(path: Path) -> dict[str, str]:
    """The text of each language in a file."""
    if not path.exists():
        return {}
    pieces = re.split(r"^== (\w+)\n", path.read_text(), flags=re.MULTILINE)
    return {language: text.strip() for language, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def joined(parts: dict[str, str]) -> str:
    return "\n".join(f"== {language}\n{parts[language]}\n" for language in LANGUAGES if language in parts)


def test_every_text_belongs_to_a_mistake():
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == sorted(MISTAKES)
