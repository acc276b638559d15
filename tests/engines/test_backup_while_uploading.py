"""A backup that is taken while the sidecar uploads a block: the archive is whole, and the bucket gets the block once.

The way to the bucket is so slow that the block is there, and is none yet: its meta.json comes last.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from ansible_collections.llmmon.stack.plugins.module_utils.backup.run import back_up
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import UPLOADED
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.engines import samples
from tests.engines.samples import Series
from tests.engines.test_bucket import ENOUGH_SECONDS, VERSION, is_whole, make_block, sidecar_of, uploaded
from tests.support import bucket, thanos
from tests.support.backup_machine import BackupMachine, contents
from tests.support.bucket import Bucket
from tests.support.relay import Relay, relaying
from tests.support.restore_machine import RestoreMachine
from tests.testbed.tools import tool

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="A restore gives files to others: run as root")

# Bytes a second: the chunks take seconds, and then the index takes longer than any backup.
SLOW, VERY_SLOW = 60_000, 2_000
SERIES, EVERY_SECONDS = 5000, 600
EIGHT_HOURS = 8 * 3600
SYNCED = "thanos_shipper_dir_syncs_total"


@dataclass(frozen=True)
class Racing:
    """A sidecar that is at a block, with the block's samples, and what was backed up meanwhile."""

    relay: Relay
    sidecar: thanos.Component
    wanted: Series
    archive: Path
    block: str
    # That of the snapshot, which has the newest samples.
    newest: str


def test_the_upload_goes_on_and_the_archive_is_whole(tmp_path: Path) -> None:
    with bucket.running(tmp_path / "bucket") as there:
        with racing(tmp_path, there) as it:
            it.relay.speed = None
            assert wait_for(lambda: uploaded(there) or None, ENOUGH_SECONDS)
        is_whole(tmp_path / "lib", there, it.wanted)
        before = there.objects()
        with restored(tmp_path / "again", it, there) as (sidecar, data):
            # The block has come into the bucket since the backup, and the newest samples are to come in another one.
            assert wait_for(lambda: has_synced(sidecar) or None, ENOUGH_SECONDS)
            assert noted(data) == {it.block, it.newest}
        assert there.objects() == before


def test_the_block_of_a_host_that_is_lost_is_uploaded_after_the_restore(tmp_path: Path) -> None:
    with bucket.running(tmp_path / "bucket") as there:
        with racing(tmp_path, there) as it:
            it.sidecar.kill()
            it.relay.speed = None
        assert there.objects()
        assert not uploaded(there)
        with restored(tmp_path / "again", it, there) as (_, data):
            assert it.block not in noted(data)
            assert wait_for(lambda: uploaded(there) or None, ENOUGH_SECONDS)
        is_whole(tmp_path / "again", there, it.wanted)


def test_a_block_that_gets_into_the_bucket_once_more_stops_no_compactor(tmp_path: Path) -> None:
    """It was uploaded after the backup, put together with others and deleted: the restored host uploads it again."""
    blocks = tmp_path / "blocks"
    begin = int(time.time()) // EIGHT_HOURS * EIGHT_HOURS - 6 * EIGHT_HOURS
    for start in range(begin, begin + 2 * EIGHT_HOURS, EIGHT_HOURS // 4):
        lines = [f"again {at % 7} {at}" for at in range(start, start + EIGHT_HOURS // 4, 60)]
        text = tmp_path / "samples"
        text.write_text("\n".join(["# TYPE again gauge", *lines, "# EOF\n"]), encoding="utf-8")
        command = [str(tool("promtool", VERSION)), "tsdb", "create-blocks-from", "openmetrics", str(text), str(blocks)]
        subprocess.run(command, check=True, capture_output=True)
    there = tmp_path / "bucket"
    file = thanos.bucket_file(tmp_path, {"type": "filesystem", "directory": str(there)})
    upload = ("upload-blocks", f'--label={thanos.REPLICA}="one"')
    thanos.tools_bucket(file, *upload, f"--path={blocks}")
    thanos.compact_once(tmp_path / "compact", file)
    (put_together,) = {path.name for path in there.iterdir()} - {path.name for path in blocks.iterdir()}
    gone = [path.parent for path in there.glob("*/deletion-mark.json")]
    assert len(gone) == 4
    for path in gone:
        shutil.rmtree(path)
    (tmp_path / "again").mkdir()
    shutil.copytree(blocks / gone[0].name, tmp_path / "again" / gone[0].name)
    thanos.tools_bucket(file, *upload, f"--path={tmp_path}/again")
    thanos.compact_once(tmp_path / "compact", file)
    assert [path.parent for path in there.glob("*/deletion-mark.json")] == [gone[0]]
    assert (there / put_together).is_dir()


@contextmanager
def racing(root: Path, there: Bucket) -> Iterator[Racing]:
    machine = BackupMachine(root)
    machine.prepare()
    own = machine.data_root / "prometheus"
    wanted = make_block(own / "data", SERIES, EVERY_SECONDS)
    with relaying(there.settings["endpoint"]) as relay:
        relay.speed = SLOW
        with (
            sidecar_of(machine.data_root, relay.address, there, "--web.enable-admin-api") as (server, sidecar),
            thanos.running(sidecar),
        ):
            assert wait_for(lambda: there.objects() or None, ENOUGH_SECONDS, interval=0.1)
            relay.speed = VERY_SLOW
            machine.urls["prometheus"] = server.url
            (service,) = (service for service in machine.options()["services"] if service["name"] == "prometheus")
            archive = Path(back_up(machine.settings(services=[service])).archive)
            assert not uploaded(there)
            found = contents(archive)
            (block,) = json.loads(found["backup.json"])["not_uploaded"]
            files = [path for path in (own / "data" / block).rglob("*") if path.is_file() and path.name != "tombstones"]
            assert {path: found[f"prometheus/data/{path.relative_to(own / 'data')}"] for path in files} == {
                path: path.read_bytes() for path in files
            }
            (newest,) = {path.split("/")[2] for path in found if path.startswith("prometheus/data/")} - {block}
            yield Racing(relay, sidecar, wanted, archive, block, newest)


@contextmanager
def restored(root: Path, it: Racing, there: Bucket) -> Iterator[tuple[thanos.Component, Path]]:
    """What a restore of the archive leaves, with a Prometheus that shows each sample, and a sidecar."""
    machine = RestoreMachine(root / "host", sidecar=True)
    machine.root.mkdir(parents=True)
    machine.fresh()
    restore = machine.restore(prometheus=VERSION)
    restore.stage(it.archive)
    restore.swap(machine.engine)
    data = root / "prometheus" / "data"
    data.parent.mkdir()
    (machine.data_root / "prometheus").rename(data)
    with sidecar_of(root, there.settings["endpoint"], there) as (server, sidecar):
        moments = [at / 1000 for found in it.wanted.values() for at, _ in found]
        compared = samples.compare(it.wanted, samples.read(server, {}, min(moments) - 1, max(moments)))
        assert compared.same, compared
        with thanos.running(sidecar):
            yield sidecar, data


def noted(data: Path) -> set[str]:
    """What the sidecar leaves alone."""
    return set(json.loads((data / UPLOADED).read_text(encoding="utf-8"))["uploaded"])


def has_synced(sidecar: thanos.Component) -> bool:
    try:
        page = requests.get(f"{sidecar.url}/metrics", timeout=5).text
    except requests.RequestException:
        return False
    return any(line.startswith(f"{SYNCED} ") and float(line.split()[1]) > 0 for line in page.splitlines())
