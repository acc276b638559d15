# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the user's settings, as sentences that name the variable to change."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

OWN_JOBS = ("prometheus", "alertmanager", "grafana", "prober", "llm-metrics-probe", "llm-metrics-noauth")
OWN_LABELS = ("job", "instance")

SEVERITIES = ("critical", "warning", "info", "none")
ALERT_KEYS = ("enabled", "for", "severity", "labels", "annotations")

# What a threshold may be: the test, and its words. A ratio of 0 would always be exceeded, a surge of 1 be no surge.
Range = tuple[Callable[[float], bool], str]
_RATIO: Range = (lambda value: 0 < value <= 1, "above 0 and at most 1")
_TIMES: Range = (lambda value: value > 1, "above 1")
_POSITIVE: Range = (lambda value: value > 0, "above 0")
THRESHOLDS: dict[str, Range] = {
    "failure_ratio": _RATIO,
    "slow_request_ratio": _RATIO,
    "latency_p95_seconds": _POSITIVE,
    "request_surge_ratio": _TIMES,
    "token_surge_ratio": _TIMES,
    "burn_rate_1h": _POSITIVE,
    "burn_rate_6h": _POSITIVE,
    "burn_rate_1d": _POSITIVE,
    "burn_rate_3d": _POSITIVE,
    "team_budget_hourly_share": _RATIO,
    "team_budget_forecast_ratio": _POSITIVE,
    "waiting_requests": _POSITIVE,
    "kv_cache_usage_ratio": _RATIO,
    "series_per_target": _POSITIVE,
    "series_growth_ratio": _TIMES,
    "sample_limit_ratio": _RATIO,
    "failed_notifications_ratio": _RATIO,
    "head_series": _POSITIVE,
    "storage_days_left": _POSITIVE,
    "backup_age_hours": _POSITIVE,
}
_OBJECTIVE: Range = (lambda value: 0 < value < 1, "between 0 and 1")
OBJECTIVES: dict[str, Range] = {"availability": _OBJECTIVE, "latency": _OBJECTIVE, "minimum_requests": _POSITIVE}
SURGE_FLOORS: dict[str, Range] = {"requests_per_second": _POSITIVE, "tokens_per_second": _POSITIVE}

# All matched in full: "$" would let a line break at the end through.
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s/:@]+):([0-9]{1,5})")
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0", re.IGNORECASE)
_GATEWAY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
# Of Prometheus's durations those that the baseline of a surge can be moved by.
_DURATION = re.compile(r"0|(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
# A regular expression that is compared with a label; in quotes of either kind.
_MATCHER = re.compile(r"""[=!]~\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
# What Python complains about and Prometheus would, too. Of the rest of its syntax Python knows too little to judge.
_SAME_COMPLAINT = re.compile(r"unterminated|missing \)|unbalanced|nothing to repeat|bad character range|min repeat")
_LOOKAROUND = re.compile(r"\(\?(=|!|<=|<!)")
_DATA_SOURCE_UID = re.compile(r"[A-Za-z0-9_]{1,40}")


def duplicates(values: list[Any]) -> list[Any]:
    """Values that stand in a list more than once."""
    return [value for value, count in Counter(values).items() if count > 1]


def host_and_port(address: Any) -> tuple[str, int] | None:
    """The parts of ``host:port``, None when it is something else."""
    match = _ADDRESS.fullmatch(str(address))
    return (match[1], int(match[2])) if match and 0 < int(match[2]) < 65536 else None


def target_problems(gateway: str, target: str, host_name: str) -> list[str]:
    """What is wrong with one ``host:port``."""
    parts = host_and_port(target)
    if parts is None:
        return [
            f"llmmon_gateways: the target {target!r} of {gateway} is not of the form host:port"
            " (the path goes to metrics_path, http or https to scheme)"
        ]
    host, port = parts
    if _LOOPBACK.fullmatch(host):
        return [
            f"llmmon_gateways: the target {target} of {gateway} would be Prometheus's own container; for a gateway on"
            f" the same host write {host_name or 'a name out of llmmon_etc_hosts'}:{port}, and let it listen on more"
            " than loopback"
        ]
    return []


def token_problems(gateway: dict[str, Any]) -> list[str]:
    """What is wrong with a gateway's token."""
    name = gateway.get("name")
    if "bearer_token" in gateway and "bearer_token_file" in gateway:
        return [f"llmmon_gateways: {name} has both bearer_token and bearer_token_file; leave one out"]
    if "bearer_token" in gateway and not str(gateway["bearer_token"] or "").strip():
        return [
            f"llmmon_gateways: the bearer_token of {name} is empty; set PROMETHEUS_BEARER_TOKEN in the environment or"
            " in .env, or leave bearer_token out for a gateway without one"
        ]
    token, path = str(gateway.get("bearer_token") or ""), gateway.get("bearer_token_file")
    if "bearer_token_file" in gateway and not path:
        return [f"llmmon_gateways: the bearer_token_file of {name} is empty; give it a path, or leave it out"]
    if path:
        try:
            token = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            return [f"llmmon_gateways: the bearer_token_file {path} of {name} cannot be read here: {reason}"]
        if not token.strip():
            return [f"llmmon_gateways: the bearer_token_file {path} of {name} is empty"]
    if re.search(r"\s", token.strip()):
        key = "bearer_token_file" if path else "bearer_token"
        return [f"llmmon_gateways: the {key} of {name} holds blanks or line breaks in its middle"]
    return []


def gateway_problems(gateways: list[dict[str, Any]], kinds: list[str], host_name: str) -> list[str]:
    """What is wrong with llmmon_gateways."""
    found = [
        f"llmmon_gateways: the name {name} stands there twice; a name is a job label and must be unique"
        for name in duplicates([gateway.get("name") for gateway in gateways])
    ]
    for gateway in gateways:
        name = gateway.get("name")
        if not _GATEWAY_NAME.fullmatch(str(name or "")):
            found.append(
                f"llmmon_gateways: the name {name!r} must consist of letters, digits, '.', '_' and '-'; it becomes a"
                " job label and part of a file's name"
            )
        if name in OWN_JOBS:
            found.append(f"llmmon_gateways: {name} is the job of llmmon's own service; choose another name")
        kind = gateway.get("kind", "canonical")
        if kind not in kinds:
            found.append(
                f"llmmon_gateways: the kind {kind!r} of {name} is unknown; known are {', '.join(sorted(kinds))}"
            )
        if not gateway.get("targets"):
            found.append(f"llmmon_gateways: {name} has no targets; write at least one host:port")
        for target in gateway.get("targets") or []:
            found += target_problems(str(name), target, host_name)
        labels = [str(label) for label in gateway.get("labels") or {}]
        reserved = sorted(label for label in labels if label in OWN_LABELS or label.startswith("__"))
        if reserved:
            found.append(
                f"llmmon_gateways: the labels of {name} must not hold {', '.join(reserved)}: Prometheus sets them"
                " itself, and rules and dashboards go by them"
            )
        found += token_problems(gateway)
    return found


def url_problem(variable: str, url: Any) -> list[str]:
    """What is wrong with an URL of http or https."""
    # The value may be a secret (a webhook's URL is one), so it is not repeated.
    text = str(url or "")
    if not text:
        return [f"{variable} is empty; give it an URL, or leave the receiver out"]
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid or re.search(r"[\s<>\"{}|\\^`]", text):
        return [f"{variable} is not an URL that begins with http:// or https:// and names a host"]
    return []


def data_source_problems(
    data_sources: list[dict[str, Any]], own_uid: str, own_is_default: bool, own_name: str = "Prometheus"
) -> list[str]:
    """What is wrong with llmmon_grafana_data_sources; Grafana does not start on some of it."""
    found = []
    defaults = ["llmmon's own (llmmon_grafana_prometheus_is_default)"] if own_is_default else []
    defaults += [str(source.get("name")) for source in data_sources if source.get("isDefault")]
    if len(defaults) > 1:
        found.append(
            f"llmmon_grafana_data_sources: more than one data source is the default: {', '.join(defaults)};"
            " Grafana does not start with two, so set isDefault on one of them only"
        )
    for attribute in ("name", "uid"):
        given = [source[attribute] for source in data_sources if source.get(attribute)]
        found += [
            f"llmmon_grafana_data_sources: the {attribute} {value} stands there twice" for value in duplicates(given)
        ]
    for source in data_sources:
        uid = source.get("uid")
        if source.get("name") == own_name:
            found.append(
                f"llmmon_grafana_data_sources: {own_name} is the name of llmmon's own data source; choose another"
            )
        if uid is None or not _DATA_SOURCE_UID.fullmatch(str(uid)) or uid == own_uid:
            found.append(
                f"llmmon_grafana_data_sources: {source.get('name')} needs a uid of its own, of 1 to 40 letters, digits"
                f" or '_', but has {uid!r}"
            )
    return found


def number_problems(variable: str, values: dict[str, Any], ranges: dict[str, Range]) -> list[str]:
    """Which of a variable's numbers are unknown, no numbers, or out of range."""
    found = []
    for name, value in values.items():
        if name not in ranges:
            found.append(f"{variable}: {name} is unknown; known are {', '.join(sorted(ranges))}")
            continue
        allowed, words = ranges[name]
        # A number out of --extra-vars is a string. True is a number to Python only.
        if isinstance(value, bool) or not _NUMBER.fullmatch(str(value).removeprefix("-")):
            found.append(f"{variable}.{name} is {value!r}, which is not a number")
        elif not allowed(float(value)):
            found.append(f"{variable}.{name} is {value}, but must be {words}")
    return found


def threshold_problems(
    thresholds: dict[str, Any], slo: dict[str, Any], surge_floors: dict[str, Any], defaults: dict[str, Any]
) -> list[str]:
    """What is wrong with the numbers that alerts compare with.

    ``defaults`` is thresholds and slo in one, with what the user leaves out.
    """
    found = number_problems("llmmon_thresholds", thresholds, THRESHOLDS)
    found += number_problems("llmmon_slo", slo, OBJECTIVES)
    found += number_problems("llmmon_surge_floors", surge_floors, SURGE_FLOORS)
    if found:
        return found
    numbers = {name: float(value) for name, value in {**defaults, **thresholds, **slo}.items()}
    for objective in ("availability", "latency"):
        for window in ("1h", "6h", "1d", "3d"):
            factor, ratio = numbers[f"burn_rate_{window}"], 1 - numbers[objective]
            if factor * ratio >= 1:
                found.append(
                    f"llmmon_slo.{objective} is {numbers[objective]:g} and llmmon_thresholds.burn_rate_{window} is"
                    f" {factor:g}: that asks for a ratio of {factor * ratio:g}, and"
                    " none exceeds 1, so the alert could never fire"
                )
    return found


def alert_problems(alerts: dict[str, Any], known: list[str]) -> list[str]:
    """What is wrong with llmmon_alerts."""
    found = []
    for name, changes in alerts.items():
        variable = f"llmmon_alerts.{name}"
        if name not in known:
            found.append(f"llmmon_alerts: there is no alert {name}; there are {', '.join(sorted(known))}")
        elif not isinstance(changes, dict):
            found.append(f"{variable} must be a dictionary with some of {', '.join(ALERT_KEYS)}")
        else:
            found += _change_problems(variable, changes)
    return found


def _change_problems(variable: str, changes: dict[str, Any]) -> list[str]:
    """What is wrong with the changes to one alert."""
    found = [
        f"{variable}: {key} is unknown; known are {', '.join(ALERT_KEYS)}" for key in changes if key not in ALERT_KEYS
    ]
    if not isinstance(changes.get("enabled", True), bool):
        found.append(f"{variable}.enabled is {changes['enabled']!r}, but must be true or false")
    if not _DURATION.fullmatch(str(changes.get("for", 0))):
        found.append(f"{variable}.for is {changes['for']!r}, but must be a duration such as 90s, 5m or 1h30m")
    if changes.get("severity", "none") not in SEVERITIES:
        found.append(f"{variable}.severity is {changes['severity']!r}, but must be one of {', '.join(SEVERITIES)}")
    for key in ("labels", "annotations"):
        values = changes.get(key, {})
        if not isinstance(values, dict) or not all(_LABEL_NAME.fullmatch(str(name)) for name in values):
            found.append(f"{variable}.{key} must be a dictionary whose keys consist of letters, digits and '_'")
    return found


def regex_problem(expression: str) -> str | None:
    """Why a regular expression does not compile for Prometheus, as far as Python can tell."""
    if _LOOKAROUND.search(expression):
        return "Prometheus knows no look-ahead or look-behind"
    try:
        with warnings.catch_warnings(action="ignore"):
            re.compile(expression)
    except re.error as error:
        return str(error) if _SAME_COMPLAINT.match(error.msg) else None
    return None


def relabeling_problems(gateways: list[dict[str, Any]]) -> list[str]:
    """Which regular expressions of the gateways' relabeling do not compile."""
    found = []
    for gateway in gateways:
        for step in gateway.get("metric_relabel_configs") or []:
            why = regex_problem(str(step.get("regex", "")))
            if why:
                found.append(
                    f"llmmon_gateways: the regex {step['regex']!r} in metric_relabel_configs of {gateway.get('name')}"
                    f" does not compile: {why}"
                )
    return found


def rule_file_problems(paths: list[str], alerts: dict[str, dict[str, Any]]) -> list[str]:
    """What is wrong with the user's own rule files beside ours; ``alerts`` are ours, as tuned by the user.

    What promtool finds is left to promtool, which knows better.
    """
    found = [
        f"llmmon_prometheus_rule_files: two files are called {name}; they would be one on the host, so rename one"
        for name in duplicates([Path(path).name for path in paths])
    ]
    for path in paths:
        try:
            content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
            groups = content["groups"]
            rules = [rule for group in groups for rule in group.get("rules") or []]
            names = {str(group["name"]) for group in groups}
        except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError, AttributeError):
            continue
        found += [
            f"llmmon_prometheus_rule_files: duplicate rule group {name} in {path}; llmmon has one of that name"
            for name in sorted(names)
            if name.startswith("llmmon_")
        ]
        for rule in rules:
            name = rule.get("alert")
            if name in alerts and alerts[name].get("enabled", True):
                found.append(
                    f"llmmon_prometheus_rule_files: duplicate rule name {name} in {path}; rename it, or switch llmmon's"
                    f" off with llmmon_alerts: {{{name}: {{enabled: false}}}}"
                )
            for quoted in _MATCHER.findall(str(rule.get("expr", ""))):
                why = regex_problem(_unquoted(quoted))
                if why:
                    found.append(
                        f"llmmon_prometheus_rule_files: the matcher {quoted} of {name or rule.get('record')} in {path}"
                        f" does not compile: {why}"
                    )
    return found


def _unquoted(quoted: str) -> str:
    """What a string of PromQL says; of its escapes only those that regular expressions are written with."""
    return re.sub(r"""\\([\\"'])""", r"\1", quoted[1:-1])


class FilterModule:
    """Filters of llmmon.stack."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {
            "gateway_problems": gateway_problems,
            "data_source_problems": data_source_problems,
            "threshold_problems": threshold_problems,
            "alert_problems": alert_problems,
            "relabeling_problems": relabeling_problems,
            "rule_file_problems": rule_file_problems,
        }
