"""Backups that cannot succeed as they are set are refused before a host is touched."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.backups import backup_problems

AGE = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
GPG = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME\n-----END PGP PUBLIC KEY BLOCK-----"


def problems(scopes: dict[str, str] | None = None, admin_api: bool = True, **changes: Any) -> list[str]:
    settings = {
        "llmmon_backup_keep": 7,
        "llmmon_backup_keep_hours": "20",
        "llmmon_backup_copy_timeout": 14400,
        "llmmon_backup_encryption": "",
        "llmmon_backup_public_keys": [],
        "llmmon_backup_restic_repository": "",
        "llmmon_backup_restic_password_file": "",
        **{f"llmmon_backup_{name}": value for name, value in changes.items()},
    }
    return backup_problems(settings, scopes or {}, admin_api)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"keep": 1, "keep_hours": 0},
        {"encryption": "age", "public_keys": [AGE, "ssh-ed25519 AAAA me@example", f" {AGE}\n"]},
        {"encryption": "gpg", "public_keys": [GPG]},
        {"restic_repository": "rest:https://b/", "restic_password_file": "/root/password"},
        {"scopes": {"llmmon_backup_schedule_scope": "full"}},
        {"scopes": {"llmmon_backup_schedule_scope": "config"}, "admin_api": False},
        {"admin_api": False},
    ],
)
def test_what_can_succeed_is_taken(changes: dict[str, Any]) -> None:
    assert problems(**changes) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"keep": 0}, "llmmon_backup_keep is 0, and must be 1 at least"),
        ({"keep": "-3"}, "llmmon_backup_keep is -3, and must be 1 at least"),
        ({"keep_hours": -1}, "llmmon_backup_keep_hours is -1"),
        ({"copy_timeout": 0}, "llmmon_backup_copy_timeout is 0"),
        ({"restic_repository": "rest:https://me:s3cret@b/"}, "without llmmon_backup_restic_password_file"),
        ({"encryption": "age"}, "llmmon_backup_encryption is age, but there is no key to encrypt to"),
        ({"encryption": "age", "public_keys": [GPG]}, "key 1 is no public key for age"),
        ({"encryption": "gpg", "public_keys": [GPG, AGE]}, "key 2 is no public key for gpg"),
        ({"encryption": "age", "public_keys": ["AGE-SECRET-KEY-1s3cret"]}, "key 1 is a private key: keep it off"),
        ({"public_keys": ["-----BEGIN PGP PRIVATE KEY BLOCK-----\ns3cret"]}, "key 1 is a private key: keep it off"),
        (
            {"encryption": "age", "public_keys": ["-----BEGIN OPENSSH PRIVATE KEY-----\ns3cret"]},
            "key 1 is a private key: keep it off",
        ),
        (
            {"scopes": {"llmmon_backup_schedule_scope": "full"}, "admin_api": False},
            "llmmon_backup_schedule_scope is full, but Prometheus has no admin API to make a snapshot with, because"
            " llmmon_prometheus_bind_address is not loopback: set llmmon_prometheus_admin_api to true",
        ),
    ],
)
def test_what_cannot_succeed_is_one_sentence_without_a_secret(changes: dict[str, Any], words: str) -> None:
    (sentence,) = problems(**changes)
    assert words in sentence
    assert "s3cret" not in sentence
