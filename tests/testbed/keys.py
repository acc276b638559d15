"""The key pair which every host of the testbed accepts, and the keys by which hosts are known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.testbed import packages, state
from tests.testbed.shell import run


@dataclass(frozen=True)
class KeyPair:
    private: Path
    public: Path


def ensure_login() -> KeyPair:
    """The key pair with which we log in on hosts."""
    with state.locked("ssh"):
        return _ensure(state.path("ssh", "id_ed25519"), "llmmon testbed")


def ensure_host(name: str) -> KeyPair:
    """A host's own key, made here, so that it is known before the host is there."""
    return _ensure(state.path("hosts", name, "ssh_host_ed25519_key"), f"llmmon testbed host {name}")


def write_known_hosts(name: str, address: str) -> Path:
    """What strict host key checking compares with."""
    kind, key = ensure_host(name).public.read_text().split()[:2]
    target = state.path("hosts", name, "known_hosts")
    state.write_text(target, f"{address},{name} {kind} {key}\n")
    return target


def _ensure(private: Path, comment: str) -> KeyPair:
    if not private.is_file():
        packages.ensure({"openssh-client": "ssh-keygen"})
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", private])
    return KeyPair(private, private.with_name(f"{private.name}.pub"))
