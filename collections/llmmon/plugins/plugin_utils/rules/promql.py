# SPDX-License-Identifier: Apache-2.0
"""Pieces of PromQL."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

# What means something in a regular expression. A hyphen does not, outside of brackets.
_SPECIAL = re.compile(r"([].[^$*\\])")


def quoted(text: str) -> str:
    """A string of PromQL."""
    return json.dumps(text, ensure_ascii=False)


def selector(metric: str, *matchers: str) -> str:
    """The series of a metric that all matchers let through; empty ones do not count."""
    return f"{metric}{{{', '.join(filter(None, matchers))}}}"


def chosen(metric: str, *matchers: str) -> str:
    """The series of a metric, written without braces where nothing is to be chosen."""
    return selector(metric, *matchers) if any(matchers) else metric


def job_is(name: str) -> str:
    """The matcher of one job."""
    return f"job={quoted(name)}"


def one_of_jobs(names: Iterable[str]) -> str:
    """The matcher of several jobs."""
    return "job=~" + quoted(any_of(names))


def any_of(names: Iterable[str]) -> str:
    """The regular expression of several names. A dot in a name is a dot."""
    return "|".join(_SPECIAL.sub(r"\\\1", name) for name in names)


def relabelled(expression: str, target: str, replacement: str, origin: str, pattern: str) -> str:
    """An expression whose series get a label."""
    return f'label_replace({expression}, "{target}", "{replacement}", "{origin}", "{pattern}")'


def labelled(expression: str, label: str, value: str) -> str:
    """An expression whose series all get this label."""
    return relabelled(expression, label, value, "", "")


def aggregated(aggregate: str, labels: Sequence[str], expression: str) -> str:
    """One series for each combination of these labels."""
    return f"{aggregate} by ({', '.join(labels)}) ({expression})"


def grown(counter: str, window: str, *matchers: str) -> str:
    """How much a counter has grown since it was lowest in a window, such as ``5m``, for rules that ask whether it did.

    ``increase()`` would count what a new series begins with where VictoriaMetrics evaluates it, and not in Prometheus.
    """
    window_of = f"{selector(counter, *matchers)}[{window}]"
    return f"last_over_time({window_of}) - min_over_time({window_of})"


def seen_lately(series: str) -> str:
    """Series that there were in the last day, with their last value: who is seen once a day is known."""
    return f"last_over_time({series}[1d])"


def union(terms: Iterable[str]) -> str:
    """The series of all terms, a line each, to stand between brackets."""
    return "  " + "\n  or ".join(terms)
