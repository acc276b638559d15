"""A real Prometheus scrapes every fixture as a gateway, with the configuration that a deployment gets."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import pytest

from tests.rules import promtool, recorded
from tests.support import exposition, prometheus, rendering

# Everything happens within seconds instead of minutes. Rates over fewer than ten scrapes would not be exact enough.
SECONDS = {
    "interval: 1m\n": "interval: 2s\n",
    "interval: 2m\n": "interval: 2s\n",
    "[5m]": "[10s]",
}
PAGES = exposition.pages()
# Ansible's templating is not made for threads.
rendering_at_a_time = Lock()
# On a machine that others use, scrapes come late for a while.
ENOUGH_SECONDS = 240


def shortened(rules: str) -> str:
    for slow, fast in SECONDS.items():
        assert slow in rules
        rules = rules.replace(slow, fast)
    return rules


def test_pages_are_scraped_and_recorded(tmp_path: Path) -> None:
    """Both versions at once, since they mostly wait."""
    with exposition.served(PAGES) as target, ThreadPoolExecutor() as pool:
        for problems in pool.map(lambda version: problems_of(version, tmp_path / version, target), promtool.VERSIONS):
            assert not problems, "\n".join(problems)


def problems_of(version: str, folder: Path, target: str) -> list[str]:
    """What a Prometheus of this version makes of all pages, as soon as it is right, or in the end."""
    write_configuration(version, folder, target)
    wanted = {key: value for page in PAGES for key, value in recorded.expected(page).items()}
    deadline = time.monotonic() + ENOUGH_SECONDS
    with prometheus.running(version, folder) as server:
        while True:
            time.sleep(1)
            found = {recorded.key(labels): value for labels, value in server.query(recorded.OF_KINDS)}
            problems = [f"{version}: {problem}" for problem in differences(wanted, found)]
            up = {labels["job"] for labels, value in server.query("up") if value == 1}
            problems += [f"{version}: {page.job} is not scraped" for page in PAGES if page.job not in up]
            if not problems or time.monotonic() > deadline:
                break
        rules = [rule for group in server.get("rules")["groups"] for rule in group["rules"]]
        return problems + [
            f"{version}: {rule['name']}: {rule['lastError']}" for rule in rules if rule["health"] == "err"
        ]


def write_configuration(version: str, folder: Path, target: str) -> None:
    with rendering_at_a_time:
        tree = rendering.render_tree(
            llmmon_gateways=[
                {"name": page.job, "kind": page.kind, "targets": [target], "metrics_path": f"/{page.job}"}
                for page in PAGES
            ],
            llmmon_token_prices=recorded.PRICES,
            llmmon_services=["prometheus"],
            llmmon_prometheus_version=version,
            llmmon_prometheus_scrape_interval="1s",
            llmmon_prometheus_scrape_timeout="1s",
            llmmon_prometheus_rule_interval="2s",
        )
    release = folder / "current"
    (release / "rules").mkdir(parents=True)
    (release / "rules" / "llm_recording.yml").write_text(shortened(tree["rules/llm_recording.yml"]), encoding="utf-8")
    (release / "prometheus.yml").write_text(tree["prometheus.yml"], encoding="utf-8")


def differences(wanted: dict[tuple[str, ...], float], found: dict[tuple[str, ...], float]) -> list[str]:
    """Exact numbers are promtool's business: here they must be about right, but nothing may be missing or too much."""
    problems = [f"is not recorded: {key}" for key in sorted(wanted.keys() - found.keys())]
    problems += [f"is recorded: {key}" for key in sorted(found.keys() - wanted.keys())]
    return problems + [
        f"is {found[key]} and not {value}: {key}"
        for key, value in wanted.items()
        if key in found and found[key] != pytest.approx(value, rel=0.1, abs=0.0001)
    ]
