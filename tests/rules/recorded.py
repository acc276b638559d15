"""What is recorded from each page of fixtures/, as the files beside the pages say.

A file maps names of recorded series to values, by the labels that a name begins with:
`job_model_type:...: {m input: 1}`. A label that is not there is written as "_".
The job is the page's, and `source` its kind.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from tests.support import exposition, rendering

# For gateways that do not say what they spend; the first says it, so that its price must not count.
PRICES = {
    "m": {"input": 1, "output": 1},
    "meta-llama/Llama-3.1-8B": {"input": 0.001, "output": 0.002},
    "qwen3": {"input": 0.001, "output": 0.002, "cached_input": 0.0005},
}

# What carries its kind in `source`, but for sums over time, forecasts and half hours, and buckets, whose edges
# Prometheus 3 writes its own way.
OF_KINDS = '{source=~".+", __name__=~"job_.+", __name__!~"job_model_le:.+|.+:(increase|forecast).+|.+_rate30m"}'


def rules(pages: list[exposition.Page], failure_definition: str = "all") -> str:
    """The recording rules of gateways that look like these pages."""
    return _rules(tuple((page.job, page.kind) for page in pages), failure_definition)


@cache
def _rules(jobs: tuple[tuple[str, str], ...], failure_definition: str) -> str:
    gateways = [{"name": job, "kind": kind, "targets": ["a:1"]} for job, kind in jobs]
    variables = {"llmmon_token_prices": PRICES, "llmmon_failure_definition": failure_definition}
    return rendering.render_rules(llmmon_gateways=gateways, **variables)["llm_recording.yml"]


def expectation(page: exposition.Page) -> dict[str, Any]:
    path = exposition.FIXTURES / f"{page.job}.yml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def key(labels: dict[str, str]) -> tuple[str, ...]:
    """What tells a recorded series from others: its name, and its labels in order."""
    return (labels["__name__"], *(f"{name}={value}" for name, value in sorted(labels.items()) if name != "__name__"))


def expected(page: exposition.Page) -> dict[tuple[str, ...], float]:
    """Every series that is recorded for a page, but for those of buckets."""
    found = {}
    for name, values in expectation(page)["recorded"].items():
        level = name.partition(":")[0].split("_")[1:]
        for text, value in (values if isinstance(values, dict) else {"": values}).items():
            given = {label: own for label, own in zip(level, text.split(), strict=True) if own != "_"}
            labels = given | {"__name__": name, "job": page.job}
            if level:
                labels["source"] = page.kind
            found[key(labels)] = float(value)
    return found
