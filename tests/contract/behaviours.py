"""What llmmon depends on Grafana to do: the rows of docs/grafana-versions.md and of the report about a real server."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
# Of the majors in between no Grafana could be had; whoever has one: make contract GRAFANA_URL=...
RECORDED = 9
READ = (10, 11, 12, 13)


@dataclass(frozen=True)
class Behaviour:
    """One thing that llmmon depends on, and the rows of the recording that hold 9.4 to it; none where 9.4 lacks it.

    ``not_asked`` says why no test asks a server for it.
    """

    sentence: str
    recorded: tuple[str, ...] = ()
    not_asked: str = ""


BEHAVIOURS = {
    "classic-api": Behaviour("The classic API under `/api` answers; nothing is asked of `/apis`.", ("org.get",)),
    "health": Behaviour("`/api/health` tells the version and whether the database answers.", ("health.get",)),
    "nested-folders": Behaviour(
        "A folder goes into another by `parentUid` and moves by `/move`. 9.4 ignores the parent, and the run says so.",
        ("folder.create.parent",),
    ),
    "folder-version": Behaviour(
        "A folder is renamed with its version, or over all versions where Grafana tells none.",
        ("folder.update", "folder.update.stale", "folder.update.overwrite"),
    ),
    "folder-id": Behaviour("A folder needs no numeric id: it is known by its uid.", ("folder.get",)),
    "dashboard-place": Behaviour(
        "A dashboard lands in the folder of `folderUid`, which is looked at after the save.",
        ("dash.create", "dash.move", "dash.move.get", "dash.update.nofolder"),
    ),
    "title-taken": Behaviour(
        "A title that another dashboard of the folder has is refused before anything is written. 9.4 refuses it, too.",
        ("dash.title.same.otheruid",),
    ),
    "save-conflict": Behaviour(
        "A save over a version that is not the last is refused, and tried once more from what is there then.",
        ("dash.update.stale",),
    ),
    "storage-conflict": Behaviour(
        "A 409 of the storage that stays is told in Grafana's own words, after one more attempt.",
        not_asked="a fault of some databases, which nobody can bring about from outside",
    ),
    "dashboard-version": Behaviour(
        "Who saved a version, and with what message, is asked by uid and number.",
        ("dash.version.one", "dash.version.missing"),
    ),
    "newer-form": Behaviour(
        "A dashboard that Grafana gives in a newer form than it was pushed in is no change, no edit and no loss.",
    ),
    "search": Behaviour(
        "The search finds dashboards by tag, and folders, page by page, with the uid of their folder.",
        ("search.00", "search.01"),
    ),
    "folder-annotation": Behaviour(
        "A file with Grafana's resource around the dashboard is pushed as the dashboard in it, into our folder.",
    ),
    "schema-v2": Behaviour("A file in schema v2 is refused before anything is asked."),
    "data-source-by-uid": Behaviour(
        "Data sources are read, written and deleted by uid or name, never by number.",
        ("ds.create", "ds.get.uid", "ds.get.name", "ds.put.same", "ds.delete"),
    ),
    "data-source-uid": Behaviour(
        "A uid that newer releases refuse is refused before anything is asked. 9.4 takes it.", ("ds.create.baduid",)
    ),
    "data-source-health": Behaviour(
        "The health of a data source says whether it answers. 9.4 knows none, and Prometheus is asked a query instead.",
        ("ds.health.ok", "ds.dead.health", "proxy.get"),
    ),
    "data-source-proxy": Behaviour("A query goes through Grafana to the data source by its uid.", ("proxy.get",)),
    "service-accounts": Behaviour(
        "Service accounts, found by name, and their tokens are made, changed and deleted by number.",
        ("sa.create", "sa.search", "sa.patch", "sa.token", "sa.token.list", "sa.token.delete", "sa.delete"),
    ),
    "refused-token": Behaviour(
        "A token that Grafana does not take any more is a 401, of 9.4 also a 500, and is replaced.",
        ("sa.token.expired", "sa.token.deleted.use"),
    ),
    "losses": Behaviour("After an upgrade, a dashboard or folder that has gone or went back is found and named."),
    "search-index": Behaviour(
        "Beside the database lies the index of the search: no backup holds it, and Grafana builds it anew.",
        not_asked="files on the server's own host",
    ),
    "storage-state": Behaviour(
        "Beside the database lies what is said of its migration: a backup holds it, and it is known as Grafana's.",
        not_asked="files on the server's own host",
    ),
    "cli": Behaviour(
        "The admin password is reset by `grafana cli`, not by `grafana-cli`.",
        ("cli.reset.while.running",),
        not_asked="a command on the server's own host",
    ),
}


@dataclass(frozen=True)
class Marked:
    """A test that says which behaviour it is about: by documentation, or of whichever Grafana it is given."""

    name: str
    behaviours: tuple[str, ...]
    majors: tuple[int, ...] = ()
    source: str = ""


@functools.cache
def documented() -> tuple[Marked, ...]:
    """The scripted tests, each with the majors and the source that it is held to."""
    files = sorted((HERE / "documented").glob("test_*.py"))
    return tuple(test for path in files for test in _tests(path, "documented"))


@functools.cache
def confirming() -> tuple[Marked, ...]:
    """The tests that ask a Grafana, the stand-in or a real one."""
    return tuple(test for path in sorted(HERE.glob("test_client_*.py")) for test in _tests(path, "confirms"))


def _tests(path: Path, marker: str) -> Iterator[Marked]:
    """The marked tests of a file, read without running it: what they import is not there where the docs are written."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        marks = [found for found in getattr(node, "decorator_list", []) if _is_mark(found, marker)]
        if isinstance(node, ast.FunctionDef) and marks:
            call = marks[0]
            keywords = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
            yield Marked(
                f"{path.relative_to(HERE)}::{node.name}",
                tuple(ast.literal_eval(argument) for argument in call.args),
                tuple(keywords.get("majors", ())),
                source_of(ast.get_docstring(node) or ""),
            )


def _is_mark(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == f"pytest.mark.{name}"


def source_of(docstring: str) -> str:
    """What stands after "Source:", up to the next empty line."""
    found = re.search(r"^Source: (.+?)(?:\n\n|\Z)", docstring, re.DOTALL | re.MULTILINE)
    return " ".join(found[1].split()).removesuffix(".") if found else ""
