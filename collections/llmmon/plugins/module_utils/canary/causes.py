# SPDX-License-Identifier: Apache-2.0
"""What is wrong with what came back, by name. Nothing here asks anybody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .answers import Answer
from .checks import sounds_like_refusal
from .settings import EMBEDDINGS, Canary
from .tokens import miscounted

OK = "ok"
# Who asks gets no answer, or soon gets none.
UNREACHABLE = "unreachable"
CERTIFICATE_REFUSED = "certificate_refused"
CERTIFICATE_ENDS = "certificate_ends"
KEY_REFUSED = "key_refused"
RATE_LIMITED = "rate_limited"
REQUEST_REFUSED = "request_refused"
SERVER_ERROR = "server_error"
ERROR_IN_ANSWER = "error_in_answer"
MALFORMED = "malformed"
NO_ANSWER = "no_answer"
STALLED = "stalled"
NEVER_ENDS = "never_ends"
TOO_LARGE = "too_large"
TRUNCATED = "truncated"
EMPTY = "empty"
FAILING = (
    *(UNREACHABLE, CERTIFICATE_REFUSED, CERTIFICATE_ENDS, KEY_REFUSED, RATE_LIMITED, REQUEST_REFUSED, SERVER_ERROR),
    *(ERROR_IN_ANSWER, MALFORMED, NO_ANSWER, STALLED, NEVER_ENDS, TOO_LARGE, TRUNCATED, EMPTY),
)
# There is an answer, and it is not what was asked for.
REFUSAL = "refusal"
OTHER_MODEL = "other_model"
FALLBACK = "fallback"
WRONG_ANSWER = "wrong_answer"
GOLDEN_BELOW = "golden_below"
MISCOUNTED = "miscounted"
WRONG = (REFUSAL, OTHER_MODEL, FALLBACK, WRONG_ANSWER, GOLDEN_BELOW, MISCOUNTED)
SLOW = "slow"
CAUSES = (OK, *FAILING, *WRONG, SLOW)

# LiteLLM's: how often it went to another model, and which deployment answered.
FALLBACKS_HEADER = "x-litellm-attempted-fallbacks"
DEPLOYMENT_HEADER = "x-litellm-model-id"
HEADERS = (FALLBACKS_HEADER, DEPLOYMENT_HEADER)


@dataclass
class Exchange:
    """A request and what came back. Times are in seconds since the request began.

    ``failure`` is one of the causes when the answer did not come to its end; ``sent`` is whether any of the request may
    have reached the gateway.
    """

    failure: str = ""
    sent: bool = False
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    answer: Answer = field(default_factory=Answer)
    connect_seconds: float | None = None
    duration: float = 0.0
    certificate_days: float | None = None


def cause_of(canary: Canary, exchange: Exchange, right: bool | None) -> str:
    """The one cause that says most. ``right`` is whether the answer was, None where that is not asked.

    Whether a golden set is below its ratio, and whether an answer is slow, show over several requests alone.
    """
    answer = exchange.answer
    if exchange.failure:
        return exchange.failure
    return (
        _of_status(exchange.status)
        or _of_body(canary, answer)
        or _of_content(canary, exchange, right)
        or (CERTIFICATE_ENDS if _ends_soon(canary, exchange) else OK)
    )


def _of_status(status: int) -> str:
    if status == 200:
        return ""
    if status in (401, 403):
        return KEY_REFUSED
    if status == 429:
        return RATE_LIMITED
    return SERVER_ERROR if status >= 500 else REQUEST_REFUSED


def _of_body(canary: Canary, answer: Answer) -> str:
    if answer.error:
        return ERROR_IN_ANSWER
    if answer.too_large:
        return TOO_LARGE
    if answer.malformed:
        return MALFORMED
    if not (answer.finished or answer.finish_reason):
        return TRUNCATED
    nothing = not answer.vectors if canary.kind == EMBEDDINGS else not answer.text.strip()
    return EMPTY if nothing and not _refused(answer) else ""


def _of_content(canary: Canary, exchange: Exchange, right: bool | None) -> str:
    answer = exchange.answer
    if _refused(answer) or (right is False and sounds_like_refusal(answer.text)):
        return REFUSAL
    if _fell_back(canary, exchange.headers):
        return FALLBACK
    if answer.model and not expected_model(canary, answer.model):
        return OTHER_MODEL
    if right is False or (canary.dimensions and answer.dimensions != canary.dimensions):
        return WRONG_ANSWER
    if canary.kind != EMBEDDINGS and miscounted(
        answer.text, len(answer.piece_times), answer.reported_output, answer.reported_reasoning
    ):
        return MISCOUNTED
    return ""


def _refused(answer: Answer) -> bool:
    return bool(answer.refusal.strip()) or answer.finish_reason == "content_filter"


def _fell_back(canary: Canary, headers: Mapping[str, str]) -> bool:
    deployment = headers.get(DEPLOYMENT_HEADER, "")
    return headers.get(FALLBACKS_HEADER, "0").strip() not in ("", "0", "None") or bool(
        canary.deployments and deployment and deployment not in canary.deployments
    )


def expected_model(canary: Canary, answered: str) -> bool:
    """Whether the model that answered is the one that was asked for.

    Without a list of the user's it is one of that name, whatever provider stands before it and date or version behind.
    """
    if canary.answered_by:
        return answered in canary.answered_by
    asked, given = (name.rpartition("/")[2].lower() for name in (canary.model, answered))
    return re.fullmatch(re.escape(asked) + r"([-@:](\d[\d.-]*|latest))?", given) is not None


def _ends_soon(canary: Canary, exchange: Exchange) -> bool:
    return exchange.certificate_days is not None and exchange.certificate_days < canary.certificate_days
