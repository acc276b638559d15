"""`python -m dashboards.pictures URL FOLDER` takes a picture of each llmmon dashboard in a Grafana."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import time
from pathlib import Path

from playwright.sync_api import BrowserContext, Error, Page, Playwright, Request, sync_playwright

from dashboards.pictures.plan import WIDTH, Picture, pictures

BOARDS = Path(__file__).resolve().parents[2] / "roles" / "grafana" / "files" / "dashboards"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# How long a page may take until all its queries are answered, in milliseconds.
PATIENCE = 60_000
# What a page asks of its data sources, for variables, panels and strokes. There are other requests, of which Grafana's
# page never reads the answer to its end: in Chromium they are open for ever.
QUERY = re.compile(r"/api/(ds/query|datasources/|tsdb/)")
# A panel asks when its variables are known: so long nothing is asked before all is taken to be answered.
QUIET = 1.5


class PictureError(Exception):
    """One sentence: what failed, where, why, and what to do."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dashboards.pictures", description=__doc__)
    parser.add_argument("url", help="Grafana's address, such as http://localhost:3000")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--user", default="admin")
    parser.add_argument("--password-file", type=Path, help="without it nobody signs in, which needs anonymous access")
    parser.add_argument("--since", default="", help="where the time begins that is shown, such as now-30m")
    parser.add_argument("--height", type=int, default=0, help="pixels of the window, if not all of a dashboard")
    options = parser.parse_args()
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(BOARDS.glob("*.json"))]
    try:
        with sync_playwright() as playwright, browsing(playwright) as context:
            if options.password_file:
                sign_in(context, options.url.rstrip("/"), options.user, options.password_file.read_text().strip())
            options.folder.mkdir(parents=True, exist_ok=True)
            for picture in pictures(options.url, boards, options.since, options.height):
                take(context, options.url.rstrip("/"), picture, options.folder)
                print(options.folder / picture.file)
    except (PictureError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def browsing(playwright: Playwright) -> BrowserContext:
    """A browser without a window."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    # Chromium's sandbox does not start for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    try:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
    except Error as error:
        raise PictureError(
            f"There is no browser to take pictures with ({_first_line(error)}): install your distribution's package "
            f"chromium, or run '{sys.executable} -m playwright install chromium'."
        ) from error
    return browser.new_context()


def sign_in(context: BrowserContext, grafana: str, user: str, password: str) -> None:
    """As Grafana's own page does; the pages that are opened afterwards have its cookie."""
    try:
        answer = context.request.post(f"{grafana}/login", data={"user": user, "password": password})
    except Error as error:
        raise PictureError(f"Grafana at {grafana} cannot be reached: {_first_line(error)}.") from error
    if not answer.ok:
        raise PictureError(
            f"Grafana at {grafana} does not let {user} in (status {answer.status}): look at GRAFANA_PASSWORD_FILE."
        )


def take(context: BrowserContext, grafana: str, picture: Picture, folder: Path) -> None:
    """Open one dashboard in a window that holds all of it, and wait until nothing is asked for any more."""
    try:
        known = context.request.get(f"{grafana}/api/dashboards/uid/{picture.uid}")
        if not known.ok:
            raise PictureError(
                f"Grafana at {grafana} shows no dashboard {picture.uid} (status {known.status}): site.yml pushes it; "
                "GRAFANA_USER and GRAFANA_PASSWORD_FILE sign in."
            )
        page = context.new_page()
        page.set_viewport_size({"width": WIDTH, "height": picture.height})
        queries = Queries(page)
        page.goto(picture.address, timeout=PATIENCE)
        queries.wait()
        page.screenshot(path=folder / picture.file)
        page.close()
    except Error as error:
        raise PictureError(f"{picture.address} could not be pictured: {_first_line(error)}.") from error


class Queries:
    """What a page asks of its data sources, from the first question to the last answer."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._open: set[Request] = set()
        self._last: float | None = None
        page.on("request", self._asked)
        page.on("requestfinished", self._answered)
        page.on("requestfailed", self._answered)

    def wait(self) -> None:
        """Until all is answered and nothing more is asked."""
        end = time.monotonic() + PATIENCE / 1000
        while self._open or self._last is None or time.monotonic() - self._last < QUIET:
            if time.monotonic() > end:
                raise PictureError(
                    f"{self._page.url} waits for {len(self._open)} answers after {PATIENCE // 1000} s: "
                    "does Grafana's data source answer?"
                )
            self._page.wait_for_timeout(100)

    def _asked(self, request: Request) -> None:
        if QUERY.search(request.url):
            self._open.add(request)

    def _answered(self, request: Request) -> None:
        if request in self._open:
            self._open.discard(request)
            self._last = time.monotonic()


def _first_line(error: Error) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")


if __name__ == "__main__":
    sys.exit(main())
