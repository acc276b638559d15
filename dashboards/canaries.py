"""What canaries have found of the chosen gateways, whatever model is chosen: nobody else may use theirs."""

from __future__ import annotations

from typing import Any

from dashboards import parts, units

CANARY = "{{canary}}"
NONE = "No llmmon_canaries"
_CHOSEN = '{gateway=~"$job"}'


def _each(metric: str) -> str:
    """One line for each canary."""
    return f"max by (canary) (llmmon_canary_{metric}{_CHOSEN})"


def row() -> list[Any]:
    return [
        parts.third(
            "Canary, bad answers by cause",
            "How many answers in an hour were not as they should be, by cause. Two in a row, and LLMCanaryFailing or "
            "LLMCanaryWrongAnswer fires, by the cause; their runbooks have tables of them.",
            units.ANSWERS,
            {
                f"{CANARY} {{{{cause}}}}": "sum by (canary, cause) "
                '(increase(llmmon_canary_requests_total{gateway=~"$job", cause!="ok"}[1h])) > 0'
            },
            empty="No bad answers, or no llmmon_canaries",
        ),
        parts.third(
            "Canary, seconds of an answer",
            "From the beginning of a request to the end of its answer, until the first token, and until the connection "
            "stood. If the whole is far above what is usual LLMCanarySlow fires. The connection is the way there.",
            "s",
            {
                CANARY: _each("duration_seconds"),
                f"{CANARY} first token": _each("first_token_seconds"),
                f"{CANARY} connection": _each("connect_seconds"),
            },
            empty=NONE,
        ),
        parts.third(
            "Canary, tokens per second",
            "How fast the tokens of an answer came after its first. No alert reads it: if it falls and the first token "
            "does not come later, the engine itself is slow: see Load above.",
            units.TOKENS_PER_SECOND,
            {CANARY: _each("tokens_per_second")},
            empty=NONE,
        ),
        parts.third(
            "Canary, right answers",
            "The part of the checked questions whose last answer was right; of a golden set that is its agreement. "
            "Below golden_ratio LLMCanaryWrongAnswer fires.",
            "percentunit",
            {CANARY: _each("agreement")},
            empty=NONE,
        ),
        parts.third(
            "Canary, dollars left today",
            "What each may still spend before midnight UTC. If a request is not sent because nothing is left "
            "LLMCanaryBudgetUsed fires. Empty where the price is not known: the cap counts requests there.",
            "currencyUSD",
            {CANARY: _each("cap_left_dollars")},
            empty="No price, or no llmmon_canaries",
        ),
        parts.third(
            "Canary, days until the certificate ends",
            "Of the gateway's certificate, as the canary sees it. Below its certificate_days LLMCanaryFailing fires.",
            "d",
            {CANARY: _each("certificate_days_left")},
            empty="No TLS, or no llmmon_canaries",
        ),
    ]
