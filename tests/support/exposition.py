"""Metrics pages as gateways write them, standing still in files: what each series gains in a minute.

A counter's number, and a histogram's or a summary's, is its increase per minute; a gauge's is its value.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.support.loopback import serving

FIXTURES = Path(__file__).resolve().parents[1] / "rules" / "fixtures"

_TYPE = re.compile(r"# TYPE (\S+) (counter|gauge|histogram|summary)")
_SAMPLE = re.compile(r"([^\s{]+)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Sample:
    """One series of a page."""

    name: str
    labels: str
    value: float
    counts: bool

    @property
    def label_names(self) -> set[str]:
        return {name for name, _ in _LABEL.findall(self.labels)}

    def written(self, minutes: float) -> str:
        value = self.value * minutes if self.counts else self.value
        return f"{self.name}{{{self.labels}}} {value:.10g}"


@dataclass(frozen=True)
class Page:
    """The metrics page of one target. Its file's name is its job; what comes before the first hyphen is its kind."""

    job: str
    lines: list[str | Sample]

    @property
    def kind(self) -> str:
        return self.job.partition("-")[0]

    @property
    def samples(self) -> list[Sample]:
        return [line for line in self.lines if isinstance(line, Sample)]

    @property
    def names(self) -> set[str]:
        return {sample.name for sample in self.samples}

    def written(self, minutes: float) -> str:
        return "".join(f"{line.written(minutes) if isinstance(line, Sample) else line}\n" for line in self.lines)

    def input_series(self, minutes: int) -> list[dict[str, str]]:
        """What promtool calls a page that is scraped once a minute."""
        target = f'job="{self.job}",instance="a:1"'
        return [
            {
                "series": f"{sample.name}{{{','.join(filter(None, [target, sample.labels]))}}}",
                "values": f"{'0+' if sample.counts else ''}{sample.value:.10g}x{minutes}",
            }
            for sample in self.samples
        ]


def pages() -> list[Page]:
    return [Page(path.stem, list(_lines(path))) for path in sorted(FIXTURES.glob("*.prom"))]


def _lines(path: Path) -> Iterator[str | Sample]:
    types: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            if declared := _TYPE.fullmatch(line):
                types[declared[1]] = declared[2]
            yield line
            continue
        match = _SAMPLE.fullmatch(line)
        assert match, f"{path.name}: {line}"
        name, labels, value = match[1], match[2] or "", float(match[3])
        family = name if name in types else re.sub(r"_(bucket|sum|count)$", "", name)
        # The percentiles of a summary stand still, its sum and count do not.
        yield Sample(name, labels, value, counts=types[family] != "gauge" and "quantile=" not in labels)


@contextmanager
def served(wanted: list[Page]) -> Iterator[str]:
    """Serves each page at /<job> on loopback, its counters growing with the clock; yields host:port."""
    by_path = {f"/{page.job}": page for page in wanted}
    started = time.monotonic()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write(by_path[self.path].written((time.monotonic() - started) / 60).encode())

        def log_message(self, *_: object) -> None:
            """Nobody wants to read a line for each scrape."""

    with serving(Handler) as url:
        yield url.removeprefix("http://")
