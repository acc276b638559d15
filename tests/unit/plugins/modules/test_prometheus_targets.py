"""The verdict on Prometheus's scrape targets."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import moment
from ansible_collections.llmmon.stack.plugins.module_utils.proof import targets
from ansible_collections.llmmon.stack.plugins.module_utils.proof.evidence import Evidence
from ansible_collections.llmmon.stack.plugins.module_utils.proof.hosts import WITHOUT_GPU
from ansible_collections.llmmon.stack.plugins.module_utils.proof.targets import (
    Pools,
    Target,
    Wanted,
    finished,
    verdict,
)
from ansible_collections.llmmon.stack.plugins.modules import prometheus_targets

from tests.support.loopback import Answer, Server, as_json
from tests.support.modules import run_module

pytestmark = pytest.mark.usefixtures("fast_clock")

UTC = datetime.UTC
SINCE = datetime.datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
LONG_AGO = datetime.datetime(2026, 1, 1, tzinfo=UTC)
BEFORE, AFTER, NEVER = "2026-01-02T11:59:59.999999999Z", "2026-01-02T12:00:00.000000001Z", "0001-01-01T00:00:00Z"
REFUSED = 'Get "http://a:1/metrics": dial tcp 127.0.0.1:1: connect: connection refused'


def active(
    job: str, instance: str = "a:1", health: str = "up", error: str = "", scraped: str = AFTER
) -> dict[str, Any]:
    labels = {"job": job, "instance": instance}
    return {"labels": labels, "health": health, "lastError": error, "lastScrape": scraped}


def assess(
    found: list[dict[str, Any]],
    jobs: list[str],
    since: datetime.datetime,
    scrape_urls: dict[str, list[str]] | None = None,
    *,
    own_jobs: list[str] | None = None,
    pools: Pools | None = None,
) -> list[Target]:
    wanted = Wanted(jobs, own_jobs or [], scrape_urls or {})
    return targets.assess(found, wanted, Evidence(since), lambda: pools or Pools())


# -- what was scraped before the module started


@pytest.mark.parametrize(
    ("scraped", "interval", "timeout", "up"),
    [
        (BEFORE, "15s", "10s", True),
        ("2026-01-02T11:59:36Z", "15s", "10s", True),
        # Prometheus should have scraped it again by now.
        ("2026-01-02T11:59:34Z", "15s", "10s", False),
        ("2026-01-02T11:59:34Z", "1m30s", "10s", True),
        ("2026-01-02T11:59:58Z", "500ms", "500ms", False),
        (NEVER, "15s", "10s", False),
    ],
)
def test_where_nothing_changed_the_last_interval_counts(scraped: str, interval: str, timeout: str, up: bool) -> None:
    target = active("a", scraped=scraped) | {"scrapeInterval": interval, "scrapeTimeout": timeout}
    (judged,) = targets.assess([target], Wanted(["a"]), Evidence(SINCE, loaded=LONG_AGO))
    assert (judged.cause == "") is up
    # Where something changed it never does.
    (judged,) = targets.assess([target], Wanted(["a"]), Evidence(SINCE))
    assert judged.cause == "pending"


def test_a_scrape_from_before_the_configuration_is_none_of_it() -> None:
    """With another token, for instance, a target has the same URL: what was read with the old one proves nothing."""
    target = active("a", scraped="2026-01-02T11:59:50Z") | {"scrapeInterval": "15s", "scrapeTimeout": "10s"}
    for loaded, cause in (("2026-01-02T11:59:49Z", ""), ("2026-01-02T11:59:51Z", "pending")):
        (judged,) = targets.assess([target], Wanted(["a"]), Evidence(SINCE, moment(loaded)))
        assert judged.cause == cause


@pytest.mark.parametrize(
    ("stamp", "counts"),
    [
        (BEFORE, False),
        ("2026-01-02T12:00:00Z", True),
        (AFTER, True),
        ("2026-01-02T12:00:01Z", True),
        ("2026-01-02T11:59:59Z", False),
        # The same moments as a host that is elsewhere writes them.
        ("2026-01-02T13:59:59.9+02:00", False),
        ("2026-01-02T14:00:00.1+02:00", True),
        (NEVER, False),
        ("", False),
    ],
)
def test_time_stamps_are_compared_as_moments(stamp: str, counts: bool) -> None:
    assert Evidence(SINCE).has(stamp) is counts


class Counted(list[Any]):
    """A list that counts how often it is walked through or searched."""

    walks = 0

    def __iter__(self) -> Any:
        type(self).walks += 1
        return super().__iter__()

    def __contains__(self, item: object) -> bool:
        type(self).walks += 1
        return super().__contains__(item)


def test_each_target_is_judged_once_however_many_jobs_there_are() -> None:
    walks = {}
    for jobs in (10, 1000):
        names = [f"job{number}" for number in range(jobs)]
        found = Counted([active(name) | {"scrapeUrl": f"http://{name}/metrics"} for name in names])
        wanted = Wanted(Counted(names), Counted(["own"]), {name: [f"http://{name}/metrics"] for name in names})
        Counted.walks = 0
        assert sum(not target.cause for target in targets.assess(found, wanted, Evidence(SINCE))) == jobs
        walks[jobs] = Counted.walks
    assert walks[1000] == walks[10] < 10


def test_of_many_targets_that_are_down_the_first_are_told() -> None:
    found = [active("a", f"{number}:1", "down", REFUSED) for number in range(200)]
    sentence = verdict(assess(found, ["a"], SINCE)) or ""
    assert sentence.startswith("200 of 200 scrape targets are not up. ")
    assert sentence.count("connection refused") == 10
    assert sentence.endswith(" | and 190 more")


# -- time stamps


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T03:04:05.123456789Z", datetime.datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)),
        ("2026-01-02T03:04:05.1Z", datetime.datetime(2026, 1, 2, 3, 4, 5, 100000, UTC)),
        ("2026-01-02T03:04:05Z", datetime.datetime(2026, 1, 2, 3, 4, 5, 0, UTC)),
        ("2026-01-02T03:04:05.5+02:00", datetime.datetime(2026, 1, 2, 1, 4, 5, 500000, UTC)),
        ("0001-01-01T00:00:00Z", datetime.datetime.min.replace(tzinfo=UTC)),
        ("0001-01-01T00:00:00+02:00", datetime.datetime.min.replace(tzinfo=UTC)),
        ("", datetime.datetime.min.replace(tzinfo=UTC)),
        ("yesterday", datetime.datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_time_stamps_of_go(text: str, expected: datetime.datetime) -> None:
    assert moment(text) == expected


# -- assess


def test_a_target_that_was_scraped_since_is_up() -> None:
    assert assess([active("a")], ["a"], SINCE) == [Target("a", "a:1", "up")]


@pytest.mark.parametrize("scraped", [BEFORE, NEVER])
def test_only_scrapes_since_then_count(scraped: str) -> None:
    for health in ("up", "down", "unknown"):
        (target,) = assess([active("a", health=health, error=REFUSED, scraped=scraped)], ["a"], SINCE)
        assert (target.cause, target.error, target.settled) == ("pending", "", False)
        assert target.health == health


def test_a_failing_target_gets_its_cause_and_prometheus_s_words() -> None:
    (target,) = assess([active("a", health="down", error=REFUSED)], [], SINCE)
    assert (target.cause, target.error, target.settled) == ("refused", REFUSED, False)
    assert "targets in llmmon_gateways" in target.hint


def test_a_job_without_targets_is_missing_and_waited_for() -> None:
    (target, other) = assess([active("a")], ["a", "b"], SINCE)
    assert (target.job, target.cause, target.settled) == ("b", "missing", False)
    assert other.cause == ""


def test_jobs_choose_and_no_jobs_mean_all() -> None:
    both = [active("a"), active("b", health="down", error=REFUSED)]
    assert [target.job for target in assess(both, ["a"], SINCE)] == ["a"]
    assert [target.job for target in assess(both, [], SINCE)] == ["b", "a"]
    assert assess([], [], SINCE) == []


def test_jobs_of_the_user_s_own_are_verified_too() -> None:
    both = [active("a"), active("mine", health="down", error="server returned HTTP status 404 Not Found")]
    (mine, _) = assess(both, ["a"], SINCE, own_jobs=["mine"])
    assert (mine.job, mine.cause) == ("mine", "not_found")
    assert mine.hint == "the gateway has no such page: correct metrics_path in llmmon_prometheus_scrape_config_files"


def test_a_job_of_the_user_s_own_may_have_no_target_yet() -> None:
    assert assess([active("a")], ["a"], SINCE, own_jobs=["mine"], pools=Pools({"a", "mine"}))[0].cause == ""
    (missing, _) = assess([active("a")], ["a"], SINCE, own_jobs=["mine"], pools=Pools({"a"}))
    assert (missing.job, missing.cause) == ("mine", "missing")


def test_a_job_that_prometheus_could_not_begin_is_told_from_one_that_is_not_deployed() -> None:
    refused = Pools({"a"}, some_refused=True)
    (target,) = assess([], ["b"], SINCE, pools=refused)
    assert (target.cause, target.settled) == ("missing", False)
    assert "it cannot read a file that the job names" in target.hint
    (other,) = assess([], ["a"], SINCE, pools=refused)
    assert "it cannot read" not in other.hint


def test_a_job_that_prometheus_could_not_change_is_told_from_one_that_is_not_deployed() -> None:
    old = [{**active("a"), "scrapeUrl": "http://a:1/old"}]
    (target,) = assess(old, ["a"], SINCE, {"a": ["http://a:1/new"]}, pools=Pools(some_not_changed=True))
    assert target.cause == "outdated"
    assert "it cannot read a file that the job names" in target.hint


def test_trouble_comes_first_then_names_in_order() -> None:
    found = assess(
        [
            active("b", "b:2"),
            active("z", "a:1", "down", REFUSED),
            active("b", "a:1"),
            active("c", "b:1", "down", REFUSED),
            active("c", "a:1", "down", REFUSED),
        ],
        [],
        SINCE,
    )
    assert [(target.job, target.instance) for target in found] == [
        ("c", "a:1"),
        ("c", "b:1"),
        ("z", "a:1"),
        ("b", "a:1"),
        ("b", "b:2"),
    ]


@pytest.mark.parametrize(
    ("scraped", "configured", "cause"),
    [
        (["http://a:1/metrics"], ["http://a:1/metrics"], ""),
        (["http://A:80/metrics", "https://b:443/m"], ["https://b/m", "http://a/metrics"], ""),
        (["http://a:1/metrics"], ["http://a:2/metrics"], "outdated"),
        (["http://a:1/metrics"], ["http://a:1/other"], "outdated"),
        (["http://a:1/metrics?a=b"], ["http://a:1/metrics?a=b"], ""),
        (["http://a:1/metrics"], ["http://a:1/metrics?a=b"], "outdated"),
        (["http://a:1/metrics"], ["https://a:1/metrics"], "outdated"),
        (["http://a:1/metrics"], ["http://a:1/metrics", "http://b:1/metrics"], "outdated"),
        (["http://a:1/metrics", "http://b:1/metrics"], ["http://a:1/metrics"], "outdated"),
    ],
)
def test_targets_from_before_the_configuration_are_no_evidence(
    scraped: list[str], configured: list[str], cause: str
) -> None:
    for health, error in (("up", ""), ("down", "server returned HTTP status 401 Unauthorized")):
        found = assess(
            [{**active("a", health=health, error=error), "scrapeUrl": url} for url in scraped],
            ["a"],
            SINCE,
            {"a": configured},
        )
        expected = cause or ("unauthorized" if error else "")
        assert {target.cause for target in found} == {expected}
        assert {target.settled for target in found} == {not cause}


# -- finished and verdict


UP = Target("a", "a:1", "up")
SETTLED = Target("b", "b:1", "down", "unauthorized", "correct the token", "server returned HTTP status 401", True)
OPEN = Target("c", "c:1", "down", "refused", "start it", REFUSED, False)
ABSENT = Target("d", "", "unknown", "missing", "run site.yml", settled=False)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([], False),
        ([UP], True),
        ([UP, SETTLED], True),
        ([UP, OPEN], False),
        ([SETTLED, OPEN], False),
        ([ABSENT], False),
    ],
)
def test_waiting_ends_when_time_cannot_change_the_verdict(targets: list[Target], expected: bool) -> None:
    assert finished(targets) is expected


def test_the_verdict_is_one_sentence_a_failing_target() -> None:
    assert verdict([UP]) is None
    assert verdict([SETTLED, ABSENT, UP]) == (
        "2 of 3 scrape targets are not up."
        " b b:1: unauthorized (server returned HTTP status 401); correct the token | d: missing; run site.yml"
    )
    assert verdict([]) == "Prometheus has no scrape target at all: set llmmon_gateways and run site.yml"


# -- the module


TARGETS = "GET /api/v1/targets?state=active"


def page(*targets: dict[str, Any]) -> Answer:
    return as_json({"status": "success", "data": {"activeTargets": list(targets)}})


def later() -> str:
    return (datetime.datetime.now(UTC) + datetime.timedelta(minutes=1)).isoformat().replace("+00:00", "Z")


def test_the_module_waits_until_all_are_up(server: Server) -> None:
    pages = [
        page(),
        page(active("a", scraped=NEVER)),
        page(active("a", health="down", error=REFUSED, scraped=later())),
        page(active("a", scraped=later())),
    ]
    server.answers[TARGETS] = lambda _: pages.pop(0)
    answer = run_module(prometheus_targets, {"url": server.url, "jobs": ["a"]})
    assert not answer["failed"]
    assert not answer["changed"]
    assert (answer["up"], answer["total"]) == (1, 1)
    assert pages == []


def test_the_module_does_not_wait_for_what_time_does_not_mend(server: Server) -> None:
    server.answers[TARGETS] = page(
        active("a", health="down", error="server returned HTTP status 401 Unauthorized", scraped=later())
    )
    answer = run_module(prometheus_targets, {"url": server.url, "jobs": ["a"], "timeout": 60})
    assert answer["failed"]
    assert "unauthorized (server returned HTTP status 401 Unauthorized)" in answer["msg"]
    assert "PROMETHEUS_BEARER_TOKEN" in answer["msg"]
    assert (answer["up"], answer["total"]) == (0, 1)
    assert answer["targets"][0]["cause"] == "unauthorized"
    assert len(server.requests) == 1


def test_the_module_gives_up_in_the_end(server: Server) -> None:
    server.answers[TARGETS] = page(active("a", scraped=BEFORE))
    answer = run_module(prometheus_targets, {"url": server.url, "timeout": 5})
    assert "pending" in answer["msg"]
    assert len(server.requests) > 1


def test_the_module_says_when_prometheus_cannot_be_asked(server: Server) -> None:
    server.answers[TARGETS] = as_json({"error": "shutting down"}, 500)
    answer = run_module(prometheus_targets, {"url": server.url, "timeout": 2})
    assert answer["msg"] == (
        f"the scrape targets cannot be read: GET {server.url}/api/v1/targets answered 500: shutting down"
    )


def test_trouble_that_has_passed_is_forgotten(server: Server) -> None:
    pages = [as_json({"error": "starting"}, 500), page(active("a", scraped=later()))]
    server.answers[TARGETS] = lambda _: pages.pop(0)
    assert not run_module(prometheus_targets, {"url": server.url, "jobs": ["a"]})["failed"]


@pytest.mark.parametrize(
    ("location", "hint"),
    [
        ("/metrics/", "the gateway redirects to /metrics/: write metrics_path: /metrics/ in llmmon_gateways"),
        ("{url}/metrics/", "the gateway redirects to /metrics/: write metrics_path: /metrics/ in llmmon_gateways"),
        (
            "/metrics?format=text",
            "the gateway redirects to /metrics: write metrics_path: /metrics in llmmon_gateways (and what follows the"
            " '?' into params)",
        ),
        (
            "https://user:pass@elsewhere.example/m?secret=1",
            "the gateway redirects to https://elsewhere.example/m, which is another address than its own and gets no"
            " token: if it is the gateway's, too, write it into targets, scheme and metrics_path in llmmon_gateways",
        ),
        ("", "the gateway redirects: write the final address into targets, scheme or metrics_path in llmmon_gateways"),
    ],
)
def test_where_a_gateway_redirects_to_is_told(server: Server, location: str, hint: str) -> None:
    page_url = f"{server.url}/page/"
    where = {"Location": location.format(url=server.url)} if location else {}
    server.answers["GET /page/"] = Answer(307 if location else 404, b"", headers=where)
    redirected = {
        **active("a", health="down", error="server returned HTTP status 307 Temporary Redirect", scraped=later()),
        "scrapeUrl": page_url,
    }
    server.answers[TARGETS] = page(redirected)
    answer = run_module(prometheus_targets, {"url": server.url, "jobs": ["a"]})
    assert answer["targets"][0]["cause"] == "redirect"
    assert answer["targets"][0]["hint"] == hint
    asked = [request for request in server.requests if request.path == "/page/"]
    assert [request.headers.get("Authorization") for request in asked] == [None]


def test_the_machine_of_an_exporter_that_is_down_is_named(server: Server) -> None:
    target = active("host-node", health="down", error=REFUSED, scraped=later())
    target["labels"]["host"] = "gpu-1"
    server.answers[TARGETS] = page(target)
    answer = run_module(
        prometheus_targets, {"url": server.url, "jobs": ["host-node"], "host_jobs": ["host-node"], "timeout": 0}
    )
    assert "host-node of gpu-1 a:1: refused" in answer["msg"]
    assert "correct host and port of its URL in llmmon_hosts" in answer["msg"]
    assert answer["targets"][0]["host"] == "gpu-1"


def test_a_fleet_may_have_no_machine_and_adds_to_those_that_are_named() -> None:
    wanted = Wanted(
        ["host-node"], scrape_urls={"host-node": ["http://a:1/metrics"]}, host_jobs=["host-node", "host-gpu"]
    )
    named = {**active("host-node"), "scrapeUrl": "http://a:1/metrics"}
    added = {**active("host-node", "b:1"), "scrapeUrl": "http://b:1/metrics"}
    added["labels"]["fleet"] = "fleet"
    assert {one.cause for one in targets.assess([named, added], wanted, Evidence(SINCE))} == {""}
    # One that is in no file, and not in the settings any more.
    del added["labels"]["fleet"]
    assert {one.cause for one in targets.assess([named, added], wanted, Evidence(SINCE))} == {"outdated"}
    (missing,) = targets.assess([], wanted, Evidence(SINCE))
    assert (missing.job, missing.cause) == ("host-node", "missing")


def test_a_gpu_exporter_without_a_gpu_is_no_proof(server: Server) -> None:
    server.answers[TARGETS] = page(active("host-gpu", scraped=later()))
    found = [{"metric": {"host": "gpu-2"}, "value": [1, "1"]}, {"metric": {"host": "gpu-1"}, "value": [1, "1"]}]
    server.answers[f"GET /api/v1/query?{urlencode({'query': WITHOUT_GPU})}"] = as_json({"data": {"result": found}})
    answer = run_module(prometheus_targets, {"url": server.url, "jobs": ["host-gpu"], "host_jobs": ["host-gpu"]})
    assert answer["failed"]
    assert answer["msg"].startswith("the GPU exporter of gpu-1 answers, but shows no GPU: run nvidia-smi on gpu-1")
    assert "the GPU exporter of gpu-2" in answer["msg"]


def test_pools_are_asked_for_only_where_something_is_missing(server: Server) -> None:
    server.answers[TARGETS] = page(active("a", scraped=later()))
    assert not run_module(prometheus_targets, {"url": server.url, "jobs": ["a"]})["failed"]
    assert server.asked("GET") == ["/api/v1/targets?state=active"]
    server.answers["GET /metrics"] = Answer(200, b"prometheus_target_scrape_pools_failed_total 1\n", "text/plain")
    server.answers["GET /api/v1/scrape_pools"] = as_json({"data": {"scrapePools": ["a"]}})
    answer = run_module(prometheus_targets, {"url": server.url, "jobs": ["a", "b"], "timeout": 0})
    assert "b: missing; Prometheus could not begin to scrape this job" in answer["msg"]


def test_where_others_of_its_kind_have_their_page_is_told_of_a_gateway_that_asks_for_the_token_first(
    server: Server,
) -> None:
    """As LiteLLM does: without its token the redirect is not seen."""
    server.answers["GET /metrics"] = Answer(401)
    redirected = {
        **active("a", health="down", error="server returned HTTP status 307 Temporary Redirect", scraped=later()),
        "scrapeUrl": f"{server.url}/metrics",
    }
    server.answers[TARGETS] = page(redirected)
    answer = run_module(prometheus_targets, {"url": server.url, "jobs": ["a"], "usual_paths": {"a": "/metrics/"}})
    assert answer["targets"][0]["hint"] == (
        "the gateway redirects, and others of its kind have their page at /metrics/: write metrics_path: /metrics/ in"
        " llmmon_gateways"
    )


CONFIGURED = "GET /api/v1/status/runtimeinfo"


def test_a_run_that_changed_nothing_does_not_wait_for_a_scrape(server: Server) -> None:
    now = datetime.datetime.now(UTC)
    scraped = (now - datetime.timedelta(seconds=10)).isoformat().replace("+00:00", "Z")
    intervals = {"scrapeInterval": "15s", "scrapeTimeout": "10s"}
    server.answers[TARGETS] = page(active("a", scraped=scraped) | intervals)
    server.answers[CONFIGURED] = as_json({"data": {"lastConfigTime": "2026-01-02T03:04:05Z"}})
    asked = {"url": server.url, "jobs": ["a"], "timeout": 5}
    assert not run_module(prometheus_targets, {**asked, "fresh": False})["failed"]
    assert server.asked("GET").count(TARGETS.removeprefix("GET ")) == 1
    assert "pending" in run_module(prometheus_targets, asked)["msg"]
    # It has taken its configuration after that scrape.
    taken = (now - datetime.timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    server.answers[CONFIGURED] = as_json({"data": {"lastConfigTime": taken}})
    assert "pending" in run_module(prometheus_targets, {**asked, "fresh": False})["msg"]
    # It does not tell.
    server.answers[CONFIGURED] = as_json({}, 500)
    assert "pending" in run_module(prometheus_targets, {**asked, "fresh": False})["msg"]
