"""Data sources from provisioning files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import datasources
from .datasources import Fields
from .provisioning import (
    ProvisioningError,
    entries_of,
    flag_of,
    number_of,
    object_of,
    read_folder,
    text_of,
)
from .store import Database, RefusedError, Store


def _fields_of(entry: Mapping[str, Any]) -> Fields:
    name = text_of(entry, "name")
    if not name:
        raise ProvisioningError("unique identifier and org id are needed to be able to get or delete a datasource")
    return Fields(
        name=name,
        type=text_of(entry, "type"),
        access=text_of(entry, "access") or "proxy",
        uid=text_of(entry, "uid"),
        url=text_of(entry, "url"),
        user=text_of(entry, "user"),
        database=text_of(entry, "database"),
        basic_auth=flag_of(entry, "basicAuth"),
        basic_auth_user=text_of(entry, "basicAuthUser"),
        with_credentials=flag_of(entry, "withCredentials"),
        is_default=flag_of(entry, "isDefault"),
        version=number_of(entry, "version"),
        read_only=not flag_of(entry, "editable"),
        json_data=object_of(entry, "jsonData"),
        secrets={key: str(value) for key, value in object_of(entry, "secureJsonData").items()},
    )


def apply(store: Store, secret_key: str, folder: Path, environ: Mapping[str, str]) -> None:
    """Write what the files say, all or nothing; a data source that left the files stays, until a file deletes it."""
    steps: list[tuple[list[str], list[Fields]]] = []
    for file, content in read_folder(folder, environ):
        unwanted = [text_of(entry, "name") for entry in entries_of(content, "deleteDatasources", file)]
        steps.append((unwanted, [_fields_of(entry) for entry in entries_of(content, "datasources", file)]))
    if sum(fields.is_default for _, wanted in steps for fields in wanted) > 1:
        raise ProvisioningError(
            "datasource.yaml config is invalid. Only one datasource per organization can be marked as default"
        )
    with store.writing() as db:
        for unwanted, wanted in steps:
            for name in unwanted:
                row = datasources.find(db, {"name": name})
                if row:
                    datasources.remove(db, row)
            for fields in wanted:
                _write(db, secret_key, fields)


def _write(db: Database, secret_key: str, fields: Fields) -> None:
    # The name decides which data source is meant, so of two entries with one name the last one wins.
    row = datasources.find(db, {"name": fields.name})
    try:
        if row:
            datasources.update(db, secret_key, row, fields)
        else:
            fields.uid = fields.uid or datasources.provisioned_uid(fields.name)
            datasources.insert(db, secret_key, fields)
    except RefusedError as refusal:
        if refusal.kind == "stale":
            raise ProvisioningError("trying to update old version of datasource") from None
        raise ProvisioningError(f"data source with the {refusal.kind} already exists") from None
