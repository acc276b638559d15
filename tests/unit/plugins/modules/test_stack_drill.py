"""What the module says before it does anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.modules import stack_drill

from tests.support import rendering
from tests.support.loopback import Server, as_json
from tests.support.modules import run_module

PROGRAM = {"container": "c", "uid": 1, "gid": 1}
RULES = [
    {"type": "alerting", "name": "LLMTargetDown", "query": "up == 0", "duration": 180, "labels": {}, "annotations": {}},
    {"type": "alerting", "name": "LLMUnheardOf", "query": "1", "duration": 0, "labels": {}, "annotations": {}},
]
GROUPS = [
    {"name": "g", "file": "/etc/current/rules/a.yml", "rules": RULES},
    {"name": "own", "file": "/etc/current/rules.d/b.yml", "rules": [{**RULES[0], "name": "DiskFull"}]},
]


def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> dict[str, Any]:
    monkeypatch.setattr(stack_drill, "DOCKER_IMPORT_ERROR", None)
    with Server() as prometheus:
        prometheus.answers["GET /api/v1/rules?exclude_alerts=true"] = as_json({"data": {"groups": GROUPS}})
        return run_module(
            stack_drill,
            {
                "url": prometheus.url,
                "gateways": [{"name": "j", "kind": "canonical", "sample_limit": 0}],
                "presets": rendering.presets(),
                "routes": {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]},
                "config_root": str(tmp_path / "etc"),
                "data_root": str(tmp_path / "lib"),
                "prometheus": PROGRAM,
                "alertmanager": PROGRAM,
                **more,
            },
            check_mode=True,
        )


def test_check_mode_says_what_would_be_fired_and_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = answer(tmp_path, monkeypatch)
    assert (found["failed"], found["changed"]) == (False, False)
    assert [(row["alert"], row["how"], row["waits"]) for row in found["alerts"]] == [
        ("LLMTargetDown", "series", "3m"),
        ("LLMUnheardOf", "no series", ""),
        ("DiskFull", "route only", "3m"),
    ]
    assert "seconds" not in found
    assert list(tmp_path.iterdir()) == []


def test_alerts_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = answer(tmp_path, monkeypatch, alerts=["DiskFull"])
    assert [row["alert"] for row in found["alerts"]] == ["DiskFull"]


def test_a_prometheus_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = answer(tmp_path, monkeypatch, url="http://127.0.0.1:9")
    assert found["failed"]
    assert "http://127.0.0.1:9/api/v1/rules" in found["msg"]
