"""A stand-in for Grafana: the part of its HTTP API which llmmon talks to, held to a recorded contract."""

from __future__ import annotations

VERSION = "9.4.0-pre"
COMMIT = "stand-in"
