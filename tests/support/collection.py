"""Lets Python import the collection by its name, the way Ansible does, beside the ansible package's collections."""

from __future__ import annotations

from pathlib import Path

from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

REPOSITORY = Path(__file__).parents[2]

_AnsibleCollectionFinder(paths=[str(REPOSITORY / "collections")], scan_sys_paths=True)._install()
