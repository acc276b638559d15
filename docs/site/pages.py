"""The pages of the documentation site: which there are, where they lie in it, and where their links lead."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import yaml

DOCS = PurePosixPath("docs")
COLLECTION = PurePosixPath("collections/llmmon")
# Written by antsibull-docs out of what the modules, plugins and roles say of themselves.
GENERATED = PurePosixPath("collection/index.md")
PICTURES = frozenset({".gif", ".jpg", ".png", ".svg", ".webp"})

# What looks like a link inside of code is none. A fence ends with its own mark, or with the file.
_FENCED = r"^[ \t]*(?P<fence>`{3,}|~{3,}).*?(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)"
_IN_LINE = r"(?P<tick>`+)(?!`).+?(?<!`)(?P=tick)(?!`)"
_LINK = r"(?P<before>\]\(|^\[[^\]\n]+\]:[ \t]+)(?P<target>[^()\s]+)"
_MARKDOWN = re.compile(f"(?P<code>{_FENCED}|{_IN_LINE})|{_LINK}", re.MULTILINE | re.DOTALL)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#", re.IGNORECASE)

_ELSEWHERE_NOW = """\
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{name}</title><meta http-equiv="refresh" content="0; url={page}"></head>
<body><a href="{page}">{name}</a></body>
</html>
"""

Pages = Mapping[PurePosixPath, PurePosixPath]


def pages(repository: Path) -> Pages:
    """Each page's file in the repository, with its place in the site. A README is what its folder opens with."""
    sources = [*repository.glob("*.md"), *(repository / DOCS).rglob("*.md")]
    found: dict[PurePosixPath, PurePosixPath] = {}
    for source in sorted(PurePosixPath(path.relative_to(repository)) for path in sources):
        place = source.relative_to(DOCS) if source.is_relative_to(DOCS) else source
        place = place.with_name(re.sub(r"^README\b", "index", place.name))
        if place in found.values():
            raise ValueError(f"{source} and another page would both be {place} of the site: rename one of them")
        found[source] = place
    return found


def rewritten(text: str, source: PurePosixPath, known: Pages, repository: Path, address: str) -> str:
    """A page's text with the links that hold in the site.

    A link to a file that is no page leads to the file at the repository's address: as plain text it would no longer
    say which file is meant, and a copy in the site would be one more thing that grows old. What leads nowhere stays
    as it is, for Sphinx to refuse it.
    """

    def replaced(match: re.Match[str]) -> str:
        if match["code"]:
            return match["code"]
        return match["before"] + _led(match["target"], source, known, repository, address)

    return _MARKDOWN.sub(replaced, text)


def _led(target: str, source: PurePosixPath, known: Pages, repository: Path, address: str) -> str:
    if _ELSEWHERE.match(target):
        return target
    path, mark, anchor = target.partition("#")
    wanted = PurePosixPath(os.path.normpath(source.parent / unquote(path)))
    page = next((known[page] for page in (wanted, wanted / "README.md", wanted / "index.md") if page in known), None)
    if page is None and not (repository / wanted).exists():
        return target
    if page is None and wanted.suffix not in PICTURES:
        return f"{address}/{wanted}{mark}{anchor}"
    place = page or picture(wanted)
    return os.path.relpath(place, known[source].parent) + mark + anchor


def targets(text: str) -> list[str]:
    """Where the links of a page lead that do not lead to another host or to the page itself."""
    found = (match["target"] for match in _MARKDOWN.finditer(text))
    return [target for target in found if target and not _ELSEWHERE.match(target)]


def picture(source: PurePosixPath) -> PurePosixPath:
    """Where a picture lies in the site."""
    return source.relative_to(DOCS) if source.is_relative_to(DOCS) else source


def contents(index: PurePosixPath, text: str, places: set[PurePosixPath]) -> str:
    """What an index page gets at its end: the list of the pages below it, which Sphinx makes its navigation from.

    They are in the order in which the page's own links name them; the others follow.
    """
    named = [PurePosixPath(os.path.normpath(index.parent / target.partition("#")[0])) for target in targets(text)]
    below = sorted(place for place in places if _index_above(place, places) == index)
    below.sort(key=lambda place: named.index(place) if place in named else len(named))
    listed = "".join(f"{os.path.relpath(place.with_suffix(''), index.parent)}\n" for place in below)
    return f"\n```{{toctree}}\n:hidden:\n\n{listed}```\n" if below else ""


def _index_above(place: PurePosixPath, places: set[PurePosixPath]) -> PurePosixPath | None:
    folders = place.parents if place.stem != "index" else place.parents[1:]
    return next((folder / "index.md" for folder in folders if folder / "index.md" in places), None)


def stage(repository: Path, target: Path, address: str) -> None:
    """Write what Sphinx reads: the pages, and the pictures that they show."""
    known = pages(repository)
    places = {*known.values(), GENERATED}
    for source, place in known.items():
        text = rewritten((repository / source).read_text(encoding="utf-8"), source, known, repository, address)
        if place.stem == "index":
            text += contents(place, text, places)
        (target / place).parent.mkdir(parents=True, exist_ok=True)
        (target / place).write_text(text, encoding="utf-8")
    for shown in sorted((repository / DOCS).rglob("*")):
        if shown.suffix in PICTURES:
            place = picture(PurePosixPath(shown.relative_to(repository)))
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(shown, target / place)


def keep_addresses(site: Path) -> None:
    """Let a runbook's page open at its address in the repository, too, which is what messages and dashboards link.

    Where a folder is asked for, every web server gives its index.
    """
    for page in sorted(site.rglob("runbooks/*.html")):
        folder = page.with_suffix(".md")
        folder.mkdir()
        text = _ELSEWHERE_NOW.format(name=page.stem, page=f"../{page.name}")
        (folder / "index.html").write_text(text, encoding="utf-8")


def stage_collection(repository: Path, target: Path) -> None:
    """Write the part of the collection that antsibull-docs reads, with defaults that it can show."""
    source = repository / COLLECTION
    target.mkdir(parents=True)
    for part in ("galaxy.yml", "meta", "plugins"):
        copy = shutil.copytree if (source / part).is_dir() else shutil.copyfile
        copy(source / part, target / part)
    for specification in sorted(source.glob("roles/*/meta/argument_specs.yml")):
        read: dict[str, Any] = yaml.safe_load(specification.read_text(encoding="utf-8"))
        for entry in read["argument_specs"].values():
            for option in _options(entry):
                tell_computed_default(option)
        written = target / specification.relative_to(source)
        written.parent.mkdir(parents=True)
        written.write_text(yaml.safe_dump(read, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _options(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for option in entry.get("options", {}).values():
        yield option
        yield from _options(option)


def tell_computed_default(option: dict[str, Any]) -> None:
    """Move a default that Ansible computes into the description, unless the option is a string.

    antsibull-docs wants a default of the option's own type; a template for a number or a boolean is none.
    """
    computed = option.get("default")
    if option.get("type", "str") == "str" or not isinstance(computed, str) or "{{" not in computed:
        return
    del option["default"]
    escaped = computed.replace("\\", "\\\\").replace(")", "\\)")
    description = option["description"]
    option["description"] = [
        *([description] if isinstance(description, str) else description),
        f"Computed by default, V({escaped}).",
    ]
