"""Slugs of titles, as far as the recorded ones show how Grafana makes them."""

from __future__ import annotations

import base64
import re
import unicodedata

_SPELLED_OUT = str.maketrans({"ü": "ue", "Ü": "Ue", "ß": "ss", "&": "and"})


def slugify(title: str) -> str:
    text = title.strip().translate(_SPELLED_OUT)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")
    # A title of signs only has no slug of its own, so Grafana takes its base64 form.
    return slug or base64.urlsafe_b64encode(title.encode()).decode().rstrip("=")
