"""Dashboards from files: providers, the scan of their folders, and what a scan does to the database."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import folders, gojson, saving
from .app import log
from .provisioning import ProvisioningError, entries_of, flag_of, object_of, read_folder, text_of
from .slug import slugify
from .store import Database, RefusedError, Row, Store

_AUTHOR = 0


@dataclass
class Provider:
    name: str
    folder: str
    folder_uid: str
    path: Path
    allows_ui_updates: bool
    # Set by the scan that finds a uid or a title twice: from then on the provider writes nothing.
    restricted: bool = False

    @property
    def root(self) -> Path:
        # Resolved anew each time, since a release is switched by a symbolic link.
        return self.path.resolve()


@dataclass
class File:
    path: Path
    check_sum: str
    draft: saving.Draft


def read_providers(folder: Path, environ: Mapping[str, str]) -> list[Provider]:
    providers = []
    for file, content in read_folder(folder, environ):
        for entry in entries_of(content, "providers", file):
            kind = text_of(entry, "type") or "file"
            if kind != "file":
                raise ProvisioningError(f"type {kind} is not supported")
            providers.append(
                Provider(
                    name=text_of(entry, "name"),
                    folder=text_of(entry, "folder"),
                    folder_uid=text_of(entry, "folderUid"),
                    path=Path(text_of(object_of(entry, "options"), "path")),
                    allows_ui_updates=flag_of(entry, "allowUiUpdates"),
                )
            )
    return providers


def _paths(root: Path) -> Iterator[Path]:
    for top, names, files in os.walk(root):
        names[:] = sorted(name for name in names if not name.startswith("."))
        yield from (Path(top) / name for name in sorted(files) if name.endswith(".json"))


def _read(path: Path) -> File | None:
    """Read a dashboard file; what is not a dashboard is skipped with a line in the log."""
    try:
        content = path.read_bytes()
        data = gojson.loads(content)
    except (OSError, ValueError) as reason:
        log("error", f"failed to load dashboard from {path}: {reason}")
        return None
    draft = saving.draft_of(data)
    if not draft.title.strip():
        log("error", f"failed to load dashboard from {path}: Dashboard title cannot be empty")
        return None
    draft.id, draft.version, draft.overwrite = 0, 0, True
    return File(path, hashlib.sha256(content).hexdigest(), draft)


def _folder_id(db: Database, title: str, uid: str) -> int:
    """Find the folder a provider writes to by its title, or make it."""
    if not title:
        return 0
    row = db.execute("SELECT id FROM dashboard WHERE is_folder = 1 AND slug = ?", (slugify(title),)).fetchone()
    if row is None:
        row = saving.save(db, folders.draft(title, uid), _AUTHOR, protect_provisioned=False)
    return int(row["id"])


class Provisioner:
    """The providers, and the scan of their folders: once at the start, and whenever somebody asks for it."""

    def __init__(self, store: Store, folder: Path, environ: Mapping[str, str]) -> None:
        self._store = store
        self._folder = folder
        self._environ = environ
        self._scanning = threading.Lock()
        self._providers = read_providers(folder, environ)

    def start(self) -> None:
        """Begin to load dashboards, in the background: the server is healthy before they are all there."""
        threading.Thread(target=self._load, name="provisioning", daemon=True).start()

    def reload(self) -> None:
        """Read the providers again and scan at once; a broken file leaves the former ones at work."""
        providers = read_providers(self._folder, self._environ)
        self._providers = providers
        self.scan()

    def allows_ui_updates(self, provider: str) -> bool:
        return any(p.name == provider and p.allows_ui_updates for p in self._providers)

    def external_id(self, row: Row) -> str:
        """Give the path of a dashboard's file, relative to its provider's folder."""
        for provider in self._providers:
            if provider.name == row["name"]:
                return os.path.relpath(row["external_id"], provider.root)
        return str(row["external_id"])

    def _load(self) -> None:
        self.scan()
        self._store.close_thread()

    def scan(self) -> None:
        with self._scanning:
            providers = self._providers
            self._forget_strangers(providers)
            seen: dict[Any, list[str]] = {}
            for provider in providers:
                self._scan_one(provider, seen)
            for key, users in seen.items():
                if len(users) > 1:
                    log("warn", f"the same {key[0]} is used more than once: {key[1]} (providers {users})")
            offenders = {user for users in seen.values() if len(users) > 1 for user in users}
            for provider in providers:
                provider.restricted = provider.name in offenders
                if provider.restricted:
                    log(
                        "warn",
                        "dashboards provisioning provider has no database write permissions because of duplicates"
                        f" (provider {provider.name})",
                    )

    def _forget_strangers(self, providers: list[Provider]) -> None:
        names = {provider.name for provider in providers}
        with self._store.writing() as db:
            for row in db.execute("SELECT * FROM dashboard_provisioning").fetchall():
                if row["name"] not in names:
                    self._delete(db, row)

    @staticmethod
    def _delete(db: Database, provisioned: Row) -> None:
        row = db.execute("SELECT * FROM dashboard WHERE id = ?", (provisioned["dashboard_id"],)).fetchone()
        saving.delete(db, row)

    def _scan_one(self, provider: Provider, seen: dict[Any, list[str]]) -> None:
        root = provider.root
        if not root.is_dir():
            log("error", f"Cannot read directory {provider.path} of provider {provider.name}")
            return
        paths = list(_paths(root))
        if not provider.restricted:
            self._drop_missing(provider, {str(path) for path in paths})
        for path in paths:
            self._store_file(provider, path, seen)

    def _drop_missing(self, provider: Provider, present: set[str]) -> None:
        with self._store.writing() as db:
            query = "SELECT * FROM dashboard_provisioning WHERE name = ?"
            for row in db.execute(query, (provider.name,)).fetchall():
                if row["external_id"] not in present:
                    self._delete(db, row)

    def _store_file(self, provider: Provider, path: Path, seen: dict[Any, list[str]]) -> None:
        with self._store.writing() as db:
            folder_id = _folder_id(db, provider.folder, provider.folder_uid)
            file = _read(path)
            if file is None:
                return
            draft = file.draft
            draft.folder_id = folder_id
            keys = [("title", draft.title.strip(), folder_id)]
            keys += [("UID", draft.uid.strip(), None)] if draft.uid.strip() else []  # type: ignore[list-item]
            is_duplicate = any(key in seen for key in keys)
            for key in keys:
                seen.setdefault(key, []).append(provider.name)
            if provider.restricted or is_duplicate:
                return
            known = db.execute(
                "SELECT * FROM dashboard_provisioning WHERE name = ? AND external_id = ?",
                (provider.name, str(path)),
            ).fetchone()
            if known and known["check_sum"] == file.check_sum:
                # What was changed by the API stays while the file is unchanged.
                return
            draft.id = known["dashboard_id"] if known else 0
            try:
                row = saving.save(db, draft, _AUTHOR, protect_provisioned=False)
            except RefusedError as refusal:
                log("error", f"failed to save dashboard {path}: {refusal.kind}")
                return
            db.execute(
                "INSERT OR REPLACE INTO dashboard_provisioning VALUES (?, ?, ?, ?)",
                (row["id"], provider.name, str(path), file.check_sum),
            )
