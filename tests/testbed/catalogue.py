"""Which images and tools the testbed knows, in which versions, and where they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.testbed import recipes, shipped
from tests.testbed.go_programs import GoModule
from tests.testbed.recipes import Layer

FROM_DEBIAN = "built from Debian packages"
FROM_GO = "built from its Go module"
STAND_IN = "stand-in"


@dataclass(frozen=True)
class Recipe:
    """An image, its version, and how to build it when it cannot be pulled."""

    component: str
    repository: str
    tag: str
    suite: str
    packages: tuple[str, ...]
    layers: tuple[Layer, ...]
    settings: dict[str, Any]
    origin: str = FROM_DEBIAN
    # The package whose version is the image's, or the module that its programs are built from.
    pinned_package: str | None = None
    module: GoModule | None = None
    # The image that this one stands for, if a registry offers it.
    upstream: str | None = None

    @property
    def name(self) -> str:
        return f"{self.repository}:{self.tag}"

    @property
    def version(self) -> str:
        return self.tag.removeprefix("v")

    @property
    def is_shipped(self) -> bool:
        """Whether upstream's image is the one that llmmon deploys unless told otherwise."""
        return self.upstream is not None and self.upstream.rsplit(":", 1)[1].removeprefix("v") == shipped.version(
            self.component
        )


def _service(
    component: str, repository: str, packages: tuple[str, ...], layer: Layer, settings: dict[str, Any]
) -> Callable[[str, str], Recipe]:
    """How to build a service of Prometheus's, of a version and from a suite; the first package is pinned."""

    def recipe(version: str, suite: str) -> Recipe:
        return Recipe(
            component=component,
            repository=repository,
            tag=f"v{version}",
            suite=suite,
            packages=(*recipes.BASE, *packages),
            layers=(recipes.base, layer),
            settings=settings,
            pinned_package=packages[0],
            upstream=f"{repository}:v{version}",
        )

    return recipe


def _built(component: str, repository: str, module: GoModule, layer: Layer, settings: dict[str, Any]) -> Recipe:
    """How to build a service whose programs come from a Go module, over the same base."""
    return Recipe(
        component=component,
        repository=repository,
        tag=f"v{module.version}",
        suite="trixie",
        packages=recipes.BASE,
        layers=(recipes.base, layer),
        settings=settings,
        origin=FROM_GO,
        module=module,
        upstream=f"{repository}:v{module.version}",
    )


def _prometheus_module(version: str, *, with_pages: bool = False) -> GoModule:
    module = "github.com/prometheus/prometheus"
    packages = {name: f"{module}/cmd/{name}" for name in ("prometheus", "promtool")}
    return GoModule("prometheus", version, packages, pages=module if with_pages else "")


# The default of the role, as people see it, and the newest that there is.
_PROMETHEUS_MODULES = (_prometheus_module("3.13.2", with_pages=True), _prometheus_module("3.16.0"))
# Without its tag it compiles, and panics at the first call by gRPC.
_THANOS = GoModule("thanos", "0.42.4", {"thanos": "github.com/thanos-io/thanos/cmd/thanos"}, tags=("slicelabels",))
_NODE_EXPORTER = GoModule("node_exporter", "1.12.1", {"node_exporter": "github.com/prometheus/node_exporter"})

_prometheus = _service(
    "prometheus", "prom/prometheus", ("prometheus", "promtool"), recipes.prometheus, recipes.PROMETHEUS_SETTINGS
)
_alertmanager = _service(
    "alertmanager",
    "prom/alertmanager",
    ("prometheus-alertmanager",),
    recipes.alertmanager,
    recipes.ALERTMANAGER_SETTINGS,
)
_prober = _service(
    "prober",
    "prom/blackbox-exporter",
    ("prometheus-blackbox-exporter",),
    recipes.prober,
    recipes.PROBER_SETTINGS,
)

REGISTRY = Recipe(
    component="registry",
    repository="llmmon-testbed/registry",
    tag="2.8.3",
    suite="trixie",
    pinned_package="docker-registry",
    packages=(*recipes.BASE, "docker-registry"),
    layers=(recipes.base, recipes.registry),
    settings=recipes.REGISTRY_SETTINGS,
)

PYTHON = Recipe(
    component="python",
    repository="llmmon-testbed/python",
    tag="3.13",
    suite="trixie",
    pinned_package="python3.13",
    packages=(*recipes.BASE, *recipes.PYTHON),
    layers=(recipes.base, recipes.python),
    settings=recipes.PYTHON_SETTINGS,
)

# What serves the documentation, where a user lets the stack do it.
BUSYBOX = Recipe(
    component="docs",
    repository="library/busybox",
    tag="1.37.0",
    suite="trixie",
    pinned_package="busybox-static",
    packages=recipes.BASE,
    layers=(recipes.base,),
    settings=recipes.BUSYBOX_SETTINGS,
    upstream="library/busybox:1.37.0",
)

# What runs the canary's program.
CANARY = Recipe(
    component="canary",
    repository="library/python",
    tag="3.13-slim",
    suite="trixie",
    pinned_package="python3.13",
    packages=PYTHON.packages,
    layers=(recipes.base, recipes.python),
    settings=recipes.PYTHON_SETTINGS,
    upstream="library/python:3.13-slim",
)

GRAFANA = Recipe(
    component="grafana",
    repository="llmmon-testbed/grafana-stand-in",
    tag="9.4.0-pre",
    suite="trixie",
    pinned_package="python3.13",
    packages=PYTHON.packages,
    layers=(recipes.base, recipes.python, recipes.grafana_stand_in),
    settings=recipes.GRAFANA_SETTINGS,
    origin=STAND_IN,
    upstream="grafana/grafana:13.1.1",
)

# Oldest first: the last of a component is the one that tests take when they do not say.
RECIPES = (
    REGISTRY,
    PYTHON,
    _prometheus("2.53.3", "trixie"),
    _prometheus("3.5.3", "sid"),
    *(
        _built("prometheus", "prom/prometheus", module, recipes.built_prometheus, recipes.PROMETHEUS_SETTINGS)
        for module in _PROMETHEUS_MODULES
    ),
    _alertmanager("0.28.1", "trixie"),
    _alertmanager("0.33.1", "sid"),
    _prober("0.28.0", "sid"),
    _built(
        "node_exporter",
        "prom/node-exporter",
        _NODE_EXPORTER,
        recipes.node_exporter,
        recipes.NODE_EXPORTER_SETTINGS,
    ),
    _built("thanos", "thanosio/thanos", _THANOS, recipes.thanos, recipes.THANOS_SETTINGS),
    BUSYBOX,
    CANARY,
    GRAFANA,
)


@dataclass(frozen=True)
class DebianProgram:
    """Where a package has a program."""

    suite: str
    package: str
    member: str


@dataclass(frozen=True)
class Tool:
    """A program of a service that tests run without any engine."""

    name: str
    version: str
    source: DebianProgram | GoModule


_PACKAGED = (
    ("prometheus", "prometheus", "prometheus", "prometheus"),
    ("prometheus", "promtool", "promtool", "promtool"),
    ("alertmanager", "alertmanager", "prometheus-alertmanager", "prometheus-alertmanager"),
    ("alertmanager", "amtool", "prometheus-alertmanager", "amtool"),
    ("prober", "blackbox_exporter", "prometheus-blackbox-exporter", "prometheus-blackbox-exporter"),
)
# An engine that Prometheus writes to, and what evaluates rules on one: llmmon deploys none of them.
_VICTORIA = (
    ("victoria-metrics", "trixie", "1.112.0"),
    ("victoria-metrics", "sid", "1.145.0"),
    ("vmalert-tool", "sid", "1.145.0"),
)
# Of one name, the oldest first.
TOOLS = (
    *(
        Tool(name, version, DebianProgram(suite, "victoria-metrics", f"usr/bin/{name}"))
        for name, suite, version in _VICTORIA
    ),
    *(
        Tool(name, recipe.version, DebianProgram(recipe.suite, package, f"usr/bin/{program}"))
        for component, name, package, program in _PACKAGED
        for recipe in RECIPES
        if recipe.component == component and recipe.module is None
    ),
    *(
        Tool(name, recipe.version, recipe.module)
        for recipe in RECIPES
        if recipe.module is not None
        for name in recipe.module.packages
    ),
)
