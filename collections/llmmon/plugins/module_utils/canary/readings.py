# SPDX-License-Identifier: Apache-2.0
"""What is measured of one answer: times, and tokens as counted here beside those that were reported."""

from __future__ import annotations

from .causes import DEPLOYMENT_HEADER, Exchange
from .settings import EMBEDDINGS, Canary, Question
from .tokens import about

_MOST_NAME = 100


def readings(canary: Canary, exchange: Exchange) -> dict[str, float]:
    """Name of a metric, without its beginning, to its value; what was not to be seen is left out."""
    answer = exchange.answer
    found = {"duration_seconds": exchange.duration}
    if exchange.connect_seconds is not None:
        found["connect_seconds"] = exchange.connect_seconds
    if exchange.certificate_days is not None:
        found["certificate_days_left"] = exchange.certificate_days
    times = answer.piece_times
    if times:
        found["first_token_seconds"] = times[0]
    if canary.kind == EMBEDDINGS:
        return found
    if len(times) > 1:
        gaps = [later - sooner for sooner, later in zip(times, times[1:])]
        found["token_gap_mean_seconds"] = sum(gaps) / len(gaps)
        found["token_gap_max_seconds"] = max(gaps)
        written = answer.reported_output or about(answer.text)
        # A whole answer in one piece has no rate.
        if times[-1] > times[0]:
            found["tokens_per_second"] = written / (times[-1] - times[0])
    return found


def token_counts(question: Question, exchange: Exchange) -> dict[tuple[str, str], float]:
    """Tokens by direction, and by who counted them."""
    answer = exchange.answer
    found: dict[tuple[str, str], float] = {
        ("input", "counted"): about(question.prompt),
        ("output", "counted"): about(answer.text),
    }
    for direction, reported in (("input", answer.reported_input), ("output", answer.reported_output)):
        if reported is not None:
            found[direction, "reported"] = reported
    return found


def who_answered(exchange: Exchange) -> tuple[str, str]:
    """The model and the deployment that answered, as the gateway says; cut, since anybody may say anything."""
    deployment = exchange.headers.get(DEPLOYMENT_HEADER, "")
    return exchange.answer.model[:_MOST_NAME], deployment[:_MOST_NAME]


def spent_tokens(question: Question, exchange: Exchange) -> tuple[int, int] | None:
    """Tokens of the prompt and of the answer that a request has cost.

    The larger of what was counted and what was reported; None where nothing is reported, and the worst case stands.
    """
    answer = exchange.answer
    if answer.reported_input is None:
        return None
    return max(answer.reported_input, about(question.prompt)), max(answer.reported_output or 0, about(answer.text))
