"""The images of the testbed: pulled where upstream's registry answers, else built, and loaded into the engine."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, ImageNotFound
from docker.models.images import Image

from tests.testbed import debian, engine, go_programs, oci, recipes, shipped, state, upstream
from tests.testbed.catalogue import PYTHON, RECIPES, STAND_IN, Recipe
from tests.testbed.recipes import Debs, Layer, Parts
from tests.testbed.shell import TestbedError, say, step

PULLED = "pulled"


@dataclass(frozen=True)
class Available:
    """An image that the engine has."""

    component: str
    image: str
    version: str
    origin: str
    id: str
    # Why it was not pulled, where upstream has one.
    why: str = ""

    @property
    def source(self) -> str:
        """Where it came from, for people."""
        return f"{self.origin}: {self.why}" if self.why else self.origin


def ensure(client: docker.DockerClient, *, quick: bool = False) -> list[Available]:
    """Make sure that the engine has every image, and write `.testbed/images.json`.

    What has to be compiled first takes minutes: in a hurry, only what was compiled before is taken. What cannot be
    compiled here is said and left out. Tests keep the images that they began with; in a hurry the registry is asked
    again for what was built before.
    """
    with state.locked("images"):
        result = _ensure_all(client, quick=quick)
        write_summary(result)
        _sweep()
    return result


def summary() -> dict[str, Any]:
    """What `.testbed/images.json` says: the image of each service that tests take unless they say, and all of them."""
    found = state.read("images")
    if not found:
        raise TestbedError("There are no images yet: run `python -m tests.testbed up` first.")
    return found


def publish(client: docker.DockerClient, registry: str) -> None:
    """Give the registry (its address on this machine) what it lacks, under upstream's names."""
    with state.locked("images"):
        for entry in summary()["all"]:
            _publish(client, registry, Available(**entry))


def build(recipe: Recipe) -> oci.Image:
    """Build an image unless the very same one is in the store already."""
    store = _store()
    debs = debian.fetch(recipe.suite, recipe.packages)
    _require_pin(recipe, debs)
    key = _key(recipe, debs)
    parts = Parts(debs, go_programs.build(recipe.module) if recipe.module else None)
    with state.locked(f"build-{recipe.component}-{recipe.tag}"):
        known = _index().get(recipe.name, {})
        image = oci.image_of(store, known["manifest"]) if known.get("key") == key else None
        if image is None:
            with step(f"built {recipe.name}"):
                layers = [_layer(recipe, fill, parts) for fill in recipe.layers]
                image = oci.assemble(store, layers, {**recipe.settings, "Labels": engine.LABELS})
            with state.locked("image-index"):
                _write_index({**_index(), recipe.name: {"key": key, "manifest": image.manifest.digest}})
    return image


def possible(wanted: Sequence[Recipe], *, quick: bool) -> list[Recipe]:
    """The recipes that this machine can follow; in a hurry one of each service, which needs nothing to be compiled."""
    if not quick:
        return [
            recipe
            for recipe in wanted
            if recipe.module is None or go_programs.build_or_say(recipe.module, f"image {recipe.name}")
        ]
    there = [recipe for recipe in wanted if recipe.module is None or go_programs.is_built(recipe.module)]
    return [recipe for recipe in there if recipe.version == _choice(recipe, there)]


def _choice(one: Recipe | Available, there: Sequence[Recipe | Available]) -> str:
    """The version of a service that is taken where nobody says which."""
    return shipped.choice(one.component, [each.version for each in there if each.component == one.component])


def _ensure_all(client: docker.DockerClient, *, quick: bool) -> list[Available]:
    """Pull one by one (silence ends the asking), build two at a time."""
    registry = upstream.Upstream()
    asked = [recipe for recipe in RECIPES if recipe.upstream and (recipe.is_shipped or not quick)]
    found = {recipe.name: _pulled(client, recipe, registry, again=quick) for recipe in asked}
    pulled = {recipe.component for recipe in asked if isinstance(found[recipe.name], Available)}
    # In a hurry another version may stand in for the one that was asked for.
    reasons = {recipe.component: found[recipe.name] for recipe in asked if recipe.component not in pulled}
    missing = [recipe for recipe in RECIPES if not isinstance(found.get(recipe.name), Available)]
    missing = possible([recipe for recipe in missing if not (quick and recipe.component in pulled)], quick=quick)
    if not recipes.stand_in_sources() and any(recipe.origin == STAND_IN for recipe in missing):
        say(f"skipped Grafana's stand-in, because {recipes.STAND_IN_SOURCES} holds no program yet")
        missing = [recipe for recipe in missing if recipe.origin != STAND_IN]
    with ThreadPoolExecutor(2) as pool:
        # All packages of a suite at once: each time its mirror is asked costs seconds.
        list(pool.map(lambda suite: _fetch(suite, missing), sorted({recipe.suite for recipe in missing})))
        whys = [str(found.get(recipe.name) or reasons.get(recipe.component, "")) for recipe in missing]
        built = list(pool.map(lambda recipe, why: _load(client, recipe, why), missing, whys))
    result = [*(available for available in found.values() if isinstance(available, Available)), *built]
    order = {recipe.component: number for number, recipe in enumerate(RECIPES)}
    return sorted(result, key=lambda available: (order[available.component], _sortable(available.version)))


def _fetch(suite: str, missing: Sequence[Recipe]) -> None:
    debian.fetch(suite, sorted({package for recipe in missing if recipe.suite == suite for package in recipe.packages}))


def _pulled(
    client: docker.DockerClient, recipe: Recipe, registry: upstream.Upstream, *, again: bool
) -> Available | str:
    """The image as upstream made it, or why it was not pulled."""
    assert recipe.upstream
    image = _find(client, recipe.upstream)
    is_built = image is not None and engine.LABEL in image.labels
    if is_built and not again:
        # It was built because of what the registry answered then, and stays until `down`.
        return _why_before(recipe)
    if image is None or is_built:
        why = registry.pull(recipe.upstream)
        if why is not None:
            return why
        image = client.images.get(recipe.upstream)
        state.write("pulled", {**state.read("pulled"), recipe.upstream: image.id})
        say(f"{recipe.upstream}: {PULLED}")
    version = recipe.upstream.rsplit(":", 1)[1].removeprefix("v")
    return Available(recipe.component, recipe.upstream, version, PULLED, str(image.id))


def _find(client: docker.DockerClient, name: str) -> Image | None:
    try:
        return client.images.get(name)
    except ImageNotFound:
        return None


def _why_before(recipe: Recipe) -> str:
    known = state.read("images").get("all", [])
    return next((str(entry.get("why", "")) for entry in known if entry["image"] == recipe.name), "")


def _load(client: docker.DockerClient, recipe: Recipe, why: str) -> Available:
    image = build(recipe)
    there = _find(client, recipe.name)
    known = there.id if there is not None else None
    if known != image.id:
        done = step(f"loaded {recipe.name} into the engine")
        with done, tempfile.TemporaryFile(dir=state.folder("oci")) as archive:
            oci.write_archive(_store(), image, recipe.name, archive)
            archive.seek(0)
            client.images.load(archive)
        if known is not None:
            drop(client, known)
    origin = recipe.origin
    if recipe.module is not None and recipe.module.pages:
        origin += f", {'with' if go_programs.has_pages(recipe.module) else 'without'} its web pages"
    return Available(recipe.component, recipe.name, recipe.version, origin, image.id, why)


def drop(client: docker.DockerClient, replaced: str) -> None:
    """Remove an image whose name another one has now, unless a container still needs it."""
    with suppress(APIError):
        client.images.remove(replaced)


def _sweep() -> None:
    """Delete blobs that no image of today is made of."""
    store = _store()
    index = {recipe.name: _index()[recipe.name] for recipe in RECIPES if recipe.name in _index()}
    images = [image for image in (oci.image_of(store, entry["manifest"]) for entry in index.values()) if image]
    needed = {blob.digest for image in images for blob in (image.manifest, image.config, *image.layers)}
    state.write("oci/images", index)
    state.write("oci/layers", {name: layer for name, layer in _layers().items() if layer["digest"] in needed})
    store.keep_only(needed)


def _require_pin(recipe: Recipe, debs: Debs) -> None:
    if recipe.pinned_package is None or recipe.pinned_package in PYTHON.packages:
        # Built from a module, whose version go.mod pins; or tagged with Python's minor version, or the stand-in's own:
        # then the package's name is the pin.
        return
    deb = debs[recipe.pinned_package]
    if deb.upstream != recipe.version:
        # Not to be found in the cache again by a later run, when the mirror may have the right one.
        debian.forget(recipe.suite, deb.package)
    debian.require_version(deb, recipe.suite, recipe.version)


def _layer(recipe: Recipe, fill: Layer, parts: Parts) -> oci.Layer:
    """A layer is written once, whichever images share it."""
    store = _store()
    packages = recipes.LAYER_PACKAGES.get(fill, recipe.packages)
    name = f"{fill.__name__}-{_key(recipe, {package: parts.debs[package] for package in packages})}"
    with state.locked(f"layer-{fill.__name__}-{recipe.suite}"):
        known = _layers().get(name)
        if known and store.path(known["digest"]).is_file():
            return oci.Layer(oci.Blob(known["digest"], known["size"]), known["difference_id"])
        layer = oci.write_layer(store, fill(parts))
        entry = {"digest": layer.blob.digest, "size": layer.blob.size, "difference_id": layer.difference_id}
        with state.locked("layer-index"):
            state.write("oci/layers", {**_layers(), name: entry})
    return layer


def _key(recipe: Recipe, debs: Debs) -> str:
    """Changes when the packages, the recipes or the stand-in's program change."""
    sources = recipes.stand_in_sources() if recipe.origin == STAND_IN else {}
    parts = {
        "program": _program_key(),
        "packages": {package: deb.sha256 for package, deb in debs.items()},
        "module": recipe.module.key if recipe.module else None,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sources.items()},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _program_key() -> str:
    here = Path(__file__).parent
    content = b"".join((here / name).read_bytes() for name in ("oci.py", "recipes.py"))
    return hashlib.sha256(content).hexdigest()[:16]


def _store() -> oci.BlobStore:
    return oci.BlobStore(state.folder("oci", "blobs"))


def _index() -> dict[str, Any]:
    return state.read("oci/images")


def _write_index(content: dict[str, Any]) -> None:
    state.write("oci/images", content)


def _layers() -> dict[str, Any]:
    return state.read("oci/layers")


def _publish(client: docker.DockerClient, registry: str, available: Available) -> None:
    repository, tag = available.image.rsplit(":", 1)
    if oci.image_id_in_registry(registry, repository, tag) == available.id:
        return
    with step(f"gave the registry {available.image}"):
        built = oci.image_of(_store(), _index().get(available.image, {}).get("manifest", "none"))
        if built is not None and built.id == available.id:
            oci.push(_store(), built, registry, repository, tag)
        else:
            _push_from_engine(client, registry, available.image)


def _push_from_engine(client: docker.DockerClient, registry: str, name: str) -> None:
    """A pulled image's layers are the engine's, so the engine has to send them."""
    local = f"{registry.removeprefix('http://')}/{name}"
    repository, tag = local.rsplit(":", 1)
    client.images.get(name).tag(repository, tag)
    for event in client.api.push(repository, tag, stream=True, decode=True):
        if "error" in event:
            raise TestbedError(f"The engine could not give {name} to the registry: {event['error']}.")
    client.images.remove(local)


def _sortable(version: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in version.replace("-", ".").split(".")]


def write_summary(available: Sequence[Available]) -> None:
    chosen = {
        one.component: {name: value for name, value in vars(one).items() if name != "component"}
        for one in available
        if one.version == _choice(one, available)
    }
    state.write("images", {**chosen, "all": [vars(one) for one in available]})
