"""The dashboards in another language: each text of a built one, by a file of English sentences and what they become.

Names of lines and columns are read by other parts of a panel (colours, links, sorting), which follow them. What a query
asks for, and the values of labels, stay as they are.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

FILES = Path(__file__).parent / "languages"

# What Grafana puts in, and what is called the same everywhere: a text of nothing else needs no translation.
_PLACES = re.compile(r"\{\{\w+\}\}|\$\{[^}]*\}|\$\w+")
_THE_SAME = re.compile(r"\b(?:P\d+|Prometheus|Watchdog|critical|warning|info)\b")
_RUNBOOK = re.compile(r"Runbook (\w+)")
_COLUMN = re.compile(r"(?<=\$\{__data\.fields\.)[^:}]+")
# Units of our own: Grafana writes what stands behind the colon beside the number.
_UNIT = re.compile(r"(count|suffix):(.+)")


class Language:
    """The sentences of a language; which of them were used, and what had none."""

    def __init__(self, code: str, sentences: Mapping[str, str]) -> None:
        self.code = code
        self._sentences = sentences
        self.used: set[str] = set()
        self.missing: list[str] = []

    @classmethod
    def of(cls, code: str) -> Language:
        return cls(code, sentences(code))

    def said(self, text: str) -> str:
        if not re.search("[A-Za-z]", _THE_SAME.sub("", _PLACES.sub("", text))):
            return text
        runbook = _RUNBOOK.fullmatch(text)
        if runbook:
            return self.said("Runbook") + f" {runbook[1]}"
        if text not in self._sentences:
            self.missing.append(text)
            return text
        self.used.add(text)
        return self._sentences[text]


def codes() -> list[str]:
    """The languages that there are, beside English."""
    return sorted(path.stem for path in FILES.glob("*.yml"))


def sentences(code: str) -> dict[str, str]:
    """By the English ones; a file may fold them over several lines."""
    entries = yaml.safe_load((FILES / f"{code}.yml").read_text(encoding="utf-8"))
    found = {" ".join(entry["en"].split()): " ".join(entry[code].split()) for entry in entries}
    if len(found) < len(entries):
        raise ValueError(f"{code}.yml has a sentence twice")
    return found


def translated(board: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """The same dashboard, under the same uid, in this language."""
    copied: dict[str, Any] = copy.deepcopy(dict(board))
    _say(copied, language, "title", "description")
    for link in copied["links"]:
        _say(link, language, "title")
    for variable in copied["templating"]["list"]:
        _say(variable, language, "label")
        if variable["name"] == "runbooks":
            _lead_to_runbooks(variable["current"], language)
    for annotation in copied["annotations"]["list"]:
        _say(annotation, language, "name", "titleFormat", "textFormat")
    for outer in copied["panels"]:
        for panel in (outer, *outer.get("panels", ())):
            _translate_panel(panel, language)
    return copied


def _lead_to_runbooks(place: dict[str, str], language: Language) -> None:
    """To those in the language until the rules say where they are, which are in it as well."""
    for key in ("text", "value"):
        place[key] = place[key].replace("/docs/", f"/docs/{language.code}/")


def _translate_panel(panel: dict[str, Any], language: Language) -> None:
    _say(panel, language, "title", "description")
    for link in panel.get("links", ()):
        _say(link, language, "title")
    if panel["type"] == "row":
        return
    names = dict(_translate_names(panel, language))
    fields = panel["fieldConfig"]
    _say(fields["defaults"], language, "noValue")
    _translate_unit(fields["defaults"], "unit", language)
    _translate_mappings(fields["defaults"].get("mappings", ()), language)
    for by in panel["options"].get("sortBy") or ():
        by["displayName"] = names[by["displayName"]]
    for override in fields.get("overrides", ()):
        matcher = override["matcher"]
        if matcher["id"] == "byRegexp":
            _say(matcher, language, "options")
        # A line may be called after the value of a label, which stays as it is.
        matcher["options"] = names.get(matcher["options"], matcher["options"])
        for setting in override["properties"]:
            _translate_setting(setting, names, language)


def _translate_names(panel: dict[str, Any], language: Language) -> Iterator[tuple[str, str]]:
    """Of lines and columns: what each was called, and is called now."""
    for target in panel["targets"]:
        if target.get("legendFormat"):
            english = target["legendFormat"]
            target["legendFormat"] = language.said(english)
            yield english, target["legendFormat"]
    for transformation in panel.get("transformations", ()):
        headings = transformation["options"].get("renameByName", {})
        for column, english in headings.items():
            headings[column] = language.said(english)
            yield english, headings[column]


def _translate_setting(setting: dict[str, Any], names: Mapping[str, str], language: Language) -> None:
    if setting["id"] == "unit":
        _translate_unit(setting, "value", language)
    elif setting["id"] == "mappings":
        _translate_mappings(setting["value"], language)
    elif setting["id"] == "links":
        for link in setting["value"]:
            _say(link, language, "title")
            link["url"] = _COLUMN.sub(lambda column: names[column[0]], link["url"])


def _translate_mappings(mappings: Any, language: Language) -> None:
    for mapping in mappings:
        options = mapping["options"]
        for result in [options["result"]] if mapping["type"] == "special" else options.values():
            _say(result, language, "text")


def _translate_unit(holder: dict[str, Any], key: str, language: Language) -> None:
    unit = _UNIT.fullmatch(holder.get(key) or "")
    if unit:
        holder[key] = f"{unit[1]}:{language.said(unit[2])}"


def _say(holder: dict[str, Any], language: Language, *keys: str) -> None:
    for key in keys:
        if holder.get(key):
            holder[key] = language.said(holder[key])
