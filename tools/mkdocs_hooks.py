"""What mkdocs does beside its configuration, so that every page can be read in the repository and on the site.

Pages that lie outside of docs/ are on the site, too; links to files of the repository that are no pages become text.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\((?!https?:|mailto:|#)([^)#\s]*)(#[^)\s]*)?\)")
OUTSIDE = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"} | {
    f"shared_spec/{path.name}": f"specification/{'index.md' if path.stem == 'README' else path.name}"
    for path in sorted((ROOT / "shared_spec").glob("*.md"))
}
INSIDE = {target: source for source, target in OUTSIDE.items()}


def on_files(files: Files, config: Any) -> Files:
    """Add the pages from outside of docs/."""
    for source, target in OUTSIDE.items():
        files.append(File.generated(config, target, content=(ROOT / source).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Turn links between files of the repository into links between pages."""
    here = page.file.src_uri
    source = INSIDE.get(here, f"docs/{here}")

    def link(match: re.Match[str]) -> str:
        text, path, anchor = match[1], match[2], match[3] or ""
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        uri = OUTSIDE.get(target) or target.removeprefix("docs/")
        if files.get_file_from_path(uri) is None:
            return text
        return f"[{text}]({posixpath.relpath(uri, posixpath.dirname(here) or '.')}{anchor})"

    return LINK.sub(link, markdown)
