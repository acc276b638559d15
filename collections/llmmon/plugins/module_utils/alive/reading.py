# SPDX-License-Identifier: Apache-2.0
"""Which series an alert reads in the end: recorded ones are followed down to what is scraped."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.alive.expressions import (
    Aggregate,
    Binary,
    Call,
    Expression,
    Matcher,
    Selector,
    Subquery,
    Unary,
    parts_of,
)
from ansible_collections.llmmon.stack.plugins.module_utils.alive.promql import NotRead, read

# What asks whether something is there is answered either way.
_ABSENT = ("absent", "absent_over_time")
_MAKE_LABELS = ("label_replace", "label_join")
# Labels that a recorded series has from what it was made of, so that a matcher on them holds for that as well.
_PASSED_DOWN = ("job", "le")
_NAME = "__name__"
_PLAIN_CHOICE = re.compile(r"[\w:]+(?:\|[\w:]+)*")


@dataclasses.dataclass(frozen=True)
class Alert:
    """An alerting rule as Prometheus has loaded it; ``trouble`` says why its expression is not understood."""

    name: str
    labels: Mapping[str, str]
    file: str
    expression: Optional[Expression] = None
    trouble: str = ""


@dataclasses.dataclass(frozen=True)
class Reading:
    """Series that something reads, and the labels by which they are added up."""

    selector: Selector
    by: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are asked for; none where a regular expression says more than a choice."""
        if self.selector.name:
            return (self.selector.name,)
        for matcher in self.selector.matchers:
            if matcher.label == _NAME and (matcher.operator == "=" or _PLAIN_CHOICE.fullmatch(matcher.value)):
                return tuple(matcher.value.split("|")) if matcher.operator in {"=", "=~"} else ()
        return ()

    def matchers(self, *without: str) -> tuple[Matcher, ...]:
        """The matchers on other labels than these, and than the name."""
        return tuple(one for one in self.selector.matchers if one.label not in {*without, _NAME})

    def may_be_of(self, job: str) -> bool:
        """Whether a series of this job can be meant."""
        return all(one.takes(job) for one in self.selector.matchers if one.label == "job")

    @property
    def says_job(self) -> bool:
        return any(one.label == "job" for one in self.selector.matchers)


class Rules:
    """All rules that Prometheus has loaded."""

    def __init__(self, groups: Iterable[Mapping[str, Any]]) -> None:
        self.alerts: list[Alert] = []
        self._recorded: dict[str, list[tuple[Mapping[str, str], Expression]]] = {}
        # Of a rule that several read, the readings are the same.
        self.readings = functools.lru_cache(maxsize=None)(self._readings)
        for group in groups:
            for rule in group["rules"]:
                self._take(rule, str(group.get("file", "")))

    def _take(self, rule: Mapping[str, Any], file: str) -> None:
        labels = rule.get("labels") or {}
        try:
            expression, trouble = read(rule["query"]), ""
        except NotRead as error:
            expression, trouble = None, str(error)
        if rule["type"] == "alerting":
            self.alerts.append(Alert(rule["name"], labels, file, expression, trouble))
        elif expression is not None:
            self._recorded.setdefault(rule["name"], []).append((labels, expression))

    def recordings(self, selector: Selector) -> Optional[list[Expression]]:
        """What may record the series of a selector; None when no rule has this name."""
        rules = self._recorded.get(selector.name)
        if rules is None:
            return None
        return [
            _passed_down(expression, selector)
            for labels, expression in rules
            if all(one.takes(labels[one.label]) for one in selector.matchers if one.label in labels)
        ]

    def _readings(self, expression: Expression, by: tuple[str, ...] = (), depth: int = 0) -> tuple[Reading, ...]:
        """Everything that has to be there for an expression to find something, each once."""
        if isinstance(expression, Selector):
            recorded = self.recordings(expression) if depth < _DEEPEST else []
            if recorded is None:
                return (Reading(dataclasses.replace(expression, window="", offset=""), by),)
            return _each_once(self.readings(one, (), depth + 1) for one in recorded)
        if isinstance(expression, Aggregate) and not expression.without:
            by = expression.labels
        if isinstance(expression, Call) and expression.name in _MAKE_LABELS:
            # Its second argument is the label that it makes.
            made = getattr(expression.arguments[1], "value", "")
            by = tuple(label for label in by if label != made)
        return _each_once(self.readings(part, by, depth) for part in needed_parts(expression))


# No rule of anybody's is built on so many others; one that reads itself is.
_DEEPEST = 20


def needed_parts(expression: Expression) -> tuple[Expression, ...]:
    """The parts that an expression needs to find something: not what it leaves out."""
    if isinstance(expression, Binary) and expression.operator == "unless":
        return (expression.left,)
    if isinstance(expression, Call) and expression.name in _ABSENT:
        return ()
    return parts_of(expression)


def _passed_down(expression: Expression, selector: Selector) -> Expression:
    """A recording's expression, narrowed down to the jobs and edges that are asked of what it records."""
    asked = [one for one in selector.matchers if one.label in _PASSED_DOWN]
    return _narrowed(expression, asked) if asked else expression


def _narrowed(expression: Expression, asked: Sequence[Matcher]) -> Expression:
    if isinstance(expression, Selector):
        of_job = [one for one in asked if one.label == "job" or "_bucket" in expression.name]
        more = tuple(one for one in of_job if one not in expression.matchers)
        return dataclasses.replace(expression, matchers=expression.matchers + more)
    if isinstance(expression, (Aggregate, Subquery, Unary)):
        return dataclasses.replace(expression, expression=_narrowed(expression.expression, asked))
    if isinstance(expression, Binary):
        left, right = (_narrowed(side, asked) for side in (expression.left, expression.right))
        return dataclasses.replace(expression, left=left, right=right)
    if isinstance(expression, Call):
        return dataclasses.replace(expression, arguments=tuple(_narrowed(one, asked) for one in expression.arguments))
    return expression


def _each_once(found: Iterable[tuple[Reading, ...]]) -> tuple[Reading, ...]:
    return tuple(dict.fromkeys(reading for readings in found for reading in readings))
