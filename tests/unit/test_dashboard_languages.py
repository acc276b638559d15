"""The dashboards in another language: the same ones, every text translated, every part still finding what it names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from dashboards import translating
from dashboards.__main__ import FOLDER, documents, folder_of
from tests.standins.grafana.slug import slugify
from tests.support import rendering
from tests.support.languages import faults

by_language = pytest.mark.parametrize("code", translating.codes())
# Keys of texts that people read. What else differs are names that follow them.
READ = {"title", "description", "label", "name", "noValue", "text", "titleFormat", "textFormat", "legendFormat"}
FOLLOWING = {"displayName", "options", "url", "unit", "value"}


@cache
def built(code: str) -> tuple[translating.Language, dict[str, str]]:
    language = translating.Language.of(code)
    return language, documents(language)


def differences(english: Any, other: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where two dashboards differ."""
    if isinstance(english, dict) and isinstance(other, dict) and english.keys() == other.keys():
        for key in english:
            yield from differences(english[key], other[key], (*path, key))
    elif isinstance(english, list) and isinstance(other, list) and len(english) == len(other):
        for mine, theirs in zip(english, other, strict=True):
            yield from differences(mine, theirs, path)
    elif english != other:
        yield path


@by_language
def test_every_text_has_a_translation_and_every_translation_is_used(code: str) -> None:
    language, _ = built(code)
    assert sorted(set(language.missing)) == []
    assert sorted(set(translating.sentences(code)) - language.used) == []


@by_language
def test_grafana_can_tell_the_titles_apart(code: str) -> None:
    """Grafana 9.4 compares those of a folder by their Latin letters alone; a change of language replaces one by one."""
    english = {json.loads(text)["uid"]: json.loads(text)["title"] for text in documents().values()}
    titles = {json.loads(text)["uid"]: json.loads(text)["title"] for text in built(code)[1].values()}
    assert titles.keys() == english.keys()
    for uid, title in titles.items():
        others = {other for other in titles if other != uid}
        assert slugify(title) not in {slugify(boards[other]) for other in others for boards in (titles, english)}


@by_language
def test_translations_have_what_the_english_texts_name(code: str) -> None:
    assert faults(translating.sentences(code)) == []


@by_language
def test_the_committed_files_are_what_the_code_writes(code: str) -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in folder_of(code).glob("*.json")}
    assert committed == built(code)[1], "run: make dashboards"


@by_language
def test_only_texts_are_different(code: str) -> None:
    """So that switching the language changes no query, no uid and no place of a panel."""
    for name, content in documents().items():
        english, other = json.loads(content), json.loads(built(code)[1][name])
        for path in differences(english, other):
            assert path[-1] in READ | FOLLOWING or path[-2] == "renameByName", path


@by_language
def test_what_names_a_line_or_a_column_finds_it(code: str) -> None:
    for name, content in documents().items():
        for english, other in zip(panels(content), panels(built(code)[1][name]), strict=True):
            assert named(english) == named(other), other["title"]


def panels(content: str) -> list[dict[str, Any]]:
    board = json.loads(content)
    found = [panel for outer in board["panels"] for panel in (outer, *outer.get("panels", ()))]
    return [panel for panel in found if panel["type"] != "row"]


def named(panel: dict[str, Any]) -> list[int | str]:
    """Which of the panel's lines and columns are named, by number, in colours, order and links."""
    lines = [target.get("legendFormat", "") for target in panel["targets"]]
    renamed = [move["options"].get("renameByName", {}) for move in panel.get("transformations", ())]
    names = [*lines, *(heading for headings in renamed for heading in headings.values())]
    content = json.dumps(panel, ensure_ascii=False)
    asked = [
        *(override["matcher"]["options"] for override in panel["fieldConfig"].get("overrides", ())),
        *(by["displayName"] for by in panel["options"].get("sortBy") or ()),
        *re.findall(r"__data\.fields\.([^:}]+)", content),
    ]
    return [
        [bool(re.search(one.strip("/"), line)) for line in lines].index(True)
        if one.startswith("/")
        # A line that is called after the value of a label.
        else (names.index(one) if one in names else one)
        for one in asked
    ]


@by_language
def test_panels_lead_to_the_runbooks_of_the_language(code: str) -> None:
    """Of a panel, and of an alert in the table of what fires now: by one variable, as the rules say."""
    there = {path.stem for path in (rendering.REPOSITORY / "docs" / code / "runbooks").glob("*.md")}
    found: set[str] = set()
    for content in built(code)[1].values():
        leads = re.findall(r"\$\{(\w+)\}/([^/\"]+)\.md", content)
        assert {variable for variable, _ in leads} <= {"runbooks"}
        found |= {alert for _, alert in leads}
        (variable,) = [one for one in json.loads(content)["templating"]["list"] if one["name"] == "runbooks"]
        assert variable["query"]["query"] == "label_values(llmmon:runbooks, url)"
        assert variable["current"]["value"].endswith(f"/docs/{code}/runbooks")
        assert variable["current"]["text"] == variable["current"]["value"]
    assert "${__value.raw}" in found
    assert found - {"${__value.raw}"} <= there


@by_language
def test_the_role_ships_those_of_the_language(code: str) -> None:
    role = rendering.REPOSITORY / "roles" / "grafana"

    def shipped(**chosen: str) -> set[str]:
        variables = rendering.role_variables(role) | {"role_path": str(role)} | chosen
        found: list[str] = Templar(loader=DataLoader(), variables=variables).template(
            variables["__llmmon_grafana_shipped_dashboards"]
        )
        return set(found)

    assert shipped(llmmon_language=code) == {str(path) for path in folder_of(code).glob("*.json")}
    assert shipped() == {str(path) for path in FOLDER.glob("*.json")}
    assert {path.name for path in folder_of(code).glob("*.json")} == {path.name for path in FOLDER.glob("*.json")}


def test_a_text_without_translation_is_told_and_stays_english() -> None:
    language = translating.Language("ko", {"Models": "모델"})
    assert [language.said(text) for text in ("Models", "{{job}} P95", "Runbook LLMX", "New")] == [
        "모델",
        "{{job}} P95",
        "Runbook LLMX",
        "New",
    ]
    assert (language.used, language.missing) == ({"Models"}, ["Runbook", "New"])


def test_panels_that_a_first_check_names_are_there_in_korean() -> None:
    """A first check names a panel between quotation marks."""
    file = rendering.ROLE / "files" / "languages" / "ko.yml"
    said = [entry["ko"] for entry in yaml.safe_load(file.read_text(encoding="utf-8"))["sentences"]]
    quoted = {title for text in said for title in re.findall(r'대시보드의 "([^"]+)"', text)}
    titles = {panel["title"] for content in built("ko")[1].values() for panel in panels(content)}
    assert len(quoted) > 4
    assert quoted <= titles
