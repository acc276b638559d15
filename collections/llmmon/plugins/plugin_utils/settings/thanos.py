# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the settings of Thanos, on this host and beside the other hosts of the stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.durations import milliseconds
from ansible_collections.llmmon.stack.plugins.plugin_utils.durations import is_duration
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.gateway_access import shipped_content, tls_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import dictionary_problems, repeated, shown
from ansible_collections.llmmon.stack.plugins.plugin_utils.thanos import (
    COMPACT,
    COMPONENTS,
    FILESYSTEM,
    NEED_STORAGE,
    S3,
    SECRET_KEY,
    SIDECAR,
    STORAGES,
)

_COMPONENTS = "llmmon_thanos_components"
_STORAGE = "llmmon_thanos_object_storage"
_LABELS = "llmmon_prometheus_external_labels"
_ELSEWHERE = "llmmon_thanos_compactor_elsewhere"
_S3_KEYS = (
    *("type", "bucket", "endpoint", "region", "prefix", "access_key", "secret_key", "secret_key_file", "insecure"),
    *("tls_config", "config"),
)
_KEYS = {S3: _S3_KEYS, FILESYSTEM: ("type", "directory", "prefix")}
_NEEDED = {S3: ("bucket", "endpoint"), FILESYSTEM: ("directory",)}
# Thanos makes samples of five minutes from blocks of this age, and samples of an hour from those: what it has deleted
# by then is in neither.
_DOWNSAMPLED_AFTER = {"llmmon_thanos_retention_raw": "40h", "llmmon_thanos_retention_5m": "10d"}


def thanos_problems(
    settings: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]], places: Sequence[str] | None = None
) -> list[str]:
    """What is wrong with Thanos on this host.

    ``settings`` are variables of this host by name, those of Thanos and ``llmmon_services``,
    ``llmmon_prometheus_external_labels``, ``llmmon_prometheus_extra_flags``; ``others`` are those of the other hosts of
    the play, by host. ``places`` are folders in which relative paths are looked for first.
    """
    components = list(settings[_COMPONENTS])
    if not components:
        return []
    found = [f"{_COMPONENTS}: {name} appears twice; a host has one of each at most" for name in repeated(components)]
    found += [
        f"{_COMPONENTS} has {shown(name)}; it may have {', '.join(COMPONENTS)}"
        for name in components
        if name not in COMPONENTS
    ]
    storage = settings[_STORAGE]
    misshaped = dictionary_problems(_STORAGE, storage)
    if misshaped:
        return found + misshaped
    if storage:
        found += _storage_problems(storage, places or ())
    found += [
        f"{_COMPONENTS} has {name}, which needs {_STORAGE}, such as {{type: s3, bucket: llmmon, endpoint:"
        " s3.example:9000, access_key: ..., secret_key: ...}"
        for name in components
        if name in NEED_STORAGE and not storage
    ]
    beside = {host: of for host, of in others.items() if of.get(_COMPONENTS)}
    return (
        found
        + (_sidecar_problems(settings, beside) if SIDECAR in components else [])
        + (_bucket_problems(settings, beside) if storage else [])
        + _retention_problems(settings)
    )


def _storage_problems(storage: Mapping[str, Any], places: Sequence[str]) -> list[str]:
    kind = storage.get("type")
    if kind not in STORAGES:
        return [f"{_STORAGE}: type is {shown(kind)}, but must be one of {', '.join(STORAGES)}"]
    found = [
        f"{_STORAGE} of type {kind} has {shown(key)}; it may have {', '.join(_KEYS[kind])}"
        for key in storage
        if key not in _KEYS[kind]
    ]
    found += [f"{_STORAGE} of type {kind} lacks {key}" for key in _NEEDED[kind] if not storage.get(key)]
    if kind == FILESYSTEM:
        directory = str(storage.get("directory") or "/")
        if not directory.startswith("/"):
            found.append(f"{_STORAGE}: directory is {shown(directory)}, but must be a path that begins with '/'")
        return found
    named = {**storage, "name": "the bucket"}
    found += shipped_content(SECRET_KEY, named, places, _STORAGE)[1] + tls_problems(named, places, _STORAGE)
    if "://" in str(storage.get("endpoint") or ""):
        found.append(
            f"{_STORAGE}: endpoint is {shown(storage['endpoint'])}, but must be host or host:port without a scheme;"
            " insecure: true means http"
        )
    if bool(storage.get("access_key")) != SECRET_KEY.is_given(storage):
        lacks = "secret_key or secret_key_file" if storage.get("access_key") else "access_key"
        found.append(f"{_STORAGE} needs access_key and the secret key together; give it {lacks}, too")
    config = storage.get("config")
    return found + dictionary_problems(f"{_STORAGE}: config", {} if config is None else config)


def _sidecar_problems(settings: Mapping[str, Any], beside: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """By its labels alone the samples of a Prometheus are told from another's."""
    found = []
    if "prometheus" not in settings["llmmon_services"]:
        found.append(f"{_COMPONENTS} has sidecar, which needs prometheus in llmmon_services of the same host")
    labels = settings[_LABELS]
    if not labels:
        found.append(
            f"{_COMPONENTS} has sidecar, which needs {_LABELS}, such as"
            ' {prometheus_replica: "{{ inventory_hostname }}"}, by'
            " which this Prometheus is told from others; nothing was written"
        )
    found += [
        f"{_LABELS} are the same as those of {host}: the samples of the two hosts could not be told apart, and the"
        ' compactor would stop; add one that differs, such as {prometheus_replica: "{{ inventory_hostname }}"}'
        for host, of in beside.items()
        if labels and SIDECAR in of[_COMPONENTS] and dict(of.get(_LABELS) or {}) == dict(labels)
    ]
    own = [flag for flag in settings["llmmon_prometheus_extra_flags"] if "block-duration" in str(flag)]
    found += [
        f"llmmon_prometheus_extra_flags has {flag}: beside a sidecar blocks must stay as they are until they are"
        " uploaded; leave it out"
        for flag in own
    ]
    return found


def _bucket_problems(settings: Mapping[str, Any], beside: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One compactor works on a bucket: two would ruin each other's blocks, and without one nothing is ever deleted."""
    storage = settings[_STORAGE]
    sharing = {host: of for host, of in beside.items() if _place(of.get(_STORAGE)) == _place(storage)}
    compacting = [host for host, of in sharing.items() if COMPACT in of[_COMPONENTS]]
    found = []
    if COMPACT in settings[_COMPONENTS]:
        found += [
            f"{_COMPONENTS} has compact here and on {host}, for the same bucket: two compactors would ruin each other's"
            " blocks; leave one out"
            for host in compacting
        ]
        if settings[_ELSEWHERE]:
            found.append(f"{_ELSEWHERE} is true, and {_COMPONENTS} has compact; leave one of the two out")
    elif not compacting and not settings[_ELSEWHERE]:
        found.append(
            f"no host has compact in {_COMPONENTS} for the bucket of {_STORAGE}: nothing would ever be deleted from"
            f" it; add it on exactly one host, or say by {_ELSEWHERE}: true that one of another inventory does it"
        )
    if storage.get("type") == FILESYSTEM:
        found += [
            f"{_STORAGE} is a directory, which {host} would look for on its own disk; use type s3 for several hosts"
            for host in sharing
        ]
    return found


def _place(storage: Any) -> tuple[Any, ...]:
    """What makes two buckets the same one."""
    given = storage if isinstance(storage, dict) else {}
    return tuple(given.get(key) for key in ("type", "endpoint", "bucket", "directory", "prefix"))


def _retention_problems(settings: Mapping[str, Any]) -> list[str]:
    found = []
    for variable, least in _DOWNSAMPLED_AFTER.items():
        text = str(settings[variable])
        if is_duration(text) and 0 < milliseconds(text) < milliseconds(least):
            found.append(
                f"{variable} is {text}, but must be {least} or more, or 0d for ever: before that Thanos has not made"
                " the coarser samples that stay longer"
            )
    return found
