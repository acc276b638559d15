"""What a cheap look sees of blocks that promtool made, and of what a real Alertmanager wrote."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.backup.run import BackupError, back_up
from ansible_collections.llmmon.stack.plugins.module_utils.backup.soundness import (
    crc32c,
    damaged_block,
    damaged_messages,
)
from ansible_collections.llmmon.stack.plugins.module_utils.backup.sources import Prometheus, SourceError
from ansible_collections.llmmon.stack.plugins.module_utils.backup.workplace import Workplace
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.bench import blocks
from tests.support import services
from tests.support.backup_machine import BackupMachine


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A block as promtool makes it."""
    directory = tmp_path_factory.mktemp("made") / "blocks"
    blocks.create(directory)
    return next(path for path in sorted(directory.iterdir()) if path.is_dir())


@pytest.fixture
def block(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / made.name))


def overwrite(path: Path, position: int, text: bytes) -> None:
    content = bytearray(path.read_bytes())
    start = position if position >= 0 else len(content) + position
    content[start : start + len(text)] = text
    path.write_bytes(content)


def meta(path: Path, **changes: Any) -> None:
    found = json.loads((path / "meta.json").read_text())
    (path / "meta.json").write_text(json.dumps({**found, **changes}))


def test_a_block_that_promtool_made_is_sound(block: Path) -> None:
    assert damaged_block(block) is None
    (block / "tombstones").write_bytes(b"\x01\x30\xba\x30\x01" + bytes(4))
    assert damaged_block(block) is None


def test_the_checksum_is_castagnolis() -> None:
    # RFC 3720, B.4.
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(bytes(range(32))) == 0x46DD794E


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda block: overwrite(block / "index", 0, b"xxxx"), "its index does not begin as one"),
        (lambda block: overwrite(block / "index", 4, b"\x09"), "its index does not begin as one"),
        (lambda block: os.truncate(block / "index", 4096), "its index does not end as one"),
        (lambda block: os.truncate(block / "index", 0), "its index does not begin as one"),
        (lambda block: overwrite(block / "index", -20, b"\xff"), "its index does not end as one"),
        (lambda block: (block / "index").unlink(), "its index is missing"),
        (lambda block: overwrite(block / "chunks" / "000001", 0, bytes(8)), "its chunks/000001 does not begin as one"),
        (lambda block: os.truncate(block / "chunks" / "000001", 0), "its chunks/000001 does not begin as one"),
        (
            lambda block: (block / "chunks" / "000001").rename(block / "chunks" / "000002"),
            "its chunks/000001 is missing",
        ),
        (lambda block: shutil.rmtree(block / "chunks"), "its chunks is missing"),
        (lambda block: (block / "tombstones").write_bytes(bytes(9)), "its tombstones do not begin as such"),
        (lambda block: (block / "meta.json").unlink(), "its meta.json is missing"),
        (lambda block: os.truncate(block / "meta.json", 40), "its meta.json does not say what it holds"),
        (lambda block: (block / "meta.json").write_text("[]"), "its meta.json does not say what it holds"),
        (lambda block: meta(block, ulid="01JABCDEFGHJKMNPQRSTVWXYZ0"), "is that of the block '01JABCDEFGHJK"),
        (lambda block: meta(block, minTime=2, maxTime=1), "says that it ends before it begins"),
    ],
)
def test_a_damaged_block_is_seen(block: Path, damage: Callable[[Path], object], reason: str) -> None:
    damage(block)
    assert reason in str(damaged_block(block))


def test_messages_that_end_where_they_should_are_sound() -> None:
    long = b"m" * 300
    text = b"\x03abc" + b"\xac\x02" + long + b"\x00"
    assert damaged_messages(BytesIO(text), len(text)) is None
    assert damaged_messages(BytesIO(b""), 0) is None
    for cut in (text[:-2], text + b"\x05", text + b"\xff" * 11, b"\x80" + text):
        assert damaged_messages(BytesIO(cut), len(cut)) is not None


@pytest.fixture
def machine(tmp_path: Path) -> BackupMachine:
    found = BackupMachine(tmp_path)
    found.prepare()
    return found


needs_services = pytest.mark.skipif(
    not services.can_have_own_mounts(), reason="Alertmanager needs a file system view of its own"
)


@pytest.fixture
def running(machine: BackupMachine, made: Path) -> Iterator[BackupMachine]:
    """A host whose Prometheus has a block, and whose Alertmanager has written its silences to the disk."""
    data = machine.data_root / "prometheus" / "data"
    shutil.copytree(made, data / made.name)
    configuration = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
    silences = machine.data_root / "alertmanager" / "data" / "silences"
    soon = "--data.maintenance-interval=1s"
    with services.alertmanager("0.33.1", machine.data_root / "alertmanager", configuration, soon) as alertmanager:
        matcher = {"name": "alertname", "value": "x", "isRegex": False, "isEqual": True}
        for comment in ("short", "long " * 100):
            times = {"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2126-01-01T00:00:00Z"}
            silence = {"matchers": [matcher], **times, "createdBy": "me", "comment": comment}
            alertmanager.client.send("POST", "/api/v2/silences", silence)
        assert wait_for(lambda: (silences.exists() and silences.stat().st_size > 600) or None, 20)
    flags = ("--web.enable-admin-api", "--storage.tsdb.retention.time=100y")
    with (
        services.alertmanager("0.33.1", machine.data_root / "alertmanager", configuration) as alertmanager,
        services.prometheus("3.5.3", machine.data_root / "prometheus", "global: {}\n", *flags) as prometheus,
    ):
        machine.urls = {"prometheus": prometheus.url, "alertmanager": alertmanager.url}
        assert wait_for(lambda: _ready(prometheus.client) or None, services.START_SECONDS)
        yield machine


def _ready(client: HttpClient) -> bool:
    """Whether Prometheus has opened its data, which it does after it has begun to listen."""
    try:
        client.text("/-/ready")
    except HttpError:
        return False
    return True


@needs_services
@pytest.mark.usefixtures("as_root")
def test_what_real_services_keep_is_sound_until_somebody_damages_it(running: BackupMachine, made: Path) -> None:
    silences = running.data_root / "alertmanager" / "data" / "silences"
    back_up(running.settings())
    whole = silences.read_bytes()
    silences.write_bytes(whole[:-7])
    with pytest.raises(BackupError, match=rf"{silences} of Alertmanager is damaged: the message at "):
        back_up(running.settings())
    silences.write_bytes(whole)
    lying = running.data_root / "prometheus" / "data" / made.name
    overwrite(lying / "index", 0, bytes(4))
    with pytest.raises(BackupError, match=f"move {lying} to another directory, restart Prometheus, and run again"):
        back_up(running.settings())
    assert len(list(running.archives.glob("*.tar.gz"))) == 1
    assert running.leftovers() == []


@pytest.mark.usefixtures("as_root")
def test_files_that_are_not_prometheus_own_are_named_with_the_owner_they_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(made, data / made.name)
    for path in (data, *data.rglob("*")):
        os.chown(path, 65534, 65534)
    foreign = data / made.name / "index"
    os.chown(foreign, 0, 0)

    def refuse(*_: object) -> None:
        raise HttpError("POST /snapshot answered 500: create snapshot: link /prometheus/x: operation not permitted")

    monkeypatch.setattr(HttpClient, "send", refuse)
    workplace = Workplace(tmp_path)
    workplace.open(tmp_path / "partial")
    with pytest.raises(SourceError) as refused:
        Prometheus("http://127.0.0.1:1", data).members(workplace)
    assert f"{foreign} belongs to 0:0 and not to Prometheus" in str(refused.value)
    assert str(refused.value).endswith(f"chown --recursive 65534:65534 {data}, then run again")
