"""What gateways count, by the presets of their kinds."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.counted import counted, signals

from tests.support.rendering import presets


def test_a_gateway_counts_what_its_kind_says() -> None:
    gateways: list[Any] = [{"name": "a", "kind": "litellm", "labels": {"team": 1}}, {"name": "b", "kind": "unknown"}]
    (said,) = counted(gateways, presets()).values()  # type: ignore[arg-type]
    assert said["signals"]["requests"] == ["litellm_proxy_total_requests_metric_total"]
    assert (said["labels"], said["team"], said["model"][0]) == ({"team": "1"}, ["team_alias"], "model")
    assert (said["complete"], said["has_default_model"], said["vanishing"]) == (True, True, False)


def test_all_names_of_a_preset_are_a_signals() -> None:
    for kind, preset in presets().items():
        names = set(_names(preset))
        assert {name for listed in signals(preset).values() for name in listed} >= names, kind  # type: ignore[arg-type]


def _names(part: Any) -> list[str]:
    if isinstance(part, dict):
        return [*part.get("metrics", []), *(name for value in part.values() for name in _names(value))]
    return [name for value in part for name in _names(value)] if isinstance(part, list) else []
