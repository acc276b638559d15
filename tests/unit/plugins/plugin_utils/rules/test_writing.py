"""Rules as YAML: readable, and plain whatever Ansible wraps them in."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Group, group, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.writing import rule_file


def test_a_file_is_written_to_be_read() -> None:
    rules = [record("a:b", 'sum by (job) (\n  x{y=~"z"}\n)', job="j"), record("c", "up")]
    assert rule_file([group("mine", "30s", rules)]) == (
        "groups:\n"
        "  - name: mine\n"
        "    interval: 30s\n"
        "    rules:\n"
        "      - record: a:b\n"
        "        labels:\n"
        "          job: j\n"
        "        expr: |-\n"
        "          sum by (job) (\n"
        '            x{y=~"z"}\n'
        "          )\n"
        "      - record: c\n"
        "        expr: up"
    )


# Lines that begin or end with space, or are nothing else, and what some take for the end of a line.
SPACED = [
    "a\n",
    "a\n\n",
    "\na",
    "\n",
    "  a\n b",
    "a \nb",
    "a\n\n\nb",
    "a\n \nb",
    "- a\n- b",
    "a\tb",
    "a\u2028b",
    "a\x85b\nc",
    "a\r\nb",
    "a ...",
    "a\n...",
    "a\n...\n",
    "...",
    "a\nb\u2028c",
    "a\n😀",
]


@pytest.mark.parametrize(
    "text", ["yes", "3", "1e3", "null", "a: b", "{{ $value }}", "# a", "안녕", "a\nb", " a ", "", *SPACED]
)
def test_a_text_stays_a_text(text: str) -> None:
    written = rule_file([group("g", "1m", [record("a", text, label=text), record("b", "up")])])
    (rule, other) = yaml.safe_load(written)["groups"][0]["rules"]
    assert rule == {"record": "a", "labels": {"label": text}, "expr": text}
    assert other == {"record": "b", "expr": "up"}


def test_a_group_without_rules_is_one() -> None:
    assert yaml.safe_load(rule_file([group("g", "1m", [])])) == {
        "groups": [{"name": "g", "interval": "1m", "rules": []}]
    }


def test_a_long_line_is_not_broken() -> None:
    expression = " + ".join(["up"] * 100)
    assert f"expr: {expression}" in rule_file([group("g", "1m", [record("a", expression)])])


def test_what_appears_twice_is_written_twice() -> None:
    labels = {"source": "x"}
    rules: list[Any] = [{"record": name, "labels": labels, "expr": "up"} for name in ("a", "b")]
    assert rule_file([group("g", "1m", rules)]).count("source: x") == 2


def test_ansibles_own_containers_are_written_plainly() -> None:
    given: list[Group] = [group("g", "1m", [record("a", "up\n== 1", job="j")])]
    variables = {
        "groups_as_given": given,
        "name": trust_as_template("{{ 'g' }}"),
        "made": trust_as_template("{{ [{'name': name, 'interval': '1m', 'rules': groups_as_given[0].rules}] }}"),
    }
    template = trust_as_template("{{ made | llmmon.stack.rule_file }}")
    assert Templar(loader=DataLoader(), variables=variables).template(template) == rule_file(given)
