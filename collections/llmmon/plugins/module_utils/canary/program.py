# SPDX-License-Identifier: Apache-2.0
"""The program: ``check`` looks at the settings, ``run`` asks and serves its pages, ``healthy`` asks for one."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from .errors import CanaryError
from .exposition import Record, page
from .fetching import page_of
from .ledger import Ledger
from .serving import METRICS, STATUS, serve
from .settings import Settings, load
from .statuswriter import StatusWriter
from .trying import Try, keep_trying, key_of
from .watch import Watch

PORT = 9117
_LOG = logging.getLogger("llmmon-canary")
_USAGE = "give it check SETTINGS, run SETTINGS FOLDER, or healthy"


class Broken(CanaryError):
    """A canary met something that nobody has thought of."""


def run(settings: Settings, folder: Path, stop: threading.Event, address: tuple[str, int]) -> None:
    """Ask until told to stop.

    Raises LedgerInUse, KeyUnreadable, Broken, and OSError where the folder or the port is not to be had.
    """
    ledger = Ledger(folder / "ledger.json", time.time)
    if ledger.used_up:
        _LOG.warning("the ledger cannot be read: its cap counts as used up, nothing is asked until midnight UTC")
    tries = []
    for canary in settings.canaries:
        if not canary.price_known:
            _LOG.warning("%s: the price is not known, so its cap counts requests alone", canary.name)
        watch = Watch(canary)
        record = Record(watch)
        tries.append((Try(watch, record, ledger, key_of(canary)), record))
    records = [record for _, record in tries]
    pages = {METRICS: lambda: page(records, ledger)}
    if settings.prometheus:
        writer = StatusWriter(records, folder / "status.html", settings.prometheus, settings.language)
        pages[STATUS] = writer.page
        threading.Thread(target=writer.keep_writing, args=(stop,), name="status", daemon=True).start()
    server = serve(pages, address)
    broken: list[str] = []

    def keep(one: Try) -> None:
        try:
            keep_trying(one, stop)
        except Exception:
            # A canary that is silent looks like one that is well: the program ends, and the engine starts it again.
            _LOG.exception("%s: the program is broken", one.watch.canary.name)
            broken.append(one.watch.canary.name)
            stop.set()

    for one, _ in tries:
        threading.Thread(target=keep, args=(one,), name=one.watch.canary.name, daemon=True).start()
    stop.wait()
    server.shutdown()
    server.server_close()
    ledger.close()
    if broken:
        raise Broken(f"stopped because of {', '.join(broken)}")


def main(arguments: Sequence[str]) -> int:
    """Entry point; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        if list(arguments) == ["healthy"]:
            page_of(f"http://127.0.0.1:{PORT}{METRICS}", 4.0)
            return 0
        if arguments[:1] == ["check"] and len(arguments) == 2:
            for canary in load(Path(arguments[1])).canaries:
                key_of(canary)
            return 0
        if arguments[:1] == ["run"] and len(arguments) == 3:
            stop = threading.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            run(load(Path(arguments[1])), Path(arguments[2]), stop, ("0.0.0.0", PORT))  # noqa: S104
            return 0
    except (CanaryError, OSError) as error:
        _LOG.error("%s", error)
        return 1
    _LOG.error(_USAGE)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
