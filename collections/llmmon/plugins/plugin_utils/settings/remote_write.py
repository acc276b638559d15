# SPDX-License-Identifier: Apache-2.0
"""What is wrong with llmmon_remote_write and llmmon_query_access, as sentences that say what to change."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.llmmon.stack.plugins.plugin_utils.remote_write import SENT
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.addresses import url_problem
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.gateway_access import way_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import (
    dictionaries,
    dictionary_problems,
    repeated,
    shown,
)

_VARIABLE = "llmmon_remote_write"
_QUERY = "llmmon_query_access"
_QUERY_KEYS = ("bearer_token", "bearer_token_file", "basic_auth", "headers", "tls_config")
_LABELS = "llmmon_prometheus_external_labels"
_EXAMPLE = '[{name: central, url: "https://engine.example/api/v1/write"}]'
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# Prometheus sets them itself, and refuses them here; who asks is said by bearer_token or basic_auth.
_OWN_HEADERS = (
    *("authorization", "host", "user-agent", "content-encoding", "content-length", "content-type", "transfer-encoding"),
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "www-authenticate", "accept-encoding"),
    *("te", "trailer", "upgrade", "x-prometheus-remote-write-version", "x-prometheus-remote-read-version"),
)
_QUEUE = ("capacity", "max_shards", "max_samples_per_send")


def remote_write_problems(
    engines: Sequence[Mapping[str, Any]],
    external_labels: Mapping[str, Any],
    others: Mapping[str, Any],
    places: Sequence[str] | None = None,
) -> list[str]:
    """What is wrong with llmmon_remote_write.

    ``others`` are the external labels of the other hosts of the stack, by the host's name; ``places`` are folders in
    which relative paths are looked for first.
    """
    usable, found = dictionaries(_VARIABLE, list(engines), _EXAMPLE)
    found += [
        f"{_VARIABLE}: the name {name} appears twice; it names the engine in alerts and files, and must be unique"
        for name in repeated(engine.get("name") for engine in usable)
    ]
    for engine in usable:
        found += _problems_of(engine) + way_problems(engine, places or (), _VARIABLE)
    return found + (_label_problems(external_labels, others) if engines else [])


def query_problems(access: Mapping[str, Any], url: str, places: Sequence[str] | None = None) -> list[str]:
    """What is wrong with llmmon_query_access, the way of Grafana to the engine at llmmon_query_url."""
    found = dictionary_problems(_QUERY, access)
    if found:
        return found
    if access and not url:
        found.append(f"{_QUERY} is set, and llmmon_query_url, which says where, is not")
    if url and urlsplit(url).username is not None:
        found.append("llmmon_query_url must not contain a user and a password; use basic_auth in llmmon_query_access")
    found += [
        f"{_QUERY} has {shown(key)}; it may have {', '.join(_QUERY_KEYS)}" for key in access if key not in _QUERY_KEYS
    ]
    engine = {**access, "name": "the engine"}
    return found + _header_problems(_QUERY, access.get("headers")) + way_problems(engine, places or (), _QUERY)


def _problems_of(engine: dict[str, Any]) -> list[str]:
    name, url = engine.get("name"), engine.get("url")
    found = []
    if not _NAME.fullmatch(str(name or "")):
        found.append(
            f"{_VARIABLE}: the name {shown(name)} must consist of at most 63 letters, digits, '.', '_' and '-', and"
            " begin with a letter or digit; it becomes a part of files' names"
        )
    not_a_url = url_problem(f"{_VARIABLE}: url of {name}", url)
    found += not_a_url
    if not not_a_url and urlsplit(str(url)).username is not None:
        found.append(
            f"{_VARIABLE}: url of {name} must not contain a user and a password, which everybody could read in"
            " Prometheus's configuration; use basic_auth"
        )
    if engine.get("send", SENT[0]) not in SENT:
        found.append(f"{_VARIABLE}: send of {name} is {shown(engine['send'])}, but must be one of {', '.join(SENT)}")
    return (
        found
        + _header_problems(f"{_VARIABLE}: headers of {name}", engine.get("headers"))
        + _queue_problems(name, engine.get("queue"))
    )


def _header_problems(subject: str, headers: Any) -> list[str]:
    found = dictionary_problems(subject, {} if headers is None else headers)
    if found or not headers:
        return found
    for header, value in headers.items():
        if not _HEADER.fullmatch(str(header)):
            found.append(f"{subject} has {shown(header)}, which is not the name of a header")
        if str(header).lower() in _OWN_HEADERS:
            found.append(
                f"{subject} has {header}, which Prometheus sets itself; use bearer_token or basic_auth to sign in"
            )
        if not str(value).strip() or re.search(r"[\r\n]", str(value)):
            found.append(f"{subject} must give {header} a value of one line")
    return found


def _queue_problems(name: Any, queue: Any) -> list[str]:
    subject = f"{_VARIABLE}: queue of {name}"
    found = dictionary_problems(subject, {} if queue is None else queue)
    if found or not queue:
        return found
    return [
        f"{subject} has {shown(key)}: {shown(value)}; it may have {', '.join(_QUEUE)}, each 1 or more"
        for key, value in queue.items()
        if key not in _QUEUE or isinstance(value, bool) or not isinstance(value, int) or value < 1
    ]


def _label_problems(labels: Mapping[str, Any], others: Mapping[str, Any]) -> list[str]:
    """An engine takes the samples of all: only these labels keep those of two hosts apart."""
    if not labels:
        return [
            f"{_VARIABLE} needs {_LABELS}, such as {{site: seoul}}, by which the engine tells this Prometheus from"
            " others; nothing was written"
        ]
    return [
        f"{_LABELS} are the same as those of {host}: the engine could not tell the samples of the two hosts apart; add"
        ' one that differs, such as {replica: "{{ inventory_hostname }}"}'
        for host, of_host in others.items()
        if dict(of_host or {}) == dict(labels)
    ]
