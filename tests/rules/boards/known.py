"""Panels that break a rule and are still to be mended, by rule. Nothing may come to it; what is mended must leave it."""

from __future__ import annotations

KNOWN: dict[str, set[str]] = {}
