"""Where messages of a drill arrive."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from ansible_collections.llmmon.stack.plugins.module_utils.drill.listening import (
    Arrival,
    Mailbox,
    listening,
    read_message,
)


def message(text: str) -> dict[str, Any]:
    return {"attachments": [{"title": "T", "text": text}]}


def test_each_alert_of_a_message_arrives() -> None:
    found = read_message(message("A\tj\tchat\nB\t\tchat\n--\nwords\n--\nmore"), 5)
    words = "words\n--\nmore"
    assert found == [Arrival("A", "j", 5, "chat", "T", words), Arrival("B", "", 5, "chat", "T", words)]


@pytest.mark.parametrize("body", [None, [], {}, {"attachments": []}, {"attachments": [1]}, message("A\tB\n--\n")])
def test_what_is_no_message_of_a_drill_is_nothing(body: object) -> None:
    assert read_message(body, 5) == []


def test_it_is_taken_over_http_and_nonsense_is_refused() -> None:
    mailbox = Mailbox()
    with listening(mailbox) as url:
        assert url.startswith("http://127.0.0.1:")
        taken = requests.post(url, json=message("A\tj\tchat\n--\nx"), timeout=5)
        # Alertmanager takes anything else for a failure, and tries again.
        assert (taken.status_code, taken.text) == (200, "ok")
        assert requests.post(url, data=b"{", timeout=5).status_code == 400
    assert [arrival.alert for arrival in mailbox.all()] == ["A"]


def test_hundreds_of_messages_at_once_wait_for_their_turn() -> None:
    mailbox = Mailbox()
    with listening(mailbox) as url, ExitStack() as stack:
        host, port = url.removeprefix("http://").rstrip("/").split(":")
        # Connections that say nothing yet: without room for them the last ones would not come about in time.
        for _ in range(300):
            stack.enter_context(socket.create_connection((host, int(port)), timeout=1))
        requests.post(url, json=message("A\tj\tchat\n--\nx"), timeout=5)
    assert len(mailbox.all()) == 1
