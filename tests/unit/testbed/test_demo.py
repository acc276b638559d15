"""What the demo finds out before it prepares anything, what it says of its images and pages, and how it waits."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import ImageNotFound

from tests.demo import __main__ as demo
from tests.demo import pages, view
from tests.demo.overview import Alert, Message
from tests.support.loopback import Answer, Server, unused_port
from tests.support.rendering import REPOSITORY
from tests.testbed import containers, engine, gateway, images, lifecycle, sinks, state, web_pages
from tests.testbed.catalogue import FROM_DEBIAN, FROM_GO, RECIPES, STAND_IN
from tests.testbed.engine import LABELS
from tests.testbed.images import PULLED, Available
from tests.testbed.shell import TestbedError
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


def table(
    found: dict[str, Available], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """The table, of images as the testbed writes them down."""
    images.write_summary(list(found.values()))
    written = state.read("images")
    state.write("demo", {"images": {name: written[name] for name in found}, "root": str(folder)})
    monkeypatch.setattr(gateway, "get_gateway", lambda _: SimpleNamespace(url="http://127.0.0.1:4000"))
    demo.show_table()
    said = capsys.readouterr().out
    assert max(len(line) for line in said.splitlines() if "/" not in line) <= view.WIDTH
    return " ".join(said.split())


def test_the_table_says_why_an_image_was_not_pulled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = "the registry is silent or too slow"
    found = {
        "grafana": Available("grafana", "g:9", "9", STAND_IN, "1", silent),
        "prometheus": Available("prometheus", "p:v3", "3", FROM_DEBIAN, "2", LIMITED),
        "alertmanager": Available("alertmanager", "a:v0", "0", PULLED, "3"),
    }
    said = table(found, tmp_path, monkeypatch, capsys)
    assert f"g:9 (stand-in: {silent})" in said
    assert f"p:v3 (built from Debian packages: {LIMITED})" in said
    assert "a:v0 (pulled)" in said
    assert "make demo asks the registry again" in said


def test_the_table_asks_for_nothing_where_all_was_pulled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {name: Available(name, f"{name}:1", "1", PULLED, "1") for name in demo.PORTS}
    assert "registry" not in table(found, tmp_path, monkeypatch, capsys)


# -- what opens in a browser

DEBIAN_S_PAGE = b"<html><p>The Debian package of the alertmanager does not include a web application.</p></html>"
PROGRAM = b'<html><head><script type="module" src="/assets/index.js"></script></head></html>'


@pytest.mark.parametrize(
    ("image", "page", "said"),
    [
        (Available("grafana", "g:9", "9", STAND_IN, "1"), None, "the stand-in has Grafana's API and no pages"),
        (Available("alertmanager", "a:0", "0", FROM_DEBIAN, "1"), DEBIAN_S_PAGE, "Debian's package has no pages"),
        (Available("prometheus", "p:3", "3", FROM_DEBIAN, "1"), None, "they cannot be built either, there is no node"),
        (Available("prometheus", "p:3", "3", FROM_GO, "1"), None, "built without its pages; there is no node here"),
        (Available("prometheus", "p:3", "3", f"{FROM_GO}, with its web pages", "1"), PROGRAM, ""),
        (Available("grafana", "g:9", "9", PULLED, "1"), PROGRAM, ""),
        (Available("grafana", "g:9", "9", PULLED, "1"), None, "it answers with no page"),
    ],
)
def test_the_table_says_what_opens_in_a_browser_by_trying_it(
    image: Available, page: bytes | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_pages, "why_not", lambda: "there is no node here")
    with Server() as server:
        if page is not None:
            # Each of them leads from the top to somewhere else.
            server.answers["GET /"] = Answer(302, headers={"Location": f"{server.url}/query"})
            server.answers["GET /query"] = Answer(200, page, "text/html")
        verdict = pages.verdict(server.url, image)
    if said:
        assert verdict.startswith("does not open in a browser: ")
        assert said in verdict
    else:
        assert verdict == "opens in a browser"


def test_pages_that_can_be_built_are_said_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_pages, "why_not", lambda: "")
    built = Available("prometheus", "p:3", "3", FROM_DEBIAN, "1")
    nowhere = f"http://127.0.0.1:{unused_port()}"
    assert "'make tools' builds one that has them" in pages.verdict(nowhere, built)


# -- images of another run


class Silent(Upstream):
    """One that nobody may ask."""

    def pull(self, name: str) -> str | None:
        raise AssertionError(f"{name} was asked for")


class Giving(Upstream):
    """One that gives everything."""

    def pull(self, name: str) -> str | None:
        assert name == PROMETHEUS.upstream
        return None


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
    assert images._pulled(has(None), PROMETHEUS, Registry(), again=False) == LIMITED
    built = Available("prometheus", PROMETHEUS.name, PROMETHEUS.version, FROM_DEBIAN, "sha256:1", LIMITED)
    images.write_summary([built])
    assert images._pulled(has(LABELS), PROMETHEUS, Silent(), again=False) == LIMITED
    theirs = images._pulled(has({}), PROMETHEUS, Silent(), again=False)
    assert isinstance(theirs, Available)
    assert (theirs.origin, theirs.why) == (PULLED, "")


def test_the_demo_asks_again_for_what_it_built_before() -> None:
    built = Available("prometheus", PROMETHEUS.name, PROMETHEUS.version, FROM_DEBIAN, "sha256:1", "no registry answers")
    images.write_summary([built])
    # What is said is what the registry answers now.
    assert images._pulled(has(LABELS), PROMETHEUS, Registry(), again=True) == LIMITED
    pulled = images._pulled(has(LABELS), PROMETHEUS, Giving(), again=True)
    assert isinstance(pulled, Available)
    assert (pulled.origin, pulled.why) == (PULLED, "")
    assert state.read("pulled") == {PROMETHEUS.upstream: "sha256:1"}
    # And what is theirs is not asked for.
    assert isinstance(images._pulled(has({}), PROMETHEUS, Silent(), again=True), Available)


def test_a_service_with_another_image_begins_anew(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    removed: list[str] = []
    monkeypatch.setattr(engine, "client", SimpleNamespace)
    monkeypatch.setattr(containers, "remove", lambda _client, name: removed.append(name))
    for service in ("grafana", "prometheus"):
        state.folder("demo", "data", service)
        state.folder("demo", "etc", service)
    state.write("demo/data/state", {"services": {"grafana": {"version": "9"}}})
    before = {"grafana": {"image": "stand-in:9"}, "prometheus": {"image": "p:3"}}
    demo.forget_other_images(before, {"grafana": {"image": "grafana:13"}, "prometheus": {"image": "p:3"}})
    assert removed == ["llmmon-demo-grafana"]
    left = sorted(str(path.relative_to(state.directory())) for path in state.directory().glob("demo/*/*"))
    assert left == ["demo/data/prometheus", "demo/etc/prometheus"]
    assert "grafana begins anew, without data: its image is grafana:13 now" in capsys.readouterr().err


# -- the end


@pytest.mark.parametrize("tests", [[], ["llmmon-testbed-host-h1", "llmmon-testbed-registry"]])
def test_the_end_of_the_demo_is_not_the_end_of_tests_beside_it(
    tests: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone: list[str] = []

    def listed(**options: Any) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(name=name)
            for name in ([] if "filters" in options else ["llmmon-demo-grafana", "llmmon-demo-prober-next", "web"])
            + tests
        ]

    network = SimpleNamespace(remove=lambda: gone.append("network"))
    client = SimpleNamespace(containers=SimpleNamespace(list=listed), networks=SimpleNamespace(get=lambda _: network))
    monkeypatch.setattr(engine, "version", lambda: "20.10")
    monkeypatch.setattr(engine, "client", lambda: client)
    monkeypatch.setattr(containers, "remove", lambda _client, name: gone.append(name))
    monkeypatch.setattr(gateway, "stop_gateway", lambda name: gone.append(f"gateway {name}"))
    monkeypatch.setattr(sinks, "stop_sinks", lambda name: gone.append(f"sinks {name}"))
    monkeypatch.setattr(lifecycle, "down", lambda **_: gone.append("everything"))
    state.write("demo", {"root": "x"})
    state.folder("demo", "data")
    demo.remove()
    of_the_demo = ["llmmon-demo-grafana", "llmmon-demo-prober-next", "gateway demo", "sinks demo-sinks"]
    assert gone == [*of_the_demo, "network" if tests else "everything"]
    if tests:
        assert state.read("demo") == {}
        assert not (state.directory() / "demo").exists()
        assert f"because tests use them: {', '.join(tests)};" in capsys.readouterr().err


# -- the wait for the first alert


def seen(*alerts: Alert, message: Message | None = None, has_traffic: bool = True) -> view.Seen:
    return view.Seen(1000.0, [], [], alerts, message, has_traffic)


PENDING = Alert("LLMHighFailureRatio", "critical", "proxy", "bad", False, 960.0, 60.0, "")
FIRING = replace(PENDING, is_firing=True)
TOLD = Message(1000.0, "[FIRING:1] LLMHighFailureRatio", "model=bad")


def watched(*looks: view.Seen, seconds: float = 60) -> tuple[view.Seen, list[str]]:
    """How often it looked, and what it said meanwhile."""
    said: list[str] = []
    left = list(looks)
    found = demo.watch(lambda: left.pop(0) if len(left) > 1 else left[0], "bad", said.append, seconds, 0)
    return found, said


def test_the_view_waits_for_the_alert_and_its_message() -> None:
    end = seen(FIRING, message=TOLD)
    found, said = watched(seen(), seen(PENDING), seen(PENDING), seen(FIRING), end)
    assert found is end
    # Once for each thing that is missing.
    assert [sentence.partition(":")[0] for sentence in said] == [
        "no alert is pending yet",
        "no alert fires yet",
        "no message has come yet",
    ]
    assert "waiting 1 min at most" in said[0]


def test_the_view_waits_no_longer_than_it_says() -> None:
    found, said = watched(seen(PENDING), seconds=0)
    assert found == seen(PENDING)
    assert len(said) == 1


def test_the_view_does_not_wait_where_nothing_can_come() -> None:
    ended = seen(has_traffic=False)
    assert watched(ended) == (ended, [])


def test_a_reader_who_does_not_want_to_wait_sees_what_there_is() -> None:
    looks: list[view.Seen | None] = [None, seen(PENDING)]

    def look() -> view.Seen:
        found = looks.pop(0)
        if found is None:
            raise KeyboardInterrupt
        return found

    assert demo.watch(look, "bad", lambda _: None) == seen(PENDING)


def test_a_demo_that_is_not_there_is_said_so() -> None:
    with pytest.raises(TestbedError, match="There is no demo: start it by 'sudo make demo'"):
        demo.show_table()
