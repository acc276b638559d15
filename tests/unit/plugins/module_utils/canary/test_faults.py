"""Each fault of a model and of the way to it is named rightly within two tries, by a canary that really asks."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.canary.trying import Try

from tests.support.loopback import certificate, unused_port
from tests.support.model import (
    DONE,
    HOLD,
    WORDS,
    Model,
    Part,
    Reply,
    answering,
    chat,
    chunk,
    embedding,
    event,
    refused,
    response,
    usage,
    whole,
)

from .conftest import MakeTry

GOOD = chat()
PATIENT: dict[str, Any] = {"first_timeout": 60.0, "stall_timeout": 60.0, "total_timeout": 120.0}
KEEP_ALIVES: list[Part] = [b": alive\n\n", 0.05] * 12
# Only what the fault is about is short: the machine may be busy.
FIRST, STALL, TOTAL = {"first_timeout": 0.5}, {"stall_timeout": 1.5}, {"total_timeout": 2.5}
FAULTS: dict[str, tuple[str, Reply, dict[str, Any]]] = {
    "stall in the middle": ("stalled", Reply([*GOOD[:4], HOLD]), STALL),
    "stall with signs of life": ("stalled", Reply([*GOOD[:4], *KEEP_ALIVES, HOLD]), STALL),
    "no answer": ("no_answer", Reply([HOLD]), FIRST),
    "alive and no answer": ("no_answer", Reply([*KEEP_ALIVES, HOLD]), FIRST),
    "empty answer": ("empty", Reply(chat([])), {}),
    "an answer of blanks": ("empty", Reply(chat([" ", "\n"])), {}),
    "200 with an error body": ("error_in_answer", Reply(refused(200).parts, content_type="application/json"), {}),
    "200 with an error event": ("error_in_answer", Reply([GOOD[0], event({"error": {"message": "no"}})]), {}),
    "another model served": ("other_model", Reply(chat(model="tiny-1")), {}),
    "truncated stream": ("truncated", Reply(GOOD[:5]), {}),
    "truncated chunks": ("truncated", Reply(GOOD[:5], chunked=True), {}),
    "truncated body": ("truncated", Reply(whole(), content_type="application/json", length=9999), {}),
    "malformed JSON": ("malformed", Reply([b'data: {"choices": [}\n\n', DONE]), {}),
    "malformed body": ("malformed", Reply([b"<html>"], content_type="text/html"), {}),
    "refusal": ("refusal", Reply([chunk(refusal="I will not."), chunk(finish="stop"), usage(), DONE]), {}),
    "refusal in the text": ("refusal", Reply(chat(["I'm sorry", ", but I can't"])), {}),
    "filtered": ("refusal", Reply([chunk("x"), chunk(finish="content_filter"), DONE]), {}),
    "429 storm": ("rate_limited", refused(429), {}),
    "expired key": ("key_refused", refused(401), {}),
    "server error": ("server_error", refused(503), {}),
    "redirect": ("request_refused", Reply([], 302, headers={"Location": "/"}), {}),
    "silent fallback": ("fallback", Reply(GOOD, headers={"x-litellm-attempted-fallbacks": "1"}), {}),
    "another deployment": (
        "fallback",
        Reply(GOOD, headers={"x-litellm-model-id": "spare"}),
        {"deployments": ["main"]},
    ),
    "miscounted tokens": ("miscounted", Reply(chat(taken=700)), {}),
    "no tokens counted": ("miscounted", Reply(chat(taken=0)), {}),
    "wrong answer": ("wrong_answer", Reply(chat(["Pusan"])), {}),
    "never ends": ("never_ends", Reply([part for word in WORDS * 30 for part in (chunk(word), 0.05)]), TOTAL),
    "an end that does not come": ("never_ends", Reply([*GOOD[:-1], HOLD]), STALL),
    "an event without end": ("too_large", Reply([b"data: ", *[b"x" * 2**16] * 20]), {}),
    "an answer without end": ("too_large", Reply([chunk("x" * 2**16)] * 80), {}),
    "a zero vector": ("empty", Reply(embedding([0, 0]), content_type="application/json"), {"kind": "embeddings"}),
    "a vector of another size": (
        "wrong_answer",
        Reply(embedding(), content_type="application/json"),
        {"kind": "embeddings", "dimensions": 4, "questions": [{"prompt": "Seoul"}]},
    ),
    "a response that failed": (
        "error_in_answer",
        Reply([event({"type": "response.failed", "response": {"status": "failed", "error": {"code": "x"}}})]),
        {"kind": "responses"},
    ),
    "a response that is cut": ("truncated", Reply(response()[:-1]), {"kind": "responses"}),
}


def told_after(one: Try, times: int) -> str:
    for _ in range(times):
        one.once()
    return one.watch.told


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_after_two_tries(fault: str, model: Model, make_try: MakeTry) -> None:
    cause, reply, settings = FAULTS[fault]
    one = make_try(**settings)
    model.reply = reply

    assert told_after(one, 1) == ""
    assert told_after(one, 1) == cause
    one.watch.canary = replace(one.watch.canary, **PATIENT)
    model.reply = (
        Reply(embedding([1, 2, 3, 4]), content_type="application/json")
        if one.watch.canary.kind == "embeddings"
        else Reply(response() if one.watch.canary.kind == "responses" else GOOD)
    )
    assert told_after(one, 1) == ""


GOOD_WAYS: dict[str, Callable[[], Reply]] = {
    "in events": Reply,
    "in chunks": lambda: Reply([*GOOD, b""], chunked=True),
    "in chunks, as a whole": lambda: Reply([*whole(), b""], content_type="application/json", chunked=True),
    "in one piece of the stream": lambda: Reply([b"".join(part for part in GOOD if isinstance(part, bytes))]),
    "byte by byte": lambda: Reply([part[at : at + 1] for part in map(_bytes, GOOD) for at in range(len(part))]),
    "with CRLF": lambda: Reply([_bytes(part).replace(b"\n", b"\r\n") for part in GOOD]),
    "with CR": lambda: Reply([_bytes(part).replace(b"\n", b"\r") for part in GOOD]),
    "with comments and keep-alive lines": lambda: Reply(
        [b": processing\n\n", *(b":\n" + _bytes(part) for part in GOOD)]
    ),
    "as a whole": lambda: Reply(whole(), content_type="application/json"),
    "with an open end": lambda: Reply([*GOOD, HOLD]),
    "without its last empty line": lambda: Reply([*GOOD[:-1], b"data: [DONE]"]),
    "without [DONE]": lambda: Reply(GOOD[:-1]),
    "without usage": lambda: Reply([*GOOD[:-2], DONE]),
    "with its length": lambda: Reply(GOOD, length=sum(len(_bytes(part)) for part in GOOD)),
}


def _bytes(part: Part) -> bytes:
    assert isinstance(part, bytes)
    return part


@pytest.mark.parametrize("way", GOOD_WAYS)
def test_a_good_answer_is_good_however_it_comes(way: str, model: Model, make_try: MakeTry) -> None:
    one = make_try()
    model.reply = GOOD_WAYS[way]()

    assert told_after(one, 2) == ""
    assert one.watch.agreement == 1.0
    assert model.keys == ["Bearer the-key"] * 2


def test_an_answer_that_python_closes_at_its_last_byte_is_whole(
    model: Model, make_try: MakeTry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So do Python 3.11.8, 3.12.2, 3.13 and later ones where the length was said; the socket is gone with it."""
    read1 = http.client.HTTPResponse.read1

    def newer(response: http.client.HTTPResponse, most: int = -1) -> bytes:
        piece = read1(response, most)
        if response.length == 0:
            response.close()
        return piece

    monkeypatch.setattr(http.client.HTTPResponse, "read1", newer)
    one = make_try(kind="embeddings", questions=[{"prompt": "Seoul"}])
    parts = embedding()
    length = sum(len(_bytes(part)) for part in parts)
    # As a gateway answers who has said that he closes.
    closing = {"Connection": "close"}
    model.reply = Reply(parts, content_type="application/json", length=length, headers=closing)
    assert told_after(one, 2) == ""


@pytest.mark.parametrize(("kind", "path"), [("responses", "/v1/responses"), ("embeddings", "/v1/embeddings")])
def test_it_asks_for_responses_and_embeddings(kind: str, path: str, model: Model, make_try: MakeTry) -> None:
    one = make_try(kind=kind, questions=[{"prompt": "Seoul"}])
    model.reply = (
        Reply(response()) if kind == "responses" else Reply(embedding(), content_type="application/json; charset=utf-8")
    )

    assert told_after(one, 2) == ""
    assert model.paths == [path] * 2
    assert model.asked[0]["model"] == one.watch.canary.model
    assert model.asked[0].get("max_output_tokens") == (64 if kind == "responses" else None)


def test_nobody_there_is_unreachable(make_try: MakeTry) -> None:
    one = make_try(url=f"http://127.0.0.1:{unused_port()}/v1")

    assert told_after(one, 2) == "unreachable"


def test_a_certificate_is_told_before_it_ends_and_when_it_is_not_trusted(tmp_path: Path, make_try: MakeTry) -> None:
    mine = certificate(tmp_path)
    with answering(mine) as model:
        # It ends in a day.
        assert told_after(make_try(url=model.url, ca_file=str(mine)), 2) == "certificate_ends"
        assert told_after(make_try(url=model.url, ca_file=str(mine), certificate_days=0.5), 2) == ""
        assert told_after(make_try(url=model.url), 2) == "certificate_refused"
        assert told_after(make_try(url=model.url, ca_file=str(tmp_path / "none")), 2) == "certificate_refused"


def test_three_times_slower_is_told_within_two_intervals(model: Model, make_try: MakeTry) -> None:
    one = make_try()
    # Long enough for a busy machine to add little to it; what it adds is in what is usual.
    model.answers([0.4, *GOOD])
    assert told_after(one, 10) == ""
    assert one.watch.usual_seconds
    model.answers([3 * one.watch.usual_seconds, *GOOD])
    waited = 0.0
    for _ in range(3):
        waited += one.watch.wait
        one.once()

    assert one.watch.told == "slow"
    assert waited <= 2 * one.watch.canary.interval


def test_a_drop_of_quality_shows_on_the_golden_set(model: Model, make_try: MakeTry) -> None:
    capitals = {"Korea": "Seoul", "Japan": "Tokyo", "France": "Paris", "Peru": "Lima", "Italy": "Rome"}
    one = make_try(
        questions=[{"prompt": f"Capital of {land}?", "regex": city} for land, city in capitals.items()],
        golden_ratio=0.8,
    )

    def reply(body: dict[str, Any]) -> Reply:
        asked = body["messages"][0]["content"]
        return Reply(chat(["It is ", next(city for land, city in capitals.items() if land in asked)]))

    model.reply = reply
    assert told_after(one, 5) == ""
    assert one.watch.agreement == 1.0
    model.answers(chat(["It is ", "Atlantis"]))
    waited = 0.0
    while not one.watch.told:
        waited += one.watch.wait
        one.once()

    assert one.watch.told == "golden_below"
    assert waited <= 2 * one.watch.canary.interval
    assert one.watch.agreement is not None
    assert one.watch.agreement < 0.8


def test_a_golden_answer_that_the_model_never_gives_is_counted(model: Model, make_try: MakeTry) -> None:
    one = make_try(
        questions=[{"prompt": "Korea?", "regex": "Seoul"}, {"prompt": "Korea?", "exact": "Pusan"}], golden_ratio=0.5
    )
    model.reply = Reply()
    assert told_after(one, 6) == ""
    assert one.watch.never_right == 1
    assert one.watch.agreement == 0.5


def test_nothing_is_asked_beyond_the_cap(model: Model, make_try: MakeTry) -> None:
    one = make_try(requests_per_hour=2)
    told_after(one, 5)

    assert len(model.asked) == 2


def test_it_takes_what_a_gateway_says_of_itself_with_care(model: Model, make_try: MakeTry) -> None:
    one = make_try(answered_by=["x" * 300 + '"\n\ud800'])
    model.answers(chat(model="x" * 300 + '"\n\ud800'))

    assert told_after(one, 2) == ""
