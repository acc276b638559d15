# SPDX-License-Identifier: Apache-2.0
"""The request that a canary sends: where, with what in it, and what it may cost at most."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .settings import CHAT, EMBEDDINGS, RESPONSES, Canary, Question
from .tokens import at_most

PATHS: Mapping[str, str] = {CHAT: "/chat/completions", EMBEDDINGS: "/embeddings", RESPONSES: "/responses"}
LIMIT_FIELDS: Mapping[str, str] = {CHAT: "max_tokens", RESPONSES: "max_output_tokens"}
# Millionths of a millionth of a dollar: a token of the cheapest model is many of them.
PICODOLLARS = 10**12


def body_of(canary: Canary, question: Question) -> bytes:
    """The body of a request. A parameter of the user's that is null takes a field away."""
    fields: dict[str, Any] = {"model": canary.model}
    if canary.kind == EMBEDDINGS:
        fields["input"] = question.prompt
    elif canary.kind == RESPONSES:
        fields.update(input=question.prompt, stream=True, store=False)
    else:
        messages = [{"role": "user", "content": question.prompt}]
        fields.update(messages=messages, stream=True, stream_options={"include_usage": True}, temperature=0)
    fields.update(canary.parameters)
    if canary.kind in LIMIT_FIELDS:
        # After the user's own: the cap is reckoned with it.
        fields[canary.output_tokens_field or LIMIT_FIELDS[canary.kind]] = canary.output_tokens
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def cost(canary: Canary, input_tokens: int, output_tokens: int) -> int:
    """What so many tokens cost in picodollars; 0 where the price is not known."""
    if not canary.price_known:
        return 0
    prices = ((canary.input_price, input_tokens), (canary.output_price, output_tokens))
    return sum(round((price or 0) * PICODOLLARS) * tokens for price, tokens in prices)


def most_cost(canary: Canary, question: Question) -> int:
    """What a request may cost at most in picodollars, as far as the gateway keeps to what is asked."""
    sent = at_most(json.dumps(canary.parameters)) if canary.parameters else 0
    return cost(canary, at_most(question.prompt) + sent, 0 if canary.kind == EMBEDDINGS else canary.output_tokens)
