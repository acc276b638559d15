# SPDX-License-Identifier: Apache-2.0
"""How many tokens a text is, as far as that can be told without the model's own tokenizer."""

from __future__ import annotations

# What a chat adds to a message: roles, and marks around it.
_AROUND_A_MESSAGE = 32
# The measures of two tokenizers lie so far apart at most; beyond it, somebody has miscounted.
_TOLERANCE = 2.5
_FEW = 8


def at_most(text: str) -> int:
    """No tokenizer makes more of it: each token is at least one byte."""
    return len(text.encode("utf-8", "replace")) + _AROUND_A_MESSAGE


def about(text: str) -> int:
    """Four characters of English are about a token, and of other alphabets each is about one."""
    plain = sum(1 for character in text if character < "\u0250")
    return -(-plain // 4) + (len(text) - plain)


def miscounted(text: str, pieces: int, reported: int | None, reasoning: int) -> bool:
    """Whether the reported tokens of an answer cannot be those of its text, which came in so many pieces.

    What is reported as reasoning is in no text. Nothing reported is not a wrong count.
    """
    if reported is None:
        return False
    shown = reported - reasoning
    # Of a stream with a token in each piece the pieces are the count.
    least, most = sorted((about(text), max(pieces, 1)))
    return not least / _TOLERANCE - _FEW <= shown <= most * _TOLERANCE + _FEW or (shown <= 0 and bool(text.strip()))
