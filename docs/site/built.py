"""What is wrong with a built site: links that lead nowhere, and what a page would load from another host."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

_READ = frozenset({".css", ".html", ".svg"})
# `href` of these elements is loaded with the page; that of a link waits for a click.
_LOADED_HREF = frozenset({"image", "link", "use"})
_LOADED = frozenset({"data", "poster", "src", "srcset"})
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_IN_PAGE = re.compile(r"data:", re.IGNORECASE)
_STYLE = re.compile(r"(?:url\(|@import)\s*['\"]?\s*(?P<target>[^'\")\s]+)", re.IGNORECASE)


class _Page(HTMLParser):
    """The anchors of a page, its links, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if not value:
                continue
            attribute = name.removeprefix("xlink:")
            if attribute == "id" or (tag == "a" and attribute == "name"):
                self.anchors.add(value)
            elif attribute == "style":
                self.loaded += [match["target"] for match in _STYLE.finditer(value)]
            elif attribute in _LOADED or (attribute == "href" and tag in _LOADED_HREF):
                self.loaded.append(value)
            elif attribute == "href":
                self.links.append(value)


def faults(site: Path) -> Iterator[str]:
    """One sentence for each fault of the pages, their styles and their pictures."""
    files = {path: path.read_text(encoding="utf-8") for path in sorted(site.rglob("*")) if path.suffix in _READ}
    read = {path: _Page(text) for path, text in files.items() if path.suffix != ".css"}
    for path, text in files.items():
        styles = [match["target"] for match in _STYLE.finditer(text)] if path.suffix == ".css" else []
        loaded = [*styles, *(read[path].loaded if path in read else [])]
        for target in loaded:
            if _ELSEWHERE.match(target) and not _IN_PAGE.match(target):
                yield f"{path.relative_to(site)} loads {target} from another host"
        for target in [*loaded, *(read[path].links if path in read else [])]:
            if not _ELSEWHERE.match(target) and not _leads(path, target, read):
                yield f"{path.relative_to(site)} links to {target}, which is not there"


def _leads(path: Path, target: str, read: dict[Path, _Page]) -> bool:
    name, _, anchor = target.partition("#")
    wanted = Path(os.path.normpath(path.parent / unquote(name.partition("?")[0]))) if name else path
    if not anchor or wanted not in read:
        return wanted.exists()
    return unquote(anchor) in read[wanted].anchors
