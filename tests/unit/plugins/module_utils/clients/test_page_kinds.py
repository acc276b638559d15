"""Of what kind a page is: every kind's pages, as a real Prometheus scrapes them, and what is hard to tell."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.page_kinds import Finding, Page, judge_page, pages
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.plugin_utils.request_metrics import request_metrics

from tests.support import services
from tests.support.loopback import Answer, Server
from tests.support.scraping import EXPOSITION
from tests.support.services import Service
from tests.support.versions import EVERYWHERE
from tests.testbed.state import REPOSITORY

PRESETS = REPOSITORY / "collections/llmmon/roles/prometheus/vars/presets"
FIXTURES = {path.stem: path for path in sorted((REPOSITORY / "tests/rules/fixtures").glob("*.prom"))}
KINDS = request_metrics(str(PRESETS))
# Pages beyond the fixtures. The client libraries of Python declare what has no sample yet, those of Go do not.
DECLARED = b"# HELP llm_requests_total Requests.\n# TYPE llm_requests_total counter\npython_info 1\n"
EMPTY = b"go_goroutines 7\n"


def kind_of(fixture: str) -> str:
    return fixture.split("-", maxsplit=1)[0]


@pytest.fixture(scope="module", params=EVERYWHERE["prometheus"])
def prometheus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a Prometheus which has scraped all pages, one job each."""
    root = tmp_path_factory.mktemp("kinds")
    bodies = {name: path.read_bytes() for name, path in FIXTURES.items()} | {"declared": DECLARED, "empty": EMPTY}
    with Server() as server, services.node_exporter(root / "node_exporter.log") as machine:
        server.answers.update({f"GET /{name}": Answer(200, body, EXPOSITION) for name, body in bodies.items()})
        jobs = [
            {"job_name": name, "metrics_path": f"/{name}", "static_configs": [{"targets": [server.address]}]}
            for name in bodies
        ]
        # As where a gateway's host was named with the port that everybody knows.
        jobs.append({"job_name": "machine", "static_configs": [{"targets": [machine.removeprefix("http://")]}]})
        # One scrape that takes too long would take a page away from the tests that come later.
        settings = {"global": {"scrape_interval": "5s", "scrape_timeout": "5s"}, "scrape_configs": jobs}
        with services.prometheus(request.param, root, json.dumps(settings)) as running:
            count = {"query": "count(up == 1) or vector(0)"}

            def scraped() -> bool | None:
                result = running.client.get("/api/v1/query", **count)["data"]["result"]
                return True if int(result[0]["value"][1]) == len(jobs) else None

            assert wait_for(scraped, 30)
            yield running


def looked_at(prometheus: Service, *idle: str, **gateways: str) -> dict[str, Finding]:
    found = pages(prometheus.client, gateways, idle, KINDS)
    return {page.job: judge_page(page, KINDS) for page in found}


def test_every_page_is_of_its_kind(prometheus: Service) -> None:
    found = looked_at(prometheus, **{name: kind_of(name) for name in FIXTURES})
    # An early page of a gateway nobody has asked yet may have nothing to count.
    assert {name for name, finding in found.items() if finding != Finding()} <= {
        name for name in FIXTURES if name.endswith("-early")
    }


def test_every_page_of_another_kind_is_told_by_its_own(prometheus: Service) -> None:
    later = [name for name in FIXTURES if not name.endswith("-early")]
    wrong = {name: "canonical" if kind_of(name) != "canonical" else "litellm" for name in later}
    for name, finding in looked_at(prometheus, **wrong).items():
        assert "correct its kind in llmmon_gateways" in finding.problem, name
        named = finding.problem.split("those of ")[1].split(":")[0].split(" and ")
        assert kind_of(name) in named, finding
    found = looked_at(prometheus, canonical="litellm")["canonical"].problem
    assert found == (
        "the page of canonical has no metric that counts requests of the kind litellm"
        " (litellm_proxy_total_requests_metric_total), but has those of canonical: correct its kind in llmmon_gateways"
    )


def test_a_fresh_gateway_is_told_apart(prometheus: Service) -> None:
    found = looked_at(prometheus, declared="canonical", empty="litellm")
    assert found["declared"] == Finding(
        note="declared has had no request yet: its page declares llm_requests_total, without a sample"
    )
    assert not found["empty"].problem
    assert "right only as long as nobody asks it; verify.yml asks again" in found["empty"].note
    # What is declared tells of another kind as well as what is counted.
    assert "those of canonical" in looked_at(prometheus, declared="litellm")["declared"].problem


def test_a_machine_s_own_page_is_no_gateway_s(prometheus: Service) -> None:
    (page,) = pages(prometheus.client, {"machine": "litellm"}, (), KINDS)
    assert "node_cpu_seconds_total" in page.sampled | page.declared
    finding = judge_page(dataclasses.replace(page, fresh=False), KINDS)
    assert "nor of any other kind, so no alert about it can ever fire" in finding.problem


NOTHING = Page("gw", "litellm", frozenset())


@pytest.mark.parametrize(
    ("page", "problem", "note"),
    [
        (NOTHING, "nor of any other kind, so no alert about it can ever fire", ""),
        (Page("gw", "litellm", frozenset(), fresh=True), "", "verify.yml asks again"),
        (Page("gw", "litellm", frozenset(), idle=True), "", "llmmon_idle_gateways expects that"),
        # OpenMetrics declares a counter without its ending.
        (
            Page("gw", "litellm", frozenset(), frozenset({"litellm_proxy_total_requests_metric"})),
            "",
            "has had no request yet",
        ),
        # Whoever expects nothing still wants to hear of what is there.
        (
            Page("gw", "litellm", frozenset({"llm_requests_total"}), idle=True, fresh=True),
            "has those of canonical",
            "",
        ),
    ],
)
def test_what_is_made_of_a_page(page: Page, problem: str, note: str) -> None:
    found = judge_page(page, KINDS)
    assert (bool(found.problem), bool(found.note)) == (bool(problem), bool(note))
    assert problem in found.problem
    assert note in found.note


def test_a_preset_of_one_s_own_counts(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("tokens: [{metrics: [my_tokens, my_tokens_total]}]\n")
    (tmp_path / "canonical.yml").write_text("requests: [{metrics: [own_total]}]\ntokens: [{metrics: [x]}]\n")
    kinds = request_metrics(str(PRESETS), str(tmp_path))
    assert kinds["mine"] == ["my_tokens", "my_tokens_total"]
    assert kinds["canonical"] == ["own_total"]
    assert kinds["litellm"] == KINDS["litellm"]
