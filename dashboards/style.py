"""How every dashboard looks, and why: colours by meaning, sizes, lines, legends. The building blocks apply it."""

from __future__ import annotations

# A dashboard is 24 columns wide; a row of a panel's height is about 38 pixels.
WIDTH = 24
STAT_HEIGHT = 4
GRAPH_HEIGHT = 8

# An area under a line may be guessed at, but a line behind it has to be seen.
FILL = 8
FILL_STACKED = 10

# Text that fits the panel is three times as large where there is one bar as where there are three.
STAT_TEXT = 30
BAR_TITLE = 14
BAR_TEXT = 18

# More lines than this cannot be told apart; of models, gateways and instances those that have most are drawn.
LINES = 8
# Of these for the alert's threshold, and for models that have one of their own.
THRESHOLD_LINES = 1
OWN_LINES = 2

# Red is what fails and where an alert fires, green what is known to be good. What is not known is neither.
BAD = "red"
GOOD = "green"
NEUTRAL = "blue"
NO_JUDGEMENT = "text"
# Lower than anything that is shown: below it is what has no number at all.
NO_NUMBER = -1e9
ABOVE_ZERO = 1e-9

# Lines whose name says what they are have the same colour everywhere.
COLOURS = {
    "failed": BAD,
    "answered": NEUTRAL,
    "P50": "super-light-blue",
    "P95": "blue",
    "P99": "purple",
    "input": "light-blue",
    "output": "purple",
    "now": NEUTRAL,
    "usual": "light-orange",
    "a week before": "light-orange",
}
# A model that fails is not the green line because it is the first of the alphabet.
FAILS = 0.2
FAILING = ((None, NEUTRAL), (0.05, "orange"), (FAILS, BAD))
FAILING_SAID = (
    f"A line is red if {FAILS:.0%} fail in the end, and orange from {FAILING[1][0]:.0%} on, "
    "wherever the threshold lies."
)
SEVERITIES = {"critical": BAD, "warning": "orange", "info": NEUTRAL}

# Narrower panels have no room for a table beside their graph.
LEGEND_BESIDE_FROM = WIDTH // 2
LEGEND_WIDTH = 340

# For headings of up to 16 letters. Grafana gives names what is left, and cuts off the last column where that is less
# than 150 for each.
COLUMN_OF_NUMBERS = 150

# A cell without a value. The table's own text is for a table without a row.
EMPTY_CELL = "-"
# LiteLLM's word for a request that no team made.
NO_TEAM = "no team"
