# SPDX-License-Identifier: Apache-2.0
"""Presets: what each kind of gateway calls its metrics, one file a kind.

The top of ``litellm.yml`` explains the keys. Some files come with the role, others are the user's own; both are held
to the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import kind_of
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.units import PER_SECOND
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.regexes import regex_problem
from ansible_collections.llmmon.stack.plugins.plugin_utils.yaml_text import from_yaml

COUNTERS = ("requests", "tokens", "cached_input", "cost_usd", "cooldowns", "fallbacks")
GAUGES = ("running", "waiting", "kv_cache_usage")
DURATIONS = ("latency", "time_to_first_token", "inter_token_latency")
UNITS = tuple(PER_SECOND)
# What a top spender can be.
SPENDERS = ("key", "user", "project", "customer")
LABELS = ("model", "type", "team", "reason", "deployment", "address", "fallback", *SPENDERS)
# Lists of counters under names of their own: signal, and what it must have and may have.
LISTS = {
    "failures": ({"all"}, {"provider"}),
    "deployments": ({"requests", "failures"}, set[str]()),
    "team_budgets": ({"limit", "remaining"}, set[str]()),
}
# In a file of the user's own: it is meant to stand for the one that comes with the role.
REPLACES = "replaces_shipped"
# Where this kind has its metrics page, unless a gateway says something else.
PATH = "metrics_path"

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
# One matcher of a series; several stand side by side with a comma.
_MATCHER = re.compile(r"""\s*(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*""")


class Metric(TypedDict):
    """A counter or gauge, by the names that it has had, newest first."""

    metrics: list[str]
    matchers: NotRequired[str]
    type: NotRequired[str]


class Duration(TypedDict):
    """How long something takes: a histogram (``metrics``), or the counters ``sum`` and ``count``."""

    unit: str
    metrics: NotRequired[list[str]]
    matchers: NotRequired[str]
    sum: NotRequired[list[Metric]]
    count: NotRequired[list[Metric]]
    summary: NotRequired[list[str]]


class Preset(TypedDict, total=False):
    """What a file says. A signal that is left out is not recorded."""

    requests: list[Metric]
    tokens: list[Metric]
    cached_input: list[Metric]
    cost_usd: list[Metric]
    failures: dict[str, list[Metric]]
    deployments: dict[str, list[Metric]]
    team_budgets: dict[str, list[Metric]]
    cooldowns: list[Metric]
    fallbacks: list[Metric]
    running: list[Metric]
    waiting: list[Metric]
    kv_cache_usage: list[Metric]
    latency: Duration
    time_to_first_token: Duration
    inter_token_latency: Duration
    labels: dict[str, list[str]]
    defaults: dict[str, str]
    replaces_shipped: bool
    idle_series_vanish: bool
    metrics_path: str


def preset_kinds(directory: str, own: str = "") -> list[str]:
    """Kinds of gateways there is a preset for, in the role's directory or in the user's own."""
    return sorted(all_preset_files(directory, own))


def preset_files(gateways: Iterable[Mapping[str, Any]], directory: str, own: str = "") -> dict[str, Path]:
    """Kinds in use, and the files of their presets. A kind without one is left out."""
    files = all_preset_files(directory, own)
    return {kind: files[kind] for kind in sorted({kind_of(gateway) for gateway in gateways} & set(files))}


def all_preset_files(*directories: str) -> dict[str, Path]:
    """Kind to file; of two files for one kind the one in the last directory counts. An empty name is no directory."""
    return {path.stem: path for directory in directories if directory for path in Path(directory).glob("*.yml")}


def gateway_presets(gateways: Iterable[Mapping[str, Any]], directory: str, own: str = "") -> dict[str, Preset]:
    """The presets in use: kind to what its file says.

    Raises AnsibleFilterError for a file that is not as it should be.
    """
    files = preset_files(gateways, directory, own)
    return {kind: _preset(path, path.stat().st_mtime_ns if path.exists() else 0) for kind, path in files.items()}


# Whatever is made from gateways asks for their presets anew, many times in one run.
@cache
def _preset(path: Path, written: int) -> Preset:  # noqa: ARG001 - a file that was written since is another
    problems = _problems([path])
    if problems:
        raise AnsibleFilterError(" | ".join(problems))
    preset: Preset = from_yaml(path.read_text(encoding="utf-8"))
    return preset


def preset_of(kind: str, presets: Mapping[str, Preset]) -> Preset:
    """The preset of a kind.

    Raises AnsibleFilterError when there is none.
    """
    if kind not in presets:
        raise AnsibleFilterError(f"there is no preset for gateways of the kind {kind}")
    return presets[kind]


def preset_problems(gateways: Iterable[Mapping[str, Any]], directory: str, own: str = "") -> list[str]:
    """What is wrong with the presets in use, and with all of the user's own, as sentences that name the file."""
    in_use = {*preset_files(gateways, directory, own).values(), *(all_preset_files(own).values())}
    return own_directory_problems(own, directory) + _problems(sorted(in_use))


def own_directory_problems(own: str, directory: str) -> list[str]:
    """What is wrong with llmmon_presets_directory as a whole; ``directory`` has the presets of the role.

    An empty name is no directory, and all right.
    """
    if not own:
        return []
    if not Path(own).is_dir():
        return [
            f"llmmon_presets_directory: there is no folder {own} on the controller; a relative name is looked for"
            " beside the inventory"
        ]
    found = [
        f"llmmon_presets_directory: {path} is not read; the name of a preset ends in .yml"
        for path in sorted(Path(own).iterdir())
        if path.suffix in {".yaml", ".json"}
    ]
    shipped = set(preset_kinds(directory))
    for kind, path in sorted(all_preset_files(own).items()):
        replaces = _says_that_it_replaces(path)
        if kind in shipped and not replaces:
            found.append(
                f"llmmon_presets_directory: {path} has the name of a kind that comes with llmmon; give it another"
                f" name, or write {REPLACES}: true into it, and llmmon's own preset is not used"
            )
        elif replaces and kind not in shipped:
            found.append(
                f"llmmon_presets_directory: {path} says {REPLACES}, but no kind {kind} comes with llmmon; known are"
                f" {', '.join(sorted(shipped))}"
            )
    return found


def _says_that_it_replaces(path: Path) -> bool:
    try:
        preset = from_yaml(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        # That it cannot be read is said of every preset.
        return False
    return isinstance(preset, dict) and preset.get(REPLACES) is True


def _problems(files: Iterable[Path]) -> list[str]:
    return [f"the preset {path} {problem}" for path in files for problem in problems_of_preset(path)]


def problems_of_preset(path: Path) -> list[str]:
    """What is wrong with one file. Rules would silently leave out what they do not know."""
    try:
        preset = from_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        return [f"cannot be read: {error.strerror}"]
    except (yaml.YAMLError, UnicodeDecodeError):
        return ["is not valid YAML"]
    if not isinstance(preset, dict) or not set(preset) & {*COUNTERS, *GAUGES, *DURATIONS}:
        return ["maps nothing: it needs at least one of " + ", ".join((*COUNTERS, *GAUGES, *DURATIONS))]
    known = (*COUNTERS, *GAUGES, *DURATIONS, *LISTS, "labels", "defaults", "idle_series_vanish", PATH, REPLACES)
    found = [
        f"has a key that means nothing: {key}; known are {', '.join(known)}"
        for key in sorted(map(str, preset))
        if key not in known
    ]
    if not isinstance(preset.get(REPLACES, True), bool):
        found.append(f"must say {REPLACES}: true, or leave it out")
    # What else a path must be is said of the gateway that has it.
    if not str(preset.get(PATH, "/")).startswith("/"):
        found.append(f"must give {PATH} a path that begins with a slash, such as /metrics")
    for signal in (*COUNTERS, *GAUGES):
        if signal in preset:
            found += _metrics_problems(signal, preset[signal])
    if not isinstance(preset.get("idle_series_vanish", False), bool):
        found.append("must say true or false for idle_series_vanish")
    for signal in (signal for signal in LISTS if signal in preset):
        found += _list_problems(signal, preset[signal])
    if "failures" in preset and "requests" not in preset:
        found.append("counts failures, but no requests that they are a part of")
    for signal in DURATIONS:
        if signal in preset:
            found += _duration_problems(signal, preset[signal])
    return found + _label_problems(preset.get("labels", {}), preset.get("defaults", {}))


def _metrics_problems(signal: str, metrics: Any) -> list[str]:
    """What is wrong with a list of metrics."""
    if not isinstance(metrics, list) or not metrics:
        return [f"must give a list for {signal}"]
    for entry in metrics:
        names = entry.get("metrics") if isinstance(entry, dict) else None
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            return [f"must give a list of names, metrics, in each entry of {signal}"]
        if set(entry) - {"metrics", "matchers", "type"} or entry.get("type", "input") not in {"input", "output"}:
            return [f"may add to {signal} only matchers, and a type that is input or output"]
        found = _name_problems(signal, names) + _matcher_problems(signal, entry.get("matchers", ""))
        if found:
            return found
    return []


def _name_problems(signal: str, names: list[str]) -> list[str]:
    return [f"gives {signal} a name that no metric can have: {name}" for name in names if not _NAME.fullmatch(name)]


def _matcher_problems(signal: str, matchers: Any) -> list[str]:
    """What promtool would refuse, but only on the host."""
    rest, found = str(matchers), []
    while rest:
        matcher = _MATCHER.match(rest)
        if not matcher or rest[matcher.end() : matcher.end() + 1] not in {"", ","}:
            return [f'has matchers of {signal} that are not of the form label="value", other!~"a|b": {matchers}']
        why = regex_problem(matcher[3]) if "~" in matcher[2] else ""
        found += [f"has a matcher of {signal} that does not compile, {matcher[3]}: {why}"] if why else []
        rest = rest[matcher.end() + 1 :]
    return found


def _list_problems(signal: str, lists: Any) -> list[str]:
    """What is wrong with lists of metrics that have names of their own."""
    needed, possible = LISTS[signal]
    if not isinstance(lists, dict) or needed - set(lists) or set(lists) - needed - possible:
        besides = "".join(f", and may have {signal}.{name} besides" for name in sorted(possible))
        return ["must have " + " and ".join(f"{signal}.{name}" for name in sorted(needed)) + besides]
    return [problem for name, metrics in lists.items() for problem in _metrics_problems(f"{signal}.{name}", metrics)]


def _duration_problems(signal: str, duration: Any) -> list[str]:
    """What is wrong with a histogram, or with the two counters that stand for one."""
    if not isinstance(duration, dict) or duration.get("unit") not in UNITS:
        return [f"must give {signal} a unit: {', '.join(UNITS)}"]
    form = set(duration) - {"unit", "summary"}
    if form in ({"metrics"}, {"metrics", "matchers"}):
        found = _metrics_problems(signal, [{key: duration[key] for key in form}])
        return found or [
            f"must name the histogram of {signal} without its suffix: {name}"
            for name in duration["metrics"]
            if name.endswith(("_bucket", "_count", "_sum"))
        ]
    if form == {"sum", "count"}:
        return _metrics_problems(signal, duration["sum"]) + _metrics_problems(signal, duration["count"])
    return [f"must give {signal} either metrics (a histogram) or sum and count"]


def _label_problems(labels: Any, defaults: Any) -> list[str]:
    """What is wrong with the labels."""
    if not isinstance(labels, dict) or not all(isinstance(origins, list) and origins for origins in labels.values()):
        return ["must give a list of labels for each of labels"]
    if not isinstance(defaults, dict):
        return ["must give defaults by label"]
    found = [
        f"names a label that rules do not know: {label}; known are {', '.join(LABELS)}"
        for label in sorted({*map(str, labels), *map(str, defaults)} - {*LABELS})
    ]
    found += [
        f"takes {label} from what no label can be called: {origin}"
        for label, origins in labels.items()
        for origin in origins
        if not _LABEL.fullmatch(str(origin))
    ]
    # Who has none of these is left out by it.
    several = [label for label in ("team", *SPENDERS) if len(labels.get(label, [""])) != 1]
    return found + [f"must give one label for {label}" for label in several]
