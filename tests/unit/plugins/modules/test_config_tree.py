"""The module config_tree, run in this process: what it plans, installs, refuses and shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import EngineError, ToolResult
from ansible_collections.llmmon.stack.plugins.module_utils.configuration import validation
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    RUNNING,
    File,
    Releases,
)
from ansible_collections.llmmon.stack.plugins.modules import config_tree

from tests.support.modules import run_module
from tests.testbed.tools import tool

pytestmark = pytest.mark.usefixtures("as_root")

GROUP = 4711
TOKEN = "tok-5f1c9e"  # noqa: S105 - made up for these tests
SECOND_TOKEN = "tok-77aa01"  # noqa: S105
IMAGE = "docker.io/prom/prometheus:v1"
VALIDATE = [{"image": IMAGE, "image_variable": "llmmon_prometheus_image", "command": ["promtool", "check", "%s/p.yml"]}]

Tool = Callable[[Path], ToolResult]


class FakeEngine:
    """An engine whose images hold one tool, which is a function of the directory it is run over."""

    def __init__(self, tool: Tool, images: tuple[str, ...] = (IMAGE,)) -> None:
        self.tool = tool
        self.images = images
        self.runs: list[dict[str, Any]] = []
        self.pulled: list[str] = []

    def has_image(self, image: str) -> bool:
        return image in self.images

    def pull(self, image: str) -> None:
        self.pulled.append(image)

    def run_tool(
        self, image: str, command: list[str], directory: str, mounted_at: str, user: str, **more: str
    ) -> ToolResult:
        self.runs.append({"image": image, "command": command, "mounted_at": mounted_at, "user": user, **more})
        return self.tool(Path(directory))


def content(directory: Path) -> ToolResult:
    """A tool that refuses everything and says what it saw."""
    return ToolResult(1, f"FAILED: {(directory / 'p.yml').read_text()}")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The engine that the module finds, with a tool that is content with everything."""
    fake = FakeEngine(lambda _: ToolResult(0, "SUCCESS"))
    monkeypatch.setattr(validation, "Engine", lambda: fake)
    return fake


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "etc" / "prometheus"


def parameters(dest: Path, files: dict[str, str], secrets: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "dest": str(dest),
        "group": GROUP,
        "files": [{"path": path, "content": text} for path, text in files.items()],
        "secrets": [{"path": f"secrets/{name}", "content": text} for name, text in (secrets or {}).items()],
        **more,
    }


def install(
    dest: Path,
    files: dict[str, str],
    secrets: dict[str, str] | None = None,
    *,
    check_mode: bool = False,
    diff: bool = False,
    **more: Any,
) -> dict[str, Any]:
    return run_module(config_tree, parameters(dest, files, secrets, **more), check_mode=check_mode, diff=diff)


def snapshot(root: Path) -> dict[str, tuple[int, int, int, int]]:
    """Everything below a directory, with what any write would change."""
    return {
        str(path.relative_to(root)): (s.st_ino, s.st_mode, s.st_mtime_ns, s.st_ctime_ns)
        for path in sorted(root.rglob("*"))
        for s in [path.lstat()]
    }


# -- secrets


def test_generated_secrets_travel_from_release_to_release(dest: Path) -> None:
    first = install(dest, {"a": "1"}, generate=["admin_password"])
    password = (dest / "current" / "secrets" / "admin_password").read_text()
    second = install(dest, {"a": "2"}, generate=["admin_password"])
    assert second["release"] != first["release"]
    assert second["changed_files"] == ["a"]
    assert (dest / "current" / "secrets" / "admin_password").read_text() == password
    given = install(dest, {"a": "2"}, {"admin_password": TOKEN}, generate=["admin_password"])
    assert given["changed_files"] == ["secrets/admin_password"]
    assert (dest / "current" / "secrets" / "admin_password").read_text() == TOKEN


def test_stamped_secrets_keep_their_names_until_they_change(dest: Path) -> None:
    files = {"p.yml": "credentials_file: secrets/token\npassword_file: secrets/made_up\n"}
    first = install(dest, files, {"token": TOKEN}, generate=["made_up"], stamp_secrets=True)
    (config, made_up, token) = first["changed_files"]
    assert (config, made_up.startswith("secrets/made_up."), token.startswith("secrets/token.")) == ("p.yml", True, True)
    assert (dest / "current" / "p.yml").read_text() == f"credentials_file: {token}\npassword_file: {made_up}\n"
    assert (dest / "current" / token).stat().st_mode & 0o7777 == 0o440

    assert install(dest, files, {"token": TOKEN}, generate=["made_up"], stamp_secrets=True)["changed_files"] == []
    rotated = install(dest, files, {"token": SECOND_TOKEN}, generate=["made_up"], stamp_secrets=True, diff=True)
    assert len(rotated["changed_files"]) == 3
    assert made_up not in rotated["changed_files"]
    assert "tok-" not in json.dumps(rotated)


# -- installing


def test_the_first_run_installs_and_the_second_writes_nothing(dest: Path) -> None:
    files, secrets = {"p.yml": "a: 1\n", "rules/r.yml": "b: 2\n"}, {"token": TOKEN}
    first = install(dest, files, secrets)
    assert first["changed"]
    assert first["changed_files"] == ["p.yml", "rules/r.yml", "secrets/token"]
    assert (first["previous_release"], first["reload_owed"]) == (None, False)
    assert (dest / "current").readlink() == Path(first["release"])
    assert (dest / "current" / "secrets" / "token").read_text() == TOKEN
    assert (dest.stat().st_mode & 0o7777, dest.stat().st_gid) == (0o750, GROUP)

    Releases(dest).point(RUNNING, first["release"])
    before = snapshot(dest)
    second = install(dest, files, secrets, diff=True)
    assert not second["changed"]
    assert second["changed_files"] == second.get("diff", []) == []
    assert (second["release"], second["previous_release"]) == (first["release"], first["release"])
    assert snapshot(dest) == before


def test_a_release_says_what_was_asked_for(dest: Path) -> None:
    releases = Releases(dest)
    first = install(dest, {"a": "1"}, asked="words")["release"]
    assert releases.asked(first) == "words"
    releases.point(RUNNING, first)
    # The same content in other words is no change, but it is noted, so that the next look knows it.
    assert not install(dest, {"a": "1"}, asked="other words", check_mode=True)["changed"]
    assert releases.asked(first) == "words"
    again = install(dest, {"a": "1"}, asked="other words")
    assert (again["changed"], again["release"]) == (False, first)
    assert releases.asked(first) == "other words"
    assert releases.edited_by_hand(first) == []


def test_files_that_left_the_templates_leave_the_host(dest: Path) -> None:
    install(dest, {"p.yml": "a: 1\n", "rules/old.yml": "b\n"}, {"token": TOKEN})
    result = install(dest, {"p.yml": "a: 1\n"})
    assert result["changed_files"] == ["rules/old.yml", "secrets/token"]
    assert [path.name for path in (dest / "current").iterdir() if path.name != ".manifest.json"] == ["p.yml"]


def test_a_reload_that_was_never_proved_is_a_change_that_writes_no_release(dest: Path) -> None:
    first = install(dest, {"p.yml": "a: 1\n"})
    second = install(dest, {"p.yml": "a: 1\n"})
    assert second["changed"]
    assert second["reload_owed"]
    assert second["changed_files"] == []
    assert Releases(dest).names() == [first["release"]]


def test_an_edit_on_the_host_is_reported_and_put_right(dest: Path) -> None:
    install(dest, {"p.yml": "a: 1\n"}, {"token": TOKEN})
    (dest / "current" / "p.yml").write_text("a: 99\n")
    (dest / "current" / "own.yml").write_text("c: 3\n")
    result = install(dest, {"p.yml": "a: 1\n"}, {"token": TOKEN})
    assert result["edited_by_hand"] == ["own.yml", "p.yml"]
    assert "own.yml, p.yml" in "".join(result["warnings"])
    assert (dest / "current" / "p.yml").read_text() == "a: 1\n"
    assert not (dest / "current" / "own.yml").exists()
    assert install(dest, {"p.yml": "a: 1\n"}, {"token": TOKEN})["edited_by_hand"] == []


def test_an_edit_that_the_inventory_caught_up_with_is_no_news(dest: Path) -> None:
    first = install(dest, {"p.yml": "a: 1\n"})
    Releases(dest).point(RUNNING, first["release"])
    (dest / "current" / "p.yml").write_text("a: 2\n")
    result = install(dest, {"p.yml": "a: 2\n"})
    assert not result["changed"]
    assert result["edited_by_hand"] == []
    assert result["warnings"] == []


def test_wrong_access_is_put_right(dest: Path) -> None:
    first = install(dest, {"p.yml": "a: 1\n"}, {"token": TOKEN})
    Releases(dest).point(RUNNING, first["release"])
    (dest / "current" / "secrets" / "token").chmod(0o444)
    result = install(dest, {"p.yml": "a: 1\n"}, {"token": TOKEN})
    assert result["changed"]
    assert (dest / "current" / "secrets" / "token").stat().st_mode & 0o7777 == 0o440


def test_only_the_last_releases_stay(dest: Path) -> None:
    names = [install(dest, {"p.yml": f"a: {number}\n"}, keep=2)["release"] for number in range(4)]
    assert Releases(dest).names() == names[-2:]


def test_a_release_left_behind_by_an_interrupted_run_goes(dest: Path) -> None:
    first = install(dest, {"p.yml": "a: 1\n"})
    Releases(dest).point(RUNNING, first["release"])
    Releases(dest).write("20990101T000000.000000Z", [File("p.yml", "half")], GROUP)
    result = install(dest, {"p.yml": "a: 1\n"})
    assert result["changed"]
    assert Releases(dest).names() == [first["release"]]


def test_a_refused_release_is_not_kept_for_going_back_to(dest: Path) -> None:
    first = install(dest, {"p.yml": "a: 1\n"})
    second = install(dest, {"p.yml": "a: refused\n"})
    # As service_reload leaves it behind.
    for link in (CURRENT, RUNNING):
        Releases(dest).point(link, first["release"])
    third = install(dest, {"p.yml": "a: 3\n"})
    assert Releases(dest).names() == [first["release"], third["release"]]
    assert second["release"] < third["release"]


def test_another_run_holds_the_lock(dest: Path) -> None:
    first = install(dest, {"p.yml": "a: 1\n"})
    with Releases(dest).locked():
        result = install(dest, {"p.yml": "a: 2\n"})
    assert result["failed"]
    assert "another run is changing" in result["msg"]
    assert Releases(dest).names() == [first["release"]]


@pytest.mark.parametrize(
    ("files", "secrets", "sentence"),
    [
        ({"../p.yml": "x"}, {}, "does not lie inside a release"),
        ({"p.yml": "x"}, {"../../token": TOKEN}, "does not lie inside a release"),
        ({"secrets/token": TOKEN}, {}, "files below secrets/ are secrets"),
    ],
)
def test_paths_that_cannot_be_are_refused(
    files: dict[str, str], secrets: dict[str, str], sentence: str, dest: Path
) -> None:
    result = install(dest, files, secrets)
    assert result["failed"]
    assert sentence in result["msg"]
    assert not dest.exists()


# -- validating


def test_the_whole_tree_is_validated_where_it_will_lie(dest: Path, engine: FakeEngine) -> None:
    result = install(dest, {"p.yml": "a: 1\n"}, validate=VALIDATE, validate_user="7:8")
    mounted_at = f"{dest}/{result['release']}"
    assert result["validated"]
    assert engine.pulled == [IMAGE]
    assert engine.runs == [
        {
            "image": IMAGE,
            "command": ["promtool", "check", f"{mounted_at}/p.yml"],
            "mounted_at": mounted_at,
            "user": "7:8",
            "network": "",
            "etc_hosts": {},
        }
    ]


def test_a_tool_that_has_to_reach_something_is_in_the_network_that_is_named(dest: Path, engine: FakeEngine) -> None:
    [tool] = VALIDATE
    names = {"bucket.example": "192.0.2.9"}
    result = install(dest, {"p.yml": "a: 1\n"}, validate=[{**tool, "network": "llmmon", "etc_hosts": names}])
    assert result["validated"], result
    assert [(run["network"], run["etc_hosts"]) for run in engine.runs] == [("llmmon", names)]


def test_a_tree_that_no_service_reloads_owes_no_reload(dest: Path) -> None:
    install(dest, {"p.yml": "a: 1\n"}, reloaded=False)
    second = install(dest, {"p.yml": "a: 1\n"}, reloaded=False)
    assert not second["changed"]
    assert not second["reload_owed"]
    assert install(dest, {"p.yml": "a: 1\n"})["reload_owed"]


def test_files_of_the_user_s_own_are_there_when_a_tree_is_validated(dest: Path, engine: FakeEngine) -> None:
    (dest / "own.d").mkdir(parents=True)
    install(dest, {"p.yml": "a: 1\n"}, validate=VALIDATE)
    assert engine.runs[0]["beside"] == f"{dest}/own.d"


def test_nothing_is_validated_when_nothing_changes(dest: Path, engine: FakeEngine) -> None:
    install(dest, {"p.yml": "a: 1\n"}, validate=VALIDATE)
    result = install(dest, {"p.yml": "a: 1\n"}, validate=VALIDATE)
    assert not result["validated"]
    assert len(engine.runs) == 1


def test_a_refused_tree_leaves_nothing_behind(dest: Path, engine: FakeEngine) -> None:
    first = install(dest, {"p.yml": "a: 1\n"}, {"token": TOKEN}, validate=VALIDATE)
    before = snapshot(dest / first["release"])
    engine.tool = content
    result = install(dest, {"p.yml": "a: bad\n"}, {"token": SECOND_TOKEN}, validate=VALIDATE)
    assert result["failed"]
    assert result["msg"] == (
        f"promtool of {IMAGE} refuses the new configuration, and what was running stays as it is: a: bad"
    )
    assert result["tool_output"] == "FAILED: a: bad"
    assert Releases(dest).names() == [first["release"]]
    assert Releases(dest).target(CURRENT) == first["release"]
    assert snapshot(dest / first["release"]) == before


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), EngineError("pulling failed: not found")])
def test_whatever_goes_wrong_leaves_nothing_behind(error: Exception, dest: Path, engine: FakeEngine) -> None:
    first = install(dest, {"p.yml": "a: 1\n"}, validate=VALIDATE)

    def broken(_: Path) -> ToolResult:
        raise error

    engine.tool = broken
    result = install(dest, {"p.yml": "a: 2\n"}, validate=VALIDATE)
    assert result["failed"]
    assert (error.strerror or "" if isinstance(error, OSError) else str(error)) in result["msg"]
    assert Releases(dest).names() == [first["release"]]
    assert Releases(dest).target(CURRENT) == first["release"]


def test_a_disk_that_fills_up_leaves_nothing_behind(dest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = install(dest, {"p.yml": "a: 1\n"})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        result = install(dest, {"p.yml": "a: 2\n"})
    assert re.search(rf"the disk is full at {dest}/\S+: free some there, and run again", result["msg"])
    assert Releases(dest).names() == [first["release"]]


def test_an_image_that_cannot_be_had_names_its_variable(
    dest: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(image: str) -> None:
        raise EngineError(f"pulling the image {image} failed: manifest unknown")

    monkeypatch.setattr(engine, "pull", missing)
    result = install(dest, {"p.yml": "a: 1\n"}, validate=VALIDATE)
    assert result["msg"] == (
        f"pulling the image {IMAGE} failed: manifest unknown (the image is set by llmmon_prometheus_image)"
    )


def test_a_secret_that_a_tool_prints_is_masked(dest: Path, engine: FakeEngine) -> None:
    engine.tool = lambda directory: ToolResult(1, f"bad token {(directory / 'secrets' / 'token').read_text()}")
    result = install(dest, {"p.yml": "a: 1\n"}, {"token": f"{TOKEN}\n"}, validate=VALIDATE)
    assert result["failed"]
    assert TOKEN not in json.dumps(result)
    assert "bad token ****" in result["tool_output"]


# Tool -> its command, a tree that it refuses, and how it says so.
REFUSED: dict[str, tuple[list[str], dict[str, str], str]] = {
    "promtool": (
        ["check", "config", "p.yml"],
        {
            "p.yml": "rule_files: [rules/*.yml]\n",
            "rules/r.yml": "groups: [{name: a, rules: [{alert: b, expr: 'up =='}]}]\n",
        },
        r'^rules/r\.yml: .*: group "a", rule 1, "b": could not parse expression: .* unexpected end of input$',
    ),
    "amtool": (
        ["check-config", "a.yml"],
        {"a.yml": "route: {receiver: z}\nreceivers: [{name: x}]\n"},
        r'^undefined receiver "z" used in route; amtool: error: failed to validate 1 file\(s\)$',
    ),
}


@pytest.mark.parametrize(
    ("program", "version"),
    [("promtool", "2.53.3"), ("promtool", "3.5.3"), ("amtool", "0.28.1"), ("amtool", "0.33.1")],
)
def test_the_words_of_the_real_tools_come_out_readable(
    program: str, version: str, dest: Path, engine: FakeEngine
) -> None:
    (*command, file), files, words = REFUSED[program]

    def check(directory: Path) -> ToolResult:
        ran = subprocess.run(
            [tool(program, version), *command, directory / file],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return ToolResult(ran.returncode, ran.stdout)

    engine.tool = check
    message = install(dest, files, validate=VALIDATE)["msg"]
    # The release's directory means nothing to the reader; neither do the tool's progress messages.
    assert re.search(words, message.partition("what was running stays as it is: ")[2])


# -- check mode


def test_check_mode_writes_nothing(dest: Path, engine: FakeEngine) -> None:
    fresh = install(dest, {"p.yml": "a: 1\n"}, generate=["g"], validate=VALIDATE, check_mode=True)
    assert fresh["changed"]
    assert fresh["validated"]
    assert not dest.parent.exists()

    first = install(dest, {"p.yml": "a: 1\n"}, generate=["g"], validate=VALIDATE)
    Releases(dest).write("20200101T000000.000000Z", [File("p.yml", "x")], GROUP)
    Releases(dest).write("20210101T000000.000000Z", [File("p.yml", "x")], GROUP)
    before = snapshot(dest)
    result = install(dest, {"p.yml": "a: 2\n"}, generate=["g"], validate=VALIDATE, check_mode=True, diff=True)
    assert result["changed"]
    assert result["validated"]
    assert result["changed_files"] == ["p.yml"]
    assert result["release"] == first["release"]
    assert [(entry["before"], entry["after"]) for entry in result["diff"]] == [("a: 1\n", "a: 2\n")]
    assert snapshot(dest) == before
    assert engine.pulled == [IMAGE] * 3


def test_check_mode_refuses_what_a_run_would_refuse(dest: Path, engine: FakeEngine) -> None:
    engine.tool = content
    result = install(dest, {"p.yml": "a: bad\n"}, validate=VALIDATE, check_mode=True)
    assert result["failed"]
    assert result["msg"].endswith("stays as it is: a: bad")
    assert not dest.exists()


def test_check_mode_does_not_pull(dest: Path, engine: FakeEngine) -> None:
    engine.images = ()
    result = install(dest, {"p.yml": "a: 1\n"}, validate=VALIDATE, check_mode=True)
    assert (result["changed"], result["validated"]) == (True, False)
    assert f"the host has no image {IMAGE} yet" in "".join(result["warnings"])
    assert engine.pulled == []
    assert engine.runs == []


def test_check_mode_on_a_host_without_an_engine_says_so(dest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise EngineError("the Python library docker is missing on the host (python3-docker)")

    monkeypatch.setattr(validation, "Engine", absent)
    monkeypatch.setattr(config_tree, "DOCKER_IMPORT_ERROR", "ImportError")
    result = install(dest, {"p.yml": "a: 1\n"}, validate=VALIDATE, check_mode=True)
    assert (result["changed"], result["validated"]) == (True, False)
    assert "The tree was not validated: the Python library docker is missing" in "".join(result["warnings"])
    assert not dest.exists()


def test_a_tree_without_validators_needs_no_engine(dest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "Engine", lambda: pytest.fail("asked for the engine"))
    assert install(dest, {"p.yml": "a: 1\n"}, check_mode=True)["warnings"] == []
    assert not install(dest, {"p.yml": "a: 1\n"})["failed"]


def test_a_run_without_the_library_says_which_is_missing(dest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_tree, "DOCKER_IMPORT_ERROR", "ImportError")
    result = install(dest, {"p.yml": "a: 1\n"}, {"token": TOKEN}, validate=VALIDATE)
    assert result["failed"]
    assert "docker" in result["msg"]
    # So early, only the arguments' own no_log hides them.
    assert TOKEN not in json.dumps(result)
    assert not dest.exists()


# -- what is shown


def test_no_secret_is_in_what_the_module_answers(dest: Path) -> None:
    install(dest, {"p.yml": "a: 1\n"}, {"token": TOKEN, "key": "k-1\n"}, generate=["made_up"])
    made_up = (dest / "current" / "secrets" / "made_up").read_text()
    result = install(dest, {"p.yml": "a: 2\n"}, {"token": SECOND_TOKEN}, generate=["made_up"], diff=True)
    shown = json.dumps(result)
    for secret in (TOKEN, SECOND_TOKEN, made_up, "k-1"):
        assert secret not in shown
    assert "secrets/token" in shown


def test_an_empty_secret_does_not_mask_everything(dest: Path) -> None:
    result = install(dest, {"p.yml": "a: 1\n"}, {"token": ""})
    assert result["changed_files"] == ["p.yml", "secrets/token"]
