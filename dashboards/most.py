"""Those of many series that a graph has room for: chosen once for the time that is shown, not at each moment."""

from __future__ import annotations

# More lines cannot be told from each other; with "others" there are eight.
LINES = 7
OTHERS = "all others"
IN_THIS_TIME = "[$__range] @ end()"
OF_MODELS = "job, model"


def most(series: str, by: str = OF_MODELS) -> str:
    """The series with the highest mean."""
    return f"({series} and on ({by}) {_highest(series, by)})"


def others(series: str, by: str = OF_MODELS) -> str:
    """The sum of the rest, if there is any."""
    return f"sum({series} unless on ({by}) {_highest(series, by)})"


def _highest(series: str, by: str) -> str:
    return f"topk({LINES}, sum by ({by}) (avg_over_time({series}{IN_THIS_TIME})))"
