"""What the demo finds out before it prepares anything, and what it says of its images."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import ImageNotFound

from tests.demo import __main__ as demo
from tests.support.rendering import REPOSITORY
from tests.testbed import gateway, images, state
from tests.testbed.catalogue import FROM_DEBIAN, RECIPES, STAND_IN
from tests.testbed.engine import LABELS
from tests.testbed.images import PULLED, Available
from tests.testbed.upstream import Upstream

PROMETHEUS = next(recipe for recipe in RECIPES if recipe.component == "prometheus")
LIMITED = "the registry answered 429 Too Many Requests"


@pytest.mark.parametrize(
    ("name", "is_taken"), [("C", False), ("POSIX", False), ("no_SUCH.UTF-8", False), ("C.UTF-8", True)]
)
def test_a_locale_that_ansible_would_refuse_is_told_first(name: str, is_taken: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from tests.demo.__main__ import require_utf8; require_utf8()"],
        cwd=REPOSITORY,
        env={**os.environ, "LC_ALL": name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == is_taken, done.stderr
    assert ("run 'sudo LC_ALL=C.UTF-8 make demo'" in done.stderr) != is_taken


def summary(
    found: dict[str, Available], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """The table, of images as the testbed writes them down."""
    images.write_summary(list(found.values()))
    written = state.read("images")
    state.write("demo", {"images": {name: written[name] for name in found}, "root": str(folder)})
    monkeypatch.setattr(gateway, "get_gateway", lambda _: SimpleNamespace(url="http://127.0.0.1:4000"))
    demo.summary()
    return capsys.readouterr().out


def test_the_table_says_why_an_image_was_not_pulled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = "the registry is silent or too slow"
    found = {
        "grafana": Available("grafana", "g:9", "9", STAND_IN, "1", silent),
        "prometheus": Available("prometheus", "p:v3", "3", FROM_DEBIAN, "2", LIMITED),
        "alertmanager": Available("alertmanager", "a:v0", "0", PULLED, "3"),
    }
    table = summary(found, tmp_path, monkeypatch, capsys)
    assert f"g:9 (stand-in: {silent})" in table
    assert f"p:v3 (built from Debian packages: {LIMITED})" in table
    assert "a:v0 (pulled)" in table
    assert "asks the registry again" in table


def test_the_table_asks_for_nothing_where_all_was_pulled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {name: Available(name, f"{name}:1", "1", PULLED, "1") for name in demo.PORTS}
    assert "registry" not in summary(found, tmp_path, monkeypatch, capsys)


class Registry(Upstream):
    """One that gives nothing, and says why."""

    def pull(self, name: str) -> str | None:
        assert name == PROMETHEUS.upstream
        return LIMITED


def has(labels: dict[str, str] | None) -> Any:
    """An engine with an image that has these labels, or with none."""

    def get(_name: str) -> SimpleNamespace:
        if labels is None:
            raise ImageNotFound("no such image")
        return SimpleNamespace(id="sha256:1", labels=labels)

    return SimpleNamespace(images=SimpleNamespace(get=get))


def test_why_an_image_was_built_is_known_as_long_as_it_is_there() -> None:
    assert images._pulled(has(None), PROMETHEUS, Registry()) == LIMITED
    built = Available("prometheus", PROMETHEUS.name, PROMETHEUS.version, FROM_DEBIAN, "sha256:1", LIMITED)
    images.write_summary([built])
    assert images._pulled(has(LABELS), PROMETHEUS, Registry()) == LIMITED
    theirs = images._pulled(has({}), PROMETHEUS, Registry())
    assert isinstance(theirs, Available)
    assert (theirs.origin, theirs.why) == (PULLED, "")
