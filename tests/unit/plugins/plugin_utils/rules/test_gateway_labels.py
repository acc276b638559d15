"""The labels of gateways in the expressions of alerts."""

from __future__ import annotations

from typing import Any, cast

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.gateway_labels import gateway_labels, with_labels


def written(*labels: dict[str, Any] | None, own: tuple[str, ...] = (), job: str | None = None) -> str:
    """The expression up of gateways g.0, g.1, ... with these labels."""
    gateways = [
        cast("Gateway", {"name": f"g.{number}", **({} if given is None else {"labels": given})})
        for number, given in enumerate(labels)
    ]
    return with_labels("up", gateway_labels(gateways), own=own, job=job)


def test_without_labels_nothing_changes() -> None:
    assert written(None, {}, {"team": None}) == "up"


def test_a_value_is_written_once() -> None:
    assert written({"team": "a"}, {"team": "b"}, {"team": "a"}, None) == (
        'label_replace(label_replace(\nup\n, "team", "a", "job", "g\\\\.0|g\\\\.2")\n, "team", "b", "job", "g\\\\.1")'
    )


def test_a_rule_of_one_gateway_has_its_labels_alone() -> None:
    assert written({"team": "a"}, {"team": "a"}, {"env": "e"}, job="g.1") == (
        'label_replace(\nup\n, "team", "a", "job", "g\\\\.1")'
    )
    assert written({"team": "a"}, None, job="g.1") == "up"


def test_values_are_what_prometheus_makes_of_them() -> None:
    assert written({"v": True}).splitlines()[-1] == ', "v", "true", "job", "g\\\\.0")'
    assert written({"v": 1.5}).splitlines()[-1] == ', "v", "1.5", "job", "g\\\\.0")'
    assert written({"v": '$1 "é🙂" \\'}).splitlines()[-1] == ', "v", "$$1 \\"é🙂\\" \\\\", "job", "g\\\\.0")'


def test_what_alerts_have_themselves_is_theirs() -> None:
    assert written({"model": "m", "source": "s", "team": "t"}, own=("job", "team")) == "up"
