"""The rule cases' series, evaluated by VictoriaMetrics (vmalert-tool) as by Prometheus (promtool), and what differs.

Only what a person would notice is compared, so each case file (`tests/rules/cases`) is translated:

- Its own expressions are left out, since MetricsQL keeps the name of a series in ``round(x)`` and answers other
  comparisons in another form. Both are asked for every recorded series and every alert that fires, at each moment that
  the case looks at, and in the end for every alert that ever fired.
- vmalert's own label ``alertgroup`` is dropped.
- Groups of rules that the case gives no order come after those that it does, for both.
- Numbers that differ by less than a millionth are the same: VictoriaMetrics keeps fewer digits.

``alert_rule_test``, which says what people read, goes to vmalert-tool as it is, with the group that it asks for.
"""

from __future__ import annotations

import math
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from tests.rules import catalogue, promtool, variants
from tests.rules.catalogue import Groups
from tests.testbed.catalogue import TOOLS
from tests.testbed.tools import tool

(VERSION,) = (known.version for known in TOOLS if known.name == "vmalert-tool")
PROMETHEUS = promtool.VERSION

_MOMENT = re.compile(r"([\d.]+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TEXT = r'"(?:[^"\\]|\\.)*"'
_LABEL = re.compile(rf"(\w+)=({_TEXT})")
_SAMPLE = re.compile(rf'\{{((?:[^"{{}}]|{_TEXT})*)\}} ([-+\w.]+)')
# Both programs print alike what they have got instead of nothing.
_GOT = re.compile(rf"expr: ({_TEXT}), time: (\S+?),\s*\n\s*exp: nil\s*\n\s*got: (.*)")
_WRONG_TEXT = re.compile(r"groupname: \w+, alertname: (\w+), time: ")
# The run of the groups as they are rendered.
_WHOLE = "whole"
_FIRES, _SILENT, _ABSENT = "fires", "does not fire", "none"


class Why(StrEnum):
    """Why something differs: it is gone as soon as each rule sees what the rules before it have recorded, or not."""

    LATE = "late"
    COUNTED = "counted"
    WORDED = "worded"


@dataclass(frozen=True, order=True)
class Asked:
    """A series, at a moment of a test; of an alert, the one series that says that it fires."""

    test: int
    seconds: float
    name: str
    alert: bool
    ever: bool
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Difference:
    """Of an alert or a recorded series: why it differs, and what both say where they differ most."""

    why: Why
    prometheus: str
    victoria: str


Answers = Mapping[Asked, float]


# -- the translation


def asking(case: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The tests of a case, which ask for all there is; ``key`` is what the program calls tests of expressions."""
    tests = []
    for number, test in enumerate(case["tests"]):
        kept = {name: value for name, value in test.items() if name not in ("promql_expr_test", "alert_rule_test")}
        times = {asked["eval_time"] for kind in ("promql_expr_test", "alert_rule_test") for asked in test.get(kind, [])}
        moments = sorted(times, key=seconds)
        # The name of no series, by which the answers of one test are told from those of another.
        mark = f'__name__!="test {number}"'
        expressions = [(f'{{__name__=~"ALERTS|.+:.+", {mark}}}', moment) for moment in moments]
        firing = f'{{__name__="ALERTS", alertstate="firing", {mark}}}'
        expressions.append((f"max_over_time({firing}[{int(seconds(moments[-1])) + 1}s])", moments[-1]))
        kept[key] = [{"expr": asked, "eval_time": moment, "exp_samples": []} for asked, moment in expressions]
        tests.append(kept)
    return tests


def ordered(case: Mapping[str, Any], groups: Iterable[Mapping[str, Any]]) -> Groups:
    """The groups of the case's rules in the order in which they are evaluated."""
    order = case.get("group_eval_order", [])
    # What has no place in it keeps that of its file.
    return [dict(group) for group in sorted(groups, key=lambda group: (*order, group["name"]).index(group["name"]))]


def worded(case: Mapping[str, Any], groups: Iterable[Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
    """Of each test, what people read, with the groups of the alerts."""
    of = {rule["alert"]: group["name"] for group in groups for rule in group["rules"] if "alert" in rule}
    return [
        [{**asked, "groupname": of[asked["alertname"]]} for asked in test.get("alert_rule_test", [])]
        for test in case["tests"]
    ]


def one_by_one(groups: Iterable[Mapping[str, Any]]) -> Groups:
    """Each rule in a group of its own: vmalert-tool shows a group what earlier groups have recorded, as Prometheus
    shows each rule what earlier rules have."""
    return [
        {**group, "name": f"{group['name']} {number}", "rules": [rule]}
        for group in groups
        for number, rule in enumerate(group["rules"])
    ]


def seconds(moment: str) -> float:
    return sum(float(number) * _SECONDS[unit] for number, unit in _MOMENT.findall(moment))


# -- the answers


def answers(printed: str) -> dict[Asked, float]:
    """What a program says that it has got."""
    return {asked: value for found in _GOT.finditer(printed) for asked, value in _answers(found)}


def _answers(found: re.Match[str]) -> Iterator[tuple[Asked, float]]:
    number = re.search(r"test (\d+)", found[1])
    assert number, found[1]
    ever = "max_over_time" in found[1]
    for sample in _SAMPLE.finditer(found[3]):
        labels = {name: text[1:-1] for name, text in _LABEL.findall(sample[1])}
        name = labels.pop("__name__", "ALERTS")
        labels.pop("alertgroup", None)
        alert = name == "ALERTS"
        if alert:
            name = labels.pop("alertname")
            if labels.pop("alertstate") != "firing":
                continue
        yield (
            Asked(int(number[1]), seconds(found[2]), name, alert, ever, tuple(sorted(labels.items()))),
            float(sample[2]),
        )


def differing(prometheus: Answers, victoria: Answers) -> dict[str, tuple[str, str]]:
    """Each name of which something differs, and what both say where they differ most."""
    worst: dict[str, tuple[float, str, str]] = {}
    for asked in sorted(prometheus.keys() | victoria.keys()):
        one, other = prometheus.get(asked), victoria.get(asked)
        apart = _apart(one, other)
        if apart > worst.get(asked.name, (0.0,))[0]:
            worst[asked.name] = (apart, _said(asked, one), _said(asked, other))
    return {name: (one, other) for name, (_, one, other) in worst.items()}


def _apart(one: float | None, other: float | None) -> float:
    """How far, from 0 to 1; further, if one says nothing."""
    if one is None or other is None:
        return 2
    if one == other or (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9):
        return 0
    return abs(one - other) / max(abs(one), abs(other))


def _said(asked: Asked, value: float | None) -> str:
    if asked.alert:
        return _SILENT if value is None else _FIRES
    return _ABSENT if value is None else f"{float(f'{value:.3g}'):g}"


# -- the programs


def case_names() -> list[str]:
    return [path.stem for path in promtool.case_files(promtool.CASES.parent)]


def differences(folder: Path, names: Sequence[str]) -> dict[str, dict[str, Difference]]:
    """Of each case file, what differs."""
    promtool.write_workspace(folder, variants.variants())
    # Of vmalert-tool a case needs two runs, and each of them one core.
    with ThreadPoolExecutor(3) as pool:
        found = pool.map(lambda name: _Case(folder, name).differences(), names)
        return dict(zip(names, found, strict=True))


class _Case:
    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder / "translated" / name
        self._folder.mkdir(parents=True)
        source = folder / "cases" / f"{name}.yml"
        # All as text, which is safe: 0x20 is 21 zeros and not 32.
        self._case: dict[str, Any] = yaml.load(source.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506
        # Seen from the workspace's cases, which are a link to those of the repository.
        files = [folder / name.removeprefix("../") for name in self._case["rule_files"]]
        found = [group for file in files for group in catalogue.groups(file.read_text(encoding="utf-8"))]
        self._groups = ordered(self._case, found)

    def differences(self) -> dict[str, Difference]:
        ours = answers(self._prometheus())
        seen, whole = self._victoria("one_by_one", one_by_one(self._groups)), self._victoria(_WHOLE, self._groups)
        counted = differing(ours, answers(seen))
        late = {name: said for name, said in differing(ours, answers(whole)).items() if name not in counted}
        words = {name: ("", "") for name in _WRONG_TEXT.findall(whole) if name not in counted and name not in late}
        return {
            name: Difference(why, *said)
            for why, found in ((Why.COUNTED, counted), (Why.LATE, late), (Why.WORDED, words))
            for name, said in found.items()
        }

    def _prometheus(self) -> str:
        path = self._write("promtool", self._groups, "promql_expr_test")
        return promtool.explain(promtool.test_rules(PROMETHEUS, [path]))

    def _victoria(self, name: str, groups: Groups) -> str:
        path = self._write(name, groups, "metricsql_expr_test")
        # It keeps its data under one name in the folder for temporary files.
        data = self._folder / f"{name}.data"
        data.mkdir()
        result = subprocess.run(
            [tool("vmalert-tool", VERSION), "unittest", f"--files={path}"],
            env={**os.environ, "TMPDIR": str(data), "GOGC": "off", "GOMEMLIMIT": "1GiB"},
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )
        printed = promtool.explain(result)
        if "failed to exec group" in printed or not _GOT.search(printed):
            raise RuntimeError(f"vmalert-tool cannot run {path}: {printed[-2000:]}")
        return printed

    def _write(self, name: str, groups: Groups, key: str) -> Path:
        rules, path = self._folder / f"{name}.rules.yml", self._folder / f"{name}.yml"
        rules.write_text(variants.text(groups), encoding="utf-8")
        tests = asking(self._case, key)
        if name == _WHOLE:
            for test, words in zip(tests, worded(self._case, groups), strict=True):
                test["alert_rule_test"] = words
        order = [group["name"] for group in groups]
        case = {**self._case, "rule_files": [rules.name], "group_eval_order": order, "tests": tests}
        path.write_text(yaml.safe_dump(case, sort_keys=False, allow_unicode=True), encoding="utf-8")
        return path
