"""What the rules record of one gateway, for a year: in a bucket behind Thanos, and on the disk of a Prometheus."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.rules.month.gateways import named
from tests.rules.month.simulation import Month, Simulation
from tests.support import bucket, prometheus, thanos
from tests.support.prometheus import Server
from tests.support.versions import SHIPPED
from tests.testbed.tools import tool

VERSION = SHIPPED["prometheus"]
STEP, DAY = 60, 86400
# What Prometheus's blocks grow to in the end, and what Thanos's do.
BLOCK_SECONDS = 14 * DAY
_ENOUGH_SECONDS = 120
# What the overview dashboard reads.
OF_A_GATEWAY = (
    "job:llm_cost_usd:rate5m",
    "job:llm_cost_usd:forecast30d",
    "job:llm_requests:rate5m",
    "job:llm_requests:surge_ratio",
    "job:llm_requests_failed:rate5m",
    "job:llm_tokens_used:surge_ratio",
)
OF_A_MODEL = (
    "job_model:llm_cost_usd:rate5m",
    "job_model:llm_requests:rate5m",
    "job_model:llm_requests_failed:rate5m",
    "job_model:llm_requests_failed:ratio_rate5m",
    "job_model:llm_response_latency_seconds:p50_rate5m",
    "job_model:llm_response_latency_seconds:p95_rate5m",
    "job_model:llm_response_latency_seconds:p99_rate5m",
    "job_model:llm_tokens_used:rate5m",
)
BY_TYPE = "job_model_type:llm_tokens_used:rate5m"
CONSTANT = (
    'llmmon:objective{job="gateway",name="availability"} 0.99',
    'llmmon:threshold{name="failure_ratio"} 0.2',
    'llmmon:threshold{name="latency_p95_seconds"} 2',
    'llmmon:threshold{name="request_surge_ratio"} 3',
    'llmmon:threshold{name="token_surge_ratio"} 5',
    'up{job="gateway",instance="a:1"} 1',
    'process_start_time_seconds{job="gateway",instance="a:1"} 1',
)


@dataclass(frozen=True)
class Made:
    """The blocks, and what is in them."""

    blocks: Path
    series: int
    samples: int
    end: int


@dataclass(frozen=True)
class Kept:
    """What the bucket has, and the querier over it."""

    raw_bytes: int
    all_bytes: int
    url: str


def make(folder: Path, days: int, models: int) -> Made:
    """Blocks of the last days, with a sample a minute."""
    end = int(time.time()) // STEP * STEP
    begin = end - days * DAY
    blocks = folder / "blocks"
    blocks.mkdir(parents=True)
    # A file for each block: promtool reads a file once for each block that it makes of it.
    starts = range(begin // BLOCK_SECONDS * BLOCK_SECONDS, end, BLOCK_SECONDS)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda at: _block(folder, max(at, begin), min(at + BLOCK_SECONDS, end + 1), models), starts))
    stats = [json.loads(path.read_text())["stats"] for path in blocks.glob("*/meta.json")]
    return Made(blocks, max(one["numSeries"] for one in stats), sum(one["numSamples"] for one in stats), end)


def _block(folder: Path, begin: int, end: int, models: int) -> None:
    text = folder / f"{begin}.txt"
    with text.open("w", encoding="utf-8") as output:
        for name, value in _series(models):
            chance = random.Random(f"{name}/{begin}")  # noqa: S311 - the same each time, and no secret
            for at in range(begin, end, STEP):
                output.write(f"{name} {value * (0.5 + chance.random()) if value else 1:.12g} {at}\n")
        for constant in CONSTANT:
            output.writelines(f"{constant} {at}\n" for at in range(begin, end, STEP))
        output.write("# EOF\n")
    command = [str(tool("promtool", VERSION)), "tsdb", "create-blocks-from"]
    # The width is one of those that Prometheus has, of which the file's time is a part.
    command += ["--max-block-duration=4374h", "--quiet", "openmetrics", str(text), str(folder / "blocks")]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    text.unlink()


def _series(models: int) -> Iterator[tuple[str, float]]:
    for name in OF_A_GATEWAY:
        yield f'{name}{{job="gateway"}}', 10.0
    labels = [f'job="gateway",model="model-{number}",source="litellm"' for number in range(models)]
    for name in OF_A_MODEL:
        yield from ((f"{name}{{{each}}}", 0.7 + number) for number, each in enumerate(labels))
    yield from ((f'{BY_TYPE}{{{each},type="{kind}"}}', 100.0) for each in labels for kind in ("input", "output"))


def bytes_of_a_counter(folder: Path, days: int) -> float:
    """Of a sample as gateways count requests, tokens and times: what the simulated month has as raw series."""
    month = Month(seed=1, days=days, history=0, gateways=named(["mid", "fast"]), incidents=())
    Simulation(month, folder).make_traffic()
    metas = list((folder / "raw").rglob("meta.json"))
    size = sum(path.stat().st_size for meta in metas for path in meta.parent.rglob("*") if path.is_file())
    samples: int = sum(json.loads(meta.read_text())["stats"]["numSamples"] for meta in metas)
    return size / samples


@contextmanager
def on_disk(folder: Path, made: Made) -> Iterator[Server]:
    """A single Prometheus that has kept all of it."""
    shutil.copytree(made.blocks, folder / "single" / "data")
    flags = ("--storage.tsdb.retention.time=10y", "--query.max-samples=500000000")
    with prometheus.running(VERSION, folder / "single", *flags) as server:
        yield server


@contextmanager
def in_bucket(folder: Path, made: Made) -> Iterator[Kept]:
    """Uploaded, made coarser by the compactor as the role runs it, and shown by a store gateway and a querier."""
    with bucket.running(folder / "s3", "-volume.max=200") as there:
        file = thanos.bucket_file(folder / "s3", there.settings)
        upload = ["upload-blocks", f"--path={made.blocks}", '--label=host="scraping-1"', "--shipper.upload-compacted"]
        thanos.tools_bucket(file, *upload)
        raw = sum(there.objects().values())
        thanos.compact_once(folder / "compact", file)
        store = thanos.store(folder / "store", file)
        with thanos.running(store), thanos.running(thanos.query(folder / "query", [store.grpc])) as query:
            view = Server(query.url)
            asked = f"count(up @ {made.end})"
            assert wait_for(lambda: view.query(asked) or None, _ENOUGH_SECONDS)
            yield Kept(raw, sum(there.objects().values()), query.url)
