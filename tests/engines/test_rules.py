"""What differs where VictoriaMetrics evaluates the rules is what the table says: nothing more, and nothing less."""

from __future__ import annotations

from pathlib import Path

from tests.engines import differences, evaluating
from tests.support.versions import EVERY

# Of each kind some that take seconds; all, which take minutes, with `make test-all`.
QUICK = ["alerts_burn_counted", "alerts_counted_before", "any_kind", "labelled", "litellm_provider", "spenders"]
TRIED = evaluating.case_names() if EVERY else QUICK


def test_what_differs_is_what_the_table_says(tmp_path: Path) -> None:
    known = differences.known()
    found = evaluating.differences(tmp_path, TRIED)
    assert found == {name: known[name] for name in TRIED}, "run `python -m tests.engines.differences`, `make docs`"


def test_the_table_has_every_case() -> None:
    assert sorted(differences.known()) == evaluating.case_names()
