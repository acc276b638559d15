"""Which of the services' pages a browser can open here, and why the others do not."""

from __future__ import annotations

import requests

from tests.testbed import web_pages
from tests.testbed.catalogue import FROM_DEBIAN, FROM_GO, RECIPES, STAND_IN
from tests.testbed.images import Available

_SECONDS = 10
# All three services' pages are programs for the browser; what merely says that there are none is not.
_PROGRAM = "<script"
# What we build with its pages, where this machine can.
_WITH_PAGES = {recipe.component for recipe in RECIPES if recipe.module and recipe.module.pages}


def verdict(url: str, image: Available) -> str:
    """In words: whether the service opens in a browser, and if not, why."""
    return "opens in a browser" if _opens(url) else f"does not open in a browser: {_why(image)}"


def _opens(url: str) -> bool:
    """Whether a browser finds a service's pages there."""
    try:
        answer = requests.get(url, headers={"Accept": "text/html"}, timeout=_SECONDS)
    except requests.RequestException:
        return False
    return answer.ok and _PROGRAM in answer.text


def _why(image: Available) -> str:
    if image.origin.startswith(STAND_IN):
        return "the stand-in has Grafana's API and no pages"
    if image.origin.startswith(FROM_GO):
        return f"it was built without its pages; {web_pages.why_not() or 'they could not be built then'}"
    if not image.origin.startswith(FROM_DEBIAN):
        return "it answers with no page"
    if image.component not in _WITH_PAGES:
        return "Debian's package has no pages"
    why_not = web_pages.why_not()
    return "Debian's package has no pages; " + (
        f"they cannot be built either, {why_not}"
        if why_not
        else "'make tools' builds one that has them, and the next 'make demo' takes it"
    )
