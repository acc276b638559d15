# SPDX-License-Identifier: Apache-2.0
"""Thanos: its components, and its object storage as its own configuration file has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import SECRETS
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateway_access import Shipped, secrets_of, tls
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import is_true

SIDECAR, STORE, COMPACT, QUERY = COMPONENTS = ("sidecar", "store", "compact", "query")
# Those that do nothing without a bucket. A sidecar without one lets the querier read the last days.
NEED_STORAGE = (STORE, COMPACT)
S3, FILESYSTEM = STORAGES = ("s3", "filesystem")
SECRET_KEY = Shipped("secret_key", "secret_key")

# What the files of its certificates begin with, and how it is called there.
_WHOSE, _NAME = "thanos", "storage"
_FILE = "object_storage.yml"
# What the user's names of the S3 settings are in Thanos's file: the same, but for those that say more.
_S3_TEXTS = ("bucket", "endpoint", "region", "access_key")


def thanos_secrets(storage: Mapping[str, Any], places: Sequence[str] | None = None) -> dict[str, str]:
    """Files to ship: name to content; none where there is no storage.

    ``places`` are the folders in which relative paths are looked for first. The key of a bucket stands in Thanos's own
    file, so that all of that file is a secret. The paths in it begin at the release, where Thanos is started.

    Raises FileUnreadableError for a file that cannot be read.
    """
    if not storage:
        return {}
    named = {**storage, "name": _NAME}
    configuration = yaml.safe_dump(_configuration(named, places or ()), sort_keys=True)
    return {_FILE: configuration, **secrets_of([named], places or (), _WHOSE)}


def _configuration(storage: Mapping[str, Any], places: Sequence[str]) -> dict[str, Any]:
    prefix = {"prefix": str(storage["prefix"])} if storage.get("prefix") else {}
    if storage["type"] == FILESYSTEM:
        return {"type": "FILESYSTEM", "config": {"directory": str(storage["directory"])}, **prefix}
    config: dict[str, Any] = {key: str(storage[key]) for key in _S3_TEXTS if storage.get(key)}
    if SECRET_KEY.is_given(storage):
        config["secret_key"] = SECRET_KEY.content(storage, places).strip()
    else:
        # The keys of the machine itself, as the cloud gives them.
        config["aws_sdk_auth"] = True
    if is_true(storage.get("insecure")):
        config["insecure"] = True
    way = tls(storage, SECRETS, _WHOSE)
    if way:
        config["http_config"] = way
    return {"type": "S3", "config": {**config, **(storage.get("config") or {})}, **prefix}
