# SPDX-License-Identifier: Apache-2.0
"""Whether Prometheus has loaded the rules on the host and evaluates them without error."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved, sentence_list
from ansible_collections.llmmon.stack.plugins.module_utils.proof.evidence import Evidence, evidence

NOT_LOADED = "it is not loaded: run site.yml --tags prometheus"
NOT_EVALUATED = "it was not evaluated in time"

# A key in block style, with its indentation; it may begin an item of a list.
_KEY = re.compile(r"^(?P<indent> *)(?P<item>- +)?(?P<key>[A-Za-z_]+):(?: +(?P<value>.*?))?\s*$")
_BLOCK_SCALAR = re.compile(r"[|>][0-9+-]*")
_ANY_RULE = re.compile(r"\b(alert|record)[\"']?\s*:")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


@dataclasses.dataclass(frozen=True)
class RuleFile:
    """What is known of a rule file without reading YAML."""

    # Relative to the directory.
    path: str
    # Names of rules in it, as far as they are found.
    names: tuple[str, ...]
    # Whether there is any rule in it.
    has_rules: bool


@dataclasses.dataclass(frozen=True)
class Trouble:
    """What is wrong with a rule, or with a file when no rule is named."""

    file: str
    group: str
    rule: str
    trouble: str
    # Whether waiting longer would not mend it.
    settled: bool = False

    def sentence(self, variable: str) -> str:
        what = f"the rule {self.rule} (group {self.group}, file {self.file})" if self.rule else f"the file {self.file}"
        return f"{what}: {self.trouble}" + (f"; correct {variable}" if variable else "")


def written_names(text: str) -> list[str]:
    """Names of the rules in a rule file, as far as they stand in block style at the beginning of an item.

    The hosts' Python need not know YAML, and Prometheus has read it all: what is not found here is missed, and nothing
    is made up.
    """
    found = []
    scalar_indent: Optional[int] = None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip(" "))
        if scalar_indent is not None and (not line.strip() or indent > scalar_indent):
            continue
        scalar_indent = None
        match = _KEY.match(line)
        if not match:
            continue
        value = match["value"] or ""
        if _BLOCK_SCALAR.match(value):
            scalar_indent = indent + len(match["item"] or "")
        elif match["item"] and match["key"] in {"alert", "record"} and _NAME.fullmatch(value.strip("'\"")):
            found.append(value.strip("'\""))
    return found


def rule_file(path: str, text: str) -> RuleFile:
    """What a rule file says, as far as it is understood."""
    has_rules = any(_ANY_RULE.search(line) for line in text.splitlines() if not line.lstrip().startswith("#"))
    return RuleFile(path, tuple(written_names(text)), has_rules)


def rule_files(directory: Path, folders: list[str]) -> list[RuleFile]:
    """The rule files below the folders."""
    paths = [path for folder in folders for path in sorted((directory / folder).glob("*")) if path.is_file()]
    return [
        rule_file(str(path.relative_to(directory)), path.read_text(encoding="utf-8", errors="replace"))
        for path in paths
    ]


def assess(
    groups: list[dict[str, Any]], files: list[RuleFile], directory: str, counts: Evidence, patience: float
) -> list[Trouble]:
    """Judge the ``groups`` of ``/api/v1/rules``; ``patience`` is how many seconds there are to wait."""
    found = []
    for file in files:
        of_file = [group for group in groups if group.get("file") == f"{directory}/{file.path}"]
        loaded = {rule["name"] for group in of_file for rule in group["rules"]}
        if file.has_rules and not loaded:
            found.append(Trouble(file.path, "", "", NOT_LOADED))
            continue
        found += [Trouble(file.path, "", name, NOT_LOADED) for name in file.names if name not in loaded]
        judged = [_trouble_of(rule, group, file.path, counts, patience) for group in of_file for rule in group["rules"]]
        found += [trouble for trouble in judged if trouble]
    return found


def _trouble_of(
    rule: dict[str, Any], group: dict[str, Any], file: str, counts: Evidence, patience: float
) -> Optional[Trouble]:
    if rule["health"] == "ok":
        return None
    if rule["health"] == "err":
        # One from before may be of a time with less to evaluate; but not every group has another within our time.
        final = (
            counts.has(rule.get("lastEvaluation", ""), float(group["interval"])) or float(group["interval"]) > patience
        )
        return Trouble(file, group["name"], rule["name"], f"it fails: {rule.get('lastError', '')}", final)
    if float(group["interval"]) > patience:
        return None
    return Trouble(file, group["name"], rule["name"], NOT_EVALUATED)


def rules_of(groups: list[dict[str, Any]], files: list[RuleFile], directory: str) -> list[dict[str, Any]]:
    """The rules that Prometheus has loaded from the files."""
    paths = {f"{directory}/{file.path}" for file in files}
    return [rule for group in groups if group.get("file") in paths for rule in group["rules"]]


def finished(troubles: list[Trouble]) -> bool:
    """Whether waiting longer cannot change the verdict."""
    return all(trouble.settled for trouble in troubles)


def verdict(troubles: list[Trouble], total: int, folders: dict[str, str]) -> Optional[str]:
    """One sentence a rule with trouble, or None when there is none."""
    if not troubles:
        return None
    sentences = [trouble.sentence(folders.get(trouble.file.partition("/")[0], "")) for trouble in troubles]
    return f"rules that do not work: {len(troubles)} ({total} are loaded). " + sentence_list(sentences)


def verify_rules(client: HttpClient, parameters: dict[str, Any], timeout: float) -> dict[str, Any]:
    """Wait for the rules to be loaded and evaluated; raises NotProved. ``parameters`` as documented."""
    directory, folders = parameters["directory"].rstrip("/"), parameters["folders"]
    try:
        files = rule_files(Path(directory), list(folders))
    except OSError as error:
        raise NotProved(f"the rule files below {directory} cannot be read: {error.strerror}") from error
    counts = evidence(client, parameters["fresh"])
    groups: list[dict[str, Any]] = []
    latest: list[Trouble] = []
    silence: list[str] = []

    def look() -> Optional[bool]:
        try:
            groups[:] = client.get("/api/v1/rules", exclude_alerts="true")["data"]["groups"]
        except HttpError as error:
            silence[:] = [str(error)]
            return None
        silence.clear()
        latest[:] = assess(groups, files, directory, counts, timeout)
        return True if finished(latest) else None

    wait_for(look, timeout, interval=0.5)
    if silence:
        raise NotProved(f"the rules of Prometheus cannot be read: {silence[0]}")
    rules = rules_of(groups, files, directory)
    facts = {
        "total": len(rules),
        "pending": sum(rule["health"] == "unknown" for rule in rules),
        "files": [file.path for file in files],
        "failing": [{key: value for key, value in vars(trouble).items() if key != "settled"} for trouble in latest],
    }
    message = verdict(latest, len(rules), folders)
    if message:
        raise NotProved(message, facts)
    return facts
