"""A recorded day gives the same alerts and the same dollars on each Prometheus, and through Thanos.

Traffic with incidents is made as blocks, and the shipped rules are filled in (`tests/rules/month`). Then each server
that has the same blocks is asked every expression of the rules that alerts need, minute by minute.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.rules import catalogue
from tests.rules.month import filling
from tests.rules.month.calendar import BEGINNING, HOUR, Incident, Kind
from tests.rules.month.episodes import STEP, fired
from tests.rules.month.gateways import named
from tests.rules.month.simulation import FILES, Month, Simulation
from tests.support import prometheus, rendering, thanos
from tests.support.prometheus import Server
from tests.support.versions import SHIPPED, SIGNAL

# Seconds to values, by labels.
Lines = dict[tuple[tuple[str, str], ...], dict[int, float]]
ENOUGH_SECONDS = 60
# After the full minute, when no sample was taken: Prometheus 3 leaves out the very first moment of a span, which 2.53
# has. A sample seldom comes to the millisecond, as those of a made-up day do.
BESIDE_SAMPLES = 7
THANOS = "thanos"
# To a rate, Thanos shows a counter that goes on where it began anew. So the rate is not lowered in the minutes after,
# as Prometheus does it when a counter cannot have begun before the span. These read such counters; alerts and
# dashboards read what Prometheus has recorded of them.
RATES_OF_RAW_COUNTERS = (
    "job_model_type:llm_tokens_used:rate5m",
    "job_model_le:llm_response_latency_seconds_bucket:rate5m",
    "job_model:llm_requests:rate5m",
    "job_model:llm_requests_failed:rate5m",
    "job_model:llm_response_latency_seconds_count:rate5m",
)
MOST_OF_A_RATE = 0.2
RETENTION = "--storage.tsdb.retention.time=100y"
PRICES = {name: {"input": 0.000003, "output": 0.000015} for name in ("chat", "code", "classify")}
DOLLARS = {
    "an hour's": "sum by (job) (sum_over_time(job:llm_cost_usd:rate5m[1h])) * 60",
    "the day's": "sum by (job) (sum_over_time(job:llm_cost_usd:rate5m[1d])) * 60",
    "each model's": "sum by (job, model) (sum_over_time(job_model:llm_cost_usd:rate5m[1h])) * 60",
}
VARIABLES: dict[str, Any] = {
    "llmmon_token_prices": PRICES,
    "llmmon_budgets": {"gateways": {"mid": 20}, "all": 100},
}


def _incident(kind: Kind, gateway: str, model: str | None, start: int, lasting: int) -> Incident:
    return Incident(kind, gateway, model, start, start + lasting)


ONE_DAY = Month(
    seed=3,
    days=1,
    history=0,
    gateways=named(["mid", "fast"]),
    incidents=(
        _incident(Kind.SLOW, "fast", None, 10 * HOUR, 40),
        _incident(Kind.FAILURES, "mid", "chat", 11 * HOUR, 30),
        _incident(Kind.DOWN, "mid", None, 15 * HOUR, 20),
    ),
)


def test_each_server_says_the_same(tmp_path: Path) -> None:
    rules = filled_in(tmp_path)
    expressions = {f"{number} {rule.get('record') or rule['alert']}": rule["expr"] for number, rule in enumerate(rules)}
    # One of them reads what the other computes meanwhile.
    with servers(tmp_path) as there, ThreadPoolExecutor(2) as pool:
        said = pool.map(lambda server: asked(server, {**expressions, **DOLLARS}), there.values())
        answers = dict(zip(there, said, strict=True))
    shipped = answers[SHIPPED["prometheus"]]
    assert {name: found for name, answer in answers.items() if (found := differences(name, shipped, answer))} == {}
    alerts = {
        rule["alert"]
        for number, rule in enumerate(rules)
        if "alert" in rule
        for line in shipped[f"{number} {rule['alert']}"].values()
        if fired(sorted(line), rule)
    }
    assert {"LLMHighFailureRatio", "LLMHighLatencyP95", "LLMTargetDown"} <= alerts
    assert {dict(labels)["job"] for labels in shipped["the day's"]} == {"mid", "fast"}
    assert all(max(line.values()) > 0 for line in shipped["the day's"].values())


def filled_in(folder: Path) -> list[dict[str, Any]]:
    """Blocks of the day, with what the rules record; returns the rules."""
    simulation = Simulation(ONE_DAY, folder / "made")
    simulation.make_traffic()
    simulation.run("filled", VARIABLES)
    gateways = [gateway.target for gateway in ONE_DAY.gateways]
    files = rendering.render_rules(**VARIABLES, llmmon_gateways=gateways)
    rules = [rule for name in FILES for group in catalogue.groups(files[name]) for rule in group["rules"]]
    alerts = [rule for rule in rules if "alert" in rule]
    return [*filling.needed(rules, alerts), *alerts]


@contextmanager
def servers(folder: Path) -> Iterator[dict[str, Server]]:
    """Each Prometheus with a copy of the blocks, and a querier over a bucket that has them."""
    blocks = [path for path in (folder / "made" / "filled" / "data").iterdir() if (path / "meta.json").is_file()]
    copies = {version: folder / version for version in SIGNAL["prometheus"]} | {THANOS: folder / "uploaded"}
    for place in copies.values():
        for block in blocks:
            shutil.copytree(block, place / "data" / block.name)
    with ExitStack() as stack:
        found = {
            version: stack.enter_context(prometheus.running(version, copies[version], RETENTION))
            for version in SIGNAL["prometheus"]
        }
        file = thanos.bucket_file(folder, {"type": "filesystem", "directory": str(folder / "bucket")})
        label = f'--label={thanos.REPLICA}="one"'
        thanos.tools_bucket(file, "upload-blocks", f"--path={copies[THANOS]}/data", label)
        store = stack.enter_context(thanos.running(thanos.store(folder / "store", file)))
        query = stack.enter_context(thanos.running(thanos.query(folder / "query", [store.grpc])))
        view = Server(query.url)
        assert wait_for(lambda: view.query(f"count(up @ {ONE_DAY.end - STEP})") or None, ENOUGH_SECONDS)
        yield found | {THANOS: view}


def asked(server: Server, expressions: Mapping[str, str]) -> dict[str, Lines]:
    return {name: lines(server, expression) for name, expression in expressions.items()}


def lines(server: Server, expression: str) -> Lines:
    span = {"start": str(BEGINNING + STEP + BESIDE_SAMPLES), "end": str(ONE_DAY.end), "step": str(STEP)}
    found = server.get("query_range", query=expression, **span)["result"]
    return {
        tuple(sorted(series["metric"].items())): {int(at): float(value) for at, value in series["values"]}
        for series in found
    }


def differences(name: str, shipped: Mapping[str, Lines], said: Mapping[str, Lines]) -> list[str]:
    """The first moment of each expression at which a server's answer is not that of the shipped Prometheus."""
    found = []
    for expression in shipped:
        loose = name == THANOS and expression.partition(" ")[2] in RATES_OF_RAW_COUNTERS
        moments = _first(shipped[expression], said[expression], MOST_OF_A_RATE if loose else 1e-9)
        found += [f"{expression}: {moment}" for moment in moments]
    return found


def _first(one: Lines, other: Lines, tolerance: float) -> Iterator[str]:
    for labels in sorted(one.keys() | other.keys()):
        here, there = one.get(labels, {}), other.get(labels, {})
        for at in sorted(here.keys() | there.keys()):
            if not _alike(here.get(at), there.get(at), tolerance):
                yield f"{dict(labels)} at {at}: {here.get(at)} and {there.get(at)}"
                return


def _alike(one: float | None, other: float | None, tolerance: float) -> bool:
    if one is None or other is None:
        return False
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=1e-12) or (math.isnan(one) and math.isnan(other))
