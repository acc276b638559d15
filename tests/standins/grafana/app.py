"""What all subjects share: settings, database, log and the provisioned files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .messages import Identity
from .settings import Settings
from .store import Store

if TYPE_CHECKING:
    from .provisioned_dashboards import Provisioner


LOGGER = logging.getLogger("grafana-stand-in")
# Without this the log of a stand-in in a test's thread would go to stderr by itself.
LOGGER.addHandler(logging.NullHandler())
_LEVELS = {"info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


def log(level: str, message: str) -> None:
    LOGGER.log(_LEVELS[level], "%s", message)


@dataclass
class App:
    settings: Settings
    store: Store
    provisioner: Provisioner
    environ: Mapping[str, str]
    log: Callable[[str, str], None] = log
    # Service accounts as they were a moment ago, by account id: Grafana too sees a new role late.
    seen_accounts: dict[int, tuple[float, Identity]] = field(default_factory=dict)

    def link(self, path: str) -> str:
        """Give a path as it stands in answers: with root_url's path, wherever that is served."""
        return self.settings.sub_path + path
