# SPDX-License-Identifier: Apache-2.0
"""What a gateway has answered, read from the body as it comes: chat and responses as a stream or whole, embeddings."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .events import Event, EventReader, EventTooLarge
from .settings import CHAT, EMBEDDINGS, RESPONSES

MOST_BYTES = 4 * 1024 * 1024
# Text that is looked at; a canary's answer is short.
MOST_TEXT = 64 * 1024


@dataclass
class Answer:
    """What the body said. Times are those that ``Body.feed`` was given, in seconds since the request began."""

    text: str = ""
    piece_times: list[float] = field(default_factory=list)
    model: str = ""
    finished: bool = False
    finish_reason: str = ""
    refusal: str = ""
    error: str = ""
    malformed: str = ""
    too_large: bool = False
    streamed: bool = False
    reported_input: int | None = None
    reported_output: int | None = None
    # Tokens that the model thought with, and that are in no text.
    reported_reasoning: int = 0
    vectors: int = 0
    dimensions: int = 0


class Body:
    """Takes the body of an answer with status 200, piece by piece."""

    def __init__(self, kind: str, content_type: str) -> None:
        self.answer = Answer(streamed=content_type.lower().startswith("text/event-stream"))
        self._kind = kind
        self._reader = EventReader()
        self._whole = bytearray()
        self._size = 0

    def feed(self, piece: bytes, at: float) -> bool:
        """Take a piece; returns whether there is nothing more to wait for."""
        self._size += len(piece)
        if self._size > MOST_BYTES:
            self.answer.too_large = True
            return True
        if not self.answer.streamed:
            self._whole += piece
            return False
        try:
            events = self._reader.feed(piece)
        except EventTooLarge:
            self.answer.too_large = True
            return True
        return any(self._event(event, at) for event in events)

    def end(self, at: float) -> None:
        """The body has ended, or no more of it is read."""
        if self.answer.streamed:
            for event in self._reader.end():
                self._event(event, at)
        elif not self.answer.too_large:
            self._read_whole(bytes(self._whole), at)

    def _event(self, event: Event, at: float) -> bool:
        """Take an event; returns whether it is the last one."""
        if event.data.strip() == "[DONE]":
            self.answer.finished = True
            return True
        try:
            data = json.loads(event.data)
        except (ValueError, RecursionError):
            self._is_malformed("an event's data is not valid JSON")
            return False
        if not isinstance(data, dict):
            self._is_malformed("an event's data is not an object")
            return False
        if self._is_error(data):
            return True
        if self._kind == RESPONSES:
            return self._responses_event(data, at)
        self._chat(data, "delta", at)
        return False

    def _read_whole(self, body: bytes, at: float) -> None:
        try:
            data = json.loads(body.decode("utf-8"))
        except (ValueError, RecursionError):
            self._is_malformed("the answer is not valid JSON" if body.strip() else "the answer has no body")
            return
        if not isinstance(data, dict):
            self._is_malformed("the answer is not an object")
        elif not self._is_error(data):
            readers: dict[str, Callable[[dict[str, Any], float], None]] = {
                CHAT: self._whole_chat,
                EMBEDDINGS: self._embeddings,
                RESPONSES: self._whole_response,
            }
            readers[self._kind](data, at)

    def _is_malformed(self, why: str) -> None:
        self.answer.malformed = self.answer.malformed or why

    def _is_error(self, data: dict[str, Any]) -> bool:
        error = data.get("error")
        if data.get("type") == "error" and not error:
            error = data
        if not error:
            return False
        message = error.get("message") or error.get("code") if isinstance(error, dict) else error
        self.answer.error = _text(message) or "an error without a message"
        return True

    def _said(self, text: Any, at: float) -> None:
        if isinstance(text, str) and text:
            self.answer.text = (self.answer.text + text)[:MOST_TEXT]
            self.answer.piece_times.append(at)

    def _about(self, data: dict[str, Any]) -> None:
        self.answer.model = _text(data.get("model")) or self.answer.model

    def _usage(self, usage: Any, names: tuple[str, str, str]) -> None:
        if not isinstance(usage, dict):
            return
        given, taken, details = names
        self.answer.reported_input = _count(usage.get(given))
        self.answer.reported_output = _count(usage.get(taken))
        more = usage.get(details)
        self.answer.reported_reasoning = _count(more.get("reasoning_tokens")) or 0 if isinstance(more, dict) else 0

    def _whole_chat(self, data: dict[str, Any], at: float) -> None:
        self._chat(data, "message", at)
        self.answer.finished = True

    def _chat(self, data: dict[str, Any], part: str, at: float) -> None:
        self._about(data)
        self._usage(data.get("usage"), ("prompt_tokens", "completion_tokens", "completion_tokens_details"))
        choices = data.get("choices")
        if not isinstance(choices, list):
            self._is_malformed("an answer has no choices")
            return
        # Some gateways send one without any choice, for the usage alone.
        for choice in choices[:1]:
            message = choice.get(part) if isinstance(choice, dict) else None
            if not isinstance(message, dict):
                self._is_malformed(f"a choice has no {part}")
                continue
            self._said(message.get("content"), at)
            self.answer.refusal += _text(message.get("refusal"))
            self.answer.finish_reason = _text(choice.get("finish_reason")) or self.answer.finish_reason

    def _responses_event(self, data: dict[str, Any], at: float) -> bool:
        kind = data.get("type")
        if kind == "response.output_text.delta":
            self._said(data.get("delta"), at)
        elif kind == "response.refusal.delta":
            self.answer.refusal += _text(data.get("delta"))
        response = data.get("response")
        if isinstance(response, dict):
            self._about(response)
            if kind in ("response.completed", "response.incomplete", "response.failed"):
                self._response_ends(response)
                return True
        return False

    def _response_ends(self, response: dict[str, Any]) -> None:
        self._usage(response.get("usage"), ("input_tokens", "output_tokens", "output_tokens_details"))
        if response.get("status") == "failed" or response.get("error"):
            self._is_error({"error": response.get("error") or "the response failed"})
            return
        details = response.get("incomplete_details")
        reason = _text(details.get("reason")) if isinstance(details, dict) else ""
        self.answer.finish_reason = reason or _text(response.get("status")) or "completed"
        self.answer.finished = True

    def _whole_response(self, data: dict[str, Any], at: float) -> None:
        self._about(data)
        output = data.get("output")
        if not isinstance(output, list):
            self._is_malformed("the response has no output")
            return
        for item in output:
            parts = item.get("content") if isinstance(item, dict) else None
            for part in parts if isinstance(parts, list) else []:
                if isinstance(part, dict):
                    self._said(part.get("text"), at)
                    self.answer.refusal += _text(part.get("refusal"))
        self._response_ends(data)

    def _embeddings(self, data: dict[str, Any], at: float) -> None:
        self._about(data)
        self._usage(data.get("usage"), ("prompt_tokens", "completion_tokens", ""))
        given = data.get("data")
        vectors = given if isinstance(given, list) else []
        first = vectors[0] if vectors else None
        vector = first.get("embedding") if isinstance(first, dict) else None
        if not isinstance(vector, list) or not all(_is_number(number) for number in vector):
            self._is_malformed("the answer has no embedding of numbers")
            return
        # A vector of zeros points nowhere: it is as good as none.
        self.answer.vectors = len(vectors) if any(vector) else 0
        self.answer.dimensions = len(vector)
        self.answer.piece_times.append(at)
        self.answer.finished = True


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None
