"""Write the lists in the collection's README from what each part says of itself: `python -m docs.collection`."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from docs.generate import sentences

COLLECTION = Path(__file__).resolve().parents[1] / "collections" / "llmmon"
TARGET = COLLECTION / "README.md"
BEGIN = (
    "<!-- From here on written by `make docs`: change what the playbooks, roles and plugins say of themselves. -->\n"
)


def documentation(path: Path) -> dict[str, Any]:
    """What DOCUMENTATION of a plugin's file says; empty when it has none. An action without a module has it in YAML."""
    if path.suffix == ".yml":
        described: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["DOCUMENTATION"]
        return described
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION":
            found: dict[str, Any] = yaml.safe_load(ast.literal_eval(node.value))
            return found
    return {}


def plugins(kind: str) -> Iterator[tuple[str, str]]:
    """Name and short description of each plugin of a kind that is documented."""
    for path in sorted((COLLECTION / "plugins" / kind).glob("*.[py][ym]*")):
        if found := documentation(path):
            yield found["module" if kind == "modules" else "name"], found["short_description"]


def roles() -> Iterator[tuple[str, str]]:
    """Name of each role and the short description of its main entry point."""
    for path in sorted((COLLECTION / "roles").glob("*/meta/argument_specs.yml")):
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
        yield path.parts[-3], next(iter(entries.values()))["short_description"]


def playbooks() -> Iterator[tuple[str, str]]:
    """Name of each playbook, without its suffix, and the comment at its top."""
    for path in sorted((COLLECTION / "playbooks").glob("*.yml")):
        lines = path.read_text(encoding="utf-8").splitlines()
        comment = []
        for line in lines[1:]:
            if not line.startswith("# "):
                break
            comment.append(line.removeprefix("# "))
        yield path.stem, " ".join(comment)


def table(title: str, command: str, rows: Iterator[tuple[str, str]]) -> str:
    """One section: how to read more, and a row for each part."""
    written = "".join(f"| `llmmon.stack.{name}` | {sentences(text)} |\n" for name, text in rows)
    return f"\n## {title}\n\n{command}\n\n| name | what it does |\n|---|---|\n{written}"


def lists() -> str:
    """All sections."""
    return BEGIN + "".join(
        (
            table("Playbooks", "`ansible-playbook -i INVENTORY NAME` runs one.", playbooks()),
            table("Roles", "`ansible-doc -t role NAME` shows the variables of one.", roles()),
            table("Modules", "`ansible-doc NAME` documents one.", plugins("modules")),
            table("Filters", "`ansible-doc -t filter NAME` documents one.", plugins("filter")),
            table("Lookups", "`ansible-doc -t lookup NAME` documents one.", plugins("lookup")),
            table("Callbacks", "`ansible-doc -t callback NAME` documents one.", plugins("callback")),
        )
    )


def document(written: str) -> str:
    """The README, given what is in it: people write it down to the mark."""
    return written.partition(BEGIN)[0] + lists()


if __name__ == "__main__":
    TARGET.write_text(document(TARGET.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {TARGET.name} of the collection", file=sys.stderr)
