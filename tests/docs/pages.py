"""The code blocks of a page, as the page shows them.

A block is a fence with a language. What is done with it:

* with a title (```python title="flow.py"): a file of that name, written where the page says so;
* `console`: commands behind `$ `, one after the other; the other lines are what they print, `...` stands for any lines;
* `bash`, `sh`: a script, which has to succeed;
* `python`, `r`: lines of a session that lasts for the whole page; lines `#> text` are among those
  that they print, in this order;
* any other language: shown, not run.

`<!-- not run: REASON -->` above a block leaves it out. A block inside of a comment is hidden from the reader, and is run;
`$CHECKOUT` is the folder of the repository there.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(
    r"(?P<skip><!-- not run: (?P<reason>[^\n]*?) -->\n\s*)?"
    r"^(?P<indent> *)```(?P<language>[a-z]+)(?P<options>[^\n`]*)\n(?P<code>.*?)^(?P=indent)```$",
    flags=re.MULTILINE | re.DOTALL,
)
SNIPPET = re.compile(r'^--8<-- "(?P<path>[^"]+)"$', flags=re.MULTILINE)
RUN = frozenset({"console", "bash", "sh", "python", "r"})


@dataclass(frozen=True)
class Block:
    """`reason`: why it is not run, if the page says so. `start` and `end`: where its code stands in the page's text."""

    page: Path
    line: int
    language: str
    title: str | None
    reason: str | None
    code: str
    indent: str
    start: int
    end: int

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def runs(self) -> bool:
        return self.reason is None and (self.title is not None or self.language in RUN)


def pages() -> list[Path]:
    """The pages whose code is run."""
    return [
        ROOT / "README.md",
        *sorted((ROOT / "docs").glob("tutorial/*.md")),
        *sorted((ROOT / "docs").glob("howto/*.md")),
    ]


def blocks(page: Path) -> list[Block]:
    """The blocks of a page in their order."""
    text = page.read_text("utf-8")
    return [_block(page, text, match) for match in FENCE.finditer(text)]


def _block(page: Path, text: str, match: re.Match[str]) -> Block:
    title = re.search(r'title="([^"]+)"', match["options"])
    code = textwrap.dedent(match["code"]) if match["indent"] else match["code"]
    return Block(
        page=page,
        line=text.count("\n", 0, match.start("indent")) + 1,
        language=match["language"],
        title=title[1] if title else None,
        reason=match["reason"],
        code=SNIPPET.sub(lambda found: (ROOT / found["path"]).read_text("utf-8").rstrip("\n"), code),
        indent=match["indent"],
        start=match.start("code"),
        end=match.end("code"),
    )
