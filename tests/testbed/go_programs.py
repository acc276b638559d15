"""Programs that Debian does not have (yet), built from their Go modules.

Below `go/` each has a module of ours that needs nothing but it: `go.mod` says the version, `go.sum` holds the sums of
all that goes into it. A new version: `go get -tool PACKAGE@VERSION` in an empty module, both files, a line in
catalogue.py.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.testbed import disk, state, web_pages
from tests.testbed.go_toolchain import LOCAL, go_for
from tests.testbed.shell import TestbedError, run, say, step

MODULES = Path(__file__).parent / "go"
# Prometheus's ways to find targets are all left out but DNS: with the clouds' libraries it takes ten times as long.
_TAGS = "netgo,remove_all_sd,enable_dns_sd"
_VERSION_IS_IN = "github.com/prometheus/common/version.Version"
_WITH_PAGES = "with-web-pages"
_NEED_BYTES = 4 * 10**9
_BUILD_SECONDS = 3600


@dataclass(frozen=True)
class GoModule:
    """A release and which of its programs we build, by their packages."""

    name: str
    version: str
    packages: Mapping[str, str]
    # The Go module with web pages that are to be built as well, where this machine can.
    pages: str = ""
    # What upstream builds it with beside what all are built with here.
    tags: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return MODULES / f"{self.name}-{self.version}"

    @property
    def key(self) -> str:
        """Changes with whatever goes into the programs."""
        parts = [
            ",".join((_TAGS, *self.tags)).encode(),
            *((self.folder / name).read_bytes() for name in ("go.mod", "go.sum")),
        ]
        if self.pages:
            parts.append(web_pages.KEY)
        return hashlib.sha256(b"\n".join(parts)).hexdigest()[:12]


def is_built(module: GoModule) -> bool:
    return _target(module).is_dir()


def has_pages(module: GoModule) -> bool:
    """Whether its programs carry their web pages."""
    return (_target(module) / _WITH_PAGES).is_file()


def build(module: GoModule) -> Path:
    """The folder with the programs of a module; they are built at the first call."""
    target = _target(module)
    if target.is_dir():
        return target
    # One build uses all processors: two at a time would only need twice the memory.
    with state.locked("go-build"):
        if not target.is_dir():
            disk.require_room(state.directory(), _NEED_BYTES)
            label = f"{module.name} {module.version}"
            go = go_for(label, _minimum(module))
            part = state.folder("go", "built", target.name)
            with step(f"built {label} from its Go module"):
                _build(go, module, part)
            for program in module.packages:
                _require_version(part / program, module.version)
            part.replace(target)
    return target


def build_or_say(module: GoModule, wanted: str) -> Path | None:
    """As `build`; what cannot be built here is said by the name that it is wanted by, and the rest goes on."""
    try:
        return build(module)
    except TestbedError as error:
        say(f"there is no {wanted}, so what is tested with it fails: {error}")
        return None


def clean() -> None:
    """Delete sources and what was compiled on the way: the programs are all that is needed again."""
    with state.locked("go-build"):
        state.remove("go")


def _target(module: GoModule) -> Path:
    return state.path("tools", f"{module.name}-{module.version}-{module.key}")


def _build(go: Path, module: GoModule, target: Path) -> None:
    tags, module_file = ",".join((_TAGS, *module.tags)), module.folder / "go.mod"
    caches = {name: str(state.folder("go", name.lower())) for name in ("GOMODCACHE", "GOCACHE", "GOPATH")}
    environment = {
        **LOCAL,
        **caches,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
        "GOWORK": "off",
    }
    try:
        if module.pages and (source := _with_pages(go, module, environment)):
            tags, module_file = f"{tags},builtinassets", _replaced(module, source)
            (target / _WITH_PAGES).touch()
        flags = ["-trimpath", "-tags", tags, "-ldflags", f"-s -w -X {_VERSION_IS_IN}={module.version}"]
        command: list[str | Path] = [go, "build", "-modfile", module_file, *flags, "-o", f"{target}/"]
        command += module.packages.values()
        run(command, environment=environment, folder=module.folder, timeout=_BUILD_SECONDS)
    except TestbedError:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _with_pages(go: Path, module: GoModule, environment: Mapping[str, str]) -> Path | None:
    """A copy of the sources with web pages in it; nothing where they cannot be built, which is said."""
    why = web_pages.why_not()
    source = state.folder("go", "sources") / module.folder.name
    if not why:
        try:
            run([go, "mod", "download", module.pages], environment=environment, folder=module.folder)
            asked: list[str | Path] = [go, "list", "-m", "-f", "{{.Dir}}", module.pages]
            original = run(asked, environment=environment, folder=module.folder).strip()
            shutil.rmtree(source, ignore_errors=True)
            shutil.copytree(original, source)
            web_pages.put_into(source)
        except TestbedError as error:
            why = str(error)
    if why:
        say(f"{module.name} {module.version} gets no web pages: {why}")
    return None if why else source


def _replaced(module: GoModule, source: Path) -> Path:
    """A go.mod that takes the sources from a folder, beside the same sums."""
    folder = state.folder("go", "replaced", module.folder.name)
    shutil.copy(module.folder / "go.sum", folder)
    original = (module.folder / "go.mod").read_text()
    (folder / "go.mod").write_text(f"{original}\nreplace {module.pages} => {source}\n")
    return folder / "go.mod"


def _minimum(module: GoModule) -> str:
    found = re.search(r"^go (\S+)$", (module.folder / "go.mod").read_text(), re.MULTILINE)
    assert found, f"{module.folder}/go.mod names no version of Go"
    return found[1]


def _require_version(program: Path, version: str) -> None:
    # Thanos says it where others say errors.
    answer = run([program, "--version"], errors_too=True)
    if f"version {version} " not in answer:
        raise TestbedError(f"{program.name} was built as {version} but calls itself {answer.splitlines()[0]}.")
