# SPDX-License-Identifier: Apache-2.0
"""What is wrong with llmmon_hosts, as sentences that name the host and what to change."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.llmmon.stack.plugins.plugin_utils.hosts import EXPORTERS, from_files
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.addresses import LOOPBACK, url_problem
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.gateway_access import way_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import (
    dictionaries,
    repeated,
    shown,
    texts,
)

_VARIABLE = "llmmon_hosts"
_EXAMPLE = '[{name: gpu-1, node: "http://gpu-1.example:9100", gpu: "http://gpu-1.example:9400"}]'
# Matched in full: "$" would let a line break at the end through.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def host_problems(
    hosts: Sequence[Mapping[str, Any]], gateways: Sequence[str], host_name: str, places: Sequence[str] | None = None
) -> list[str]:
    """What is wrong with llmmon_hosts.

    ``gateways`` are the names of those there are; ``host_name`` is a name of the monitoring host that its containers
    know, or empty; ``places`` are folders in which relative paths are looked for first.
    """
    usable, found = dictionaries(_VARIABLE, hosts, _EXAMPLE)
    found += [
        f"{_VARIABLE}: the name {name} appears twice; it is the label host of all that is known of a machine, and must"
        " be unique"
        for name in repeated(host.get("name") for host in usable)
    ]
    found += [
        f"{_VARIABLE}: {exporter} is {url} in two entries; a page belongs to one host"
        for exporter in EXPORTERS
        for url in repeated(host.get(exporter) for host in usable)
    ]
    for host in usable:
        found += (
            _naming_problems(host, gateways)
            + _exporter_problems(host, host_name)
            + way_problems(host, places or (), _VARIABLE)
        )
    return found


def _naming_problems(host: Mapping[str, Any], gateways: Sequence[str]) -> list[str]:
    name, served = host.get("name"), host.get("gateways")
    found = []
    if not _NAME.fullmatch(str(name or "")):
        found.append(
            f"{_VARIABLE}: the name {shown(name)} must consist of at most 63 letters, digits, '.', '_' and '-', and"
            " begin with a letter or digit; it becomes a label and a part of files' names"
        )
    known, not_texts = texts(f"{_VARIABLE}: gateways of {name}", [] if served is None else served, "[vllm]")
    return [
        *found,
        *not_texts,
        *(
            f"{_VARIABLE}: gateways of {name} has {shown(gateway)}, but must have names of llmmon_gateways:"
            f" {', '.join(gateways) or 'there is none'}"
            for gateway in known
            if gateway not in gateways
        ),
    ]


def _exporter_problems(host: Mapping[str, Any], host_name: str) -> list[str]:
    name, given = host.get("name"), [exporter for exporter in EXPORTERS if host.get(exporter) is not None]
    if from_files(host) and given:
        return [f"{_VARIABLE}: {name} has both files and {given[0]}; leave one out"]
    if not from_files(host) and not given:
        return [
            f"{_VARIABLE}: {name} has neither node nor gpu; give it the URL of an exporter, or files: true for machines"
            " that files on the host name"
        ]
    return [
        problem
        for exporter in given
        for problem in _url_problems(f"{_VARIABLE}: {exporter} of {name}", str(host[exporter]), host_name)
    ]


def _url_problems(subject: str, url: str, host_name: str) -> list[str]:
    if url_problem("", url):
        return [f"{subject} is {shown(url)}, but must be a URL such as http://gpu-1.example:9100"]
    parts = urlsplit(url)
    if parts.username is not None:
        return [f"{subject} must not contain a user and a password, which everybody could read; use basic_auth"]
    if parts.query or parts.fragment:
        return [f"{subject} must end with the path of the page, such as /metrics"]
    if LOOPBACK.fullmatch(parts.hostname or ""):
        return [
            f"{subject} would be Prometheus's own container; for an exporter on the same host write"
            f" {host_name or 'a name from llmmon_etc_hosts'}, and let it listen on more than loopback"
        ]
    return []
