"""A month from beginning to end: traffic, blocks, rules, alerts, messages."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from tests.routing import rendering as routing
from tests.rules.month import alertmanager, filling, traffic
from tests.rules.month.alertmanager import Message
from tests.rules.month.calendar import BEGINNING, DAY, Incident
from tests.rules.month.episodes import STEP, Episode, Firing, episodes
from tests.rules.month.gateways import Gateway
from tests.support import prometheus, rendering

Answer = TypeVar("Answer")

# Alerts about gateways; those about the monitoring itself have nothing to read here.
FILES = ("llm_recording.yml", "llm_alerts.yml")


@dataclass(frozen=True)
class Month:
    """What is simulated: of ``days``, the first ``history`` are there to know what is usual, and are not counted."""

    seed: int
    days: int
    history: int
    gateways: tuple[Gateway, ...]
    incidents: tuple[Incident, ...]

    @property
    def counted_from(self) -> int:
        return BEGINNING + self.history * DAY * 60

    @property
    def end(self) -> int:
        return BEGINNING + self.days * DAY * 60


@dataclass(frozen=True)
class Outcome:
    """What fired and what was sent, from the beginning of the month on; times are seconds since 1970."""

    episodes: list[Episode]
    messages: list[Message]


class Simulation:
    """Everything lies in ``folder``, which must be new."""

    def __init__(self, month: Month, folder: Path) -> None:
        self.month = month
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def make_traffic(self) -> None:
        """The raw series of each gateway, as blocks."""
        for gateway in self.month.gateways:
            pages = traffic.pages(gateway, self.month.seed, self.month.days, self.month.incidents)
            # promtool reads a file once for each block that it makes of it: one block, one file.
            chunk, text = None, self._folder / "page"
            output = text.open("w", encoding="utf-8")
            for second, lines in pages:
                if chunk not in (None, second // (filling.BLOCK_HOURS * 3600)):
                    self._import(output, text, gateway)
                    output = text.open("w", encoding="utf-8")
                chunk = second // (filling.BLOCK_HOURS * 3600)
                output.write("\n".join([*lines, ""]))
            self._import(output, text, gateway)

    def _import(self, output: Any, text: Path, gateway: Gateway) -> None:
        output.write("# EOF\n")
        output.close()
        filling.import_page(text, self._folder / "raw" / gateway.name)
        text.unlink()

    def run(self, name: str, variables: Mapping[str, Any]) -> Outcome:
        """What people would have been told, with what a user has set (variables of the roles)."""
        found = episodes(self._fired(self._folder / name, variables))
        return Outcome(found, alertmanager.messages(found, self._configuration(), self.month.end))

    def asked(self, name: str, question: Callable[[prometheus.Server], Answer]) -> Answer:
        """The answer that the recorded series of a run give to a question."""
        with prometheus.running(filling.VERSION, self._folder / name, *filling.FLAGS) as server:
            return question(server)

    def remove(self, name: str) -> None:
        """Makes room."""
        shutil.rmtree(self._folder / name)

    def _fired(self, place: Path, variables: Mapping[str, Any]) -> list[Firing]:
        gateways = self.month.gateways
        rendered = rendering.render_rules(**variables, llmmon_gateways=[gateway.target for gateway in gateways])
        blocks = [block for gateway in gateways for block in (self._folder / "raw" / gateway.name).iterdir()]
        rules = {name: rendered[name] for name in FILES}
        # The first scrape is over when rules are evaluated for the first time.
        return filling.fill(place, blocks, rules, BEGINNING + STEP, self.month.end)

    def _configuration(self) -> Any:
        channel = {"channel": {"type": "webhook", "url": "http://127.0.0.1:9"}}
        release = routing.lay_out(self._folder / "alertmanager", llmmon_receivers=channel)
        return yaml.safe_load(release.file.read_text(encoding="utf-8"))
