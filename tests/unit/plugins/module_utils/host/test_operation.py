"""One operation at a time, and the journal of one that was begun and not ended."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import (
    OperationError,
    Operations,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import OPERATION_JOURNAL, OPERATION_LOCK

from tests.support.holding import holding


@pytest.fixture
def operations(tmp_path: Path) -> Operations:
    return Operations(tmp_path)


# -- the lock

HOLDER = """
import sys
from contextlib import ExitStack
from pathlib import Path
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
stack = ExitStack()
stack.enter_context(Operations(Path(sys.argv[1])).locked("backup"))
"""


def test_a_second_operation_is_told_which_one_is_at_work_and_since_when(operations: Operations) -> None:
    with holding(HOLDER, operations.data_root) as process:
        since = json.loads((operations.data_root / OPERATION_LOCK).read_text())["since"]
        for _ in range(2):
            with pytest.raises(OperationError) as refusal, operations.locked("restore"):
                pytest.fail("the lock was given twice")
            assert str(refusal.value) == (
                f"restore cannot begin: backup (process {process.pid}) is at work since {since} on this host: wait for"
                " it to end, then run again"
            )
        process.kill()
        process.wait()
        with operations.locked("restore"):
            assert json.loads((operations.data_root / OPERATION_LOCK).read_text())["operation"] == "restore"


def test_an_operation_that_goes_on_waits_for_one_that_is_about_to_be_refused(operations: Operations) -> None:
    handle = (operations.data_root / OPERATION_LOCK).open("a+")
    fcntl.flock(handle, fcntl.LOCK_EX)
    operations.begin("restore", "swap", {})
    threading.Timer(0.2, handle.close).start()
    with operations.locked("restore"):
        pass
    assert handle.closed


def test_a_holder_that_has_not_said_its_name_yet_is_no_trouble(operations: Operations) -> None:
    with operations.locked("backup"):
        (operations.data_root / OPERATION_LOCK).write_text("")
        with pytest.raises(OperationError, match="another operation is at work on this host"):
            operations.locked("restore").__enter__()


def test_the_lock_is_free_again_after_an_error(operations: Operations) -> None:
    with pytest.raises(ZeroDivisionError), operations.locked("backup"):
        raise ZeroDivisionError
    assert (operations.data_root / OPERATION_LOCK).read_text() == ""
    assert (operations.data_root / OPERATION_LOCK).stat().st_mode & 0o7777 == 0o600
    with operations.locked("restore"):
        pass


def test_a_host_without_data_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match=r"No such file or directory\); run site.yml first"):
        Operations(tmp_path / "missing").locked("backup").__enter__()


# -- the journal


def test_the_journal_says_how_far_an_operation_came(operations: Operations) -> None:
    assert operations.journal() is None
    begun = operations.begin("restore", "stop", {"archive": "a"})
    assert operations.journal() == begun
    assert (operations.data_root / OPERATION_JOURNAL).stat().st_mode & 0o7777 == 0o600
    assert operations.advance("swap", aside="b") == operations.journal()
    journal = operations.journal()
    assert journal is not None
    assert (journal.operation, journal.started, journal.phase) == ("restore", begun.started, "swap")
    assert journal.details == {"archive": "a", "aside": "b"}
    operations.end()
    operations.end()
    assert operations.journal() is None


def test_another_operation_is_refused_until_the_interrupted_one_has_ended(operations: Operations) -> None:
    journal = operations.begin("restore", "swap", {})
    sentence = (
        f"upgrade cannot begin: the restore of {journal.started} was interrupted (at 'swap'); run restore.yml again,"
        " which first puts things back"
    )
    for attempt in (
        lambda: operations.locked("upgrade").__enter__(),
        lambda: operations.refuse_others("upgrade"),
        lambda: operations.begin("upgrade", "pull", {}),
    ):
        with pytest.raises(OperationError) as refusal:
            attempt()
        assert str(refusal.value) == sentence
    with pytest.raises(OperationError, match=r"^nothing was changed: the restore of"):
        operations.refuse_others(None)
    with operations.locked("restore"):
        operations.end()
    with operations.locked("upgrade"):
        operations.refuse_others(None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"operation": "restore", "started": "x", "phase": 1, "details": {}}',
        '{"operation": "restore", "started": "x", "phase": "y", "details": []}',
        '{"operation": "restore", "started": "x", "phase": "y", "details": {}, "more": 1}',
        b"\xff",
    ],
)
def test_a_damaged_journal_stops_everything(operations: Operations, text: str | bytes) -> None:
    """To go on as if nothing had been interrupted would be a guess at the price of data."""
    (operations.data_root / OPERATION_JOURNAL).write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(OperationError, match="is damaged, so nobody can tell which operation was interrupted"):
        operations.locked("restore").__enter__()


def test_a_journal_that_vanished_is_not_made_up(operations: Operations) -> None:
    with pytest.raises(OperationError, match="is gone: somebody deleted it meanwhile"):
        operations.advance("swap")


def test_a_disk_that_is_full_leaves_the_journal_as_it_was(
    operations: Operations, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = operations.begin("restore", "stop", {})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OperationError, match=r"the disk is full at .*/operation\.json: free some there"):
        operations.advance("swap")
    assert operations.journal() == before
    assert [entry.name for entry in operations.data_root.iterdir()] == [OPERATION_JOURNAL]
