"""What differs where VictoriaMetrics evaluates the rules: what was seen, and what it means for a person.

To see it anew, which takes a quarter of an hour: python -m tests.engines.differences [CASE...]
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.engines.evaluating import Difference, Why, case_names, differences

FACTS = Path(__file__).with_suffix(".json")
# A few hundred evaluations of some hundred rules, three times each.
SLOW = frozenset({"low_traffic_days", "unfit_thresholds", "unusual_failures"})

Found = dict[str, dict[str, Difference]]


def known() -> Found:
    """Of each case file that was run, what differs by name."""
    read = json.loads(FACTS.read_text(encoding="utf-8"))
    return {
        case: {name: Difference(Why(why), *said) for name, (why, *said) in names.items()}
        for case, names in read.items()
    }


def write(found: Mapping[str, Mapping[str, Difference]]) -> None:
    rows = {
        case: {name: [seen.why, seen.prometheus, seen.victoria] for name, seen in sorted(names.items())}
        for case, names in sorted(found.items())
    }
    lines = ",\n".join(
        f"  {json.dumps(case)}: {{"
        + ",".join(f"\n    {json.dumps(name)}: {json.dumps(said)}" for name, said in names.items())
        + ("\n  }" if names else "}")
        for case, names in rows.items()
    )
    FACTS.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def main(chosen: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = differences(Path(folder), chosen or case_names())
    write({**known(), **found} if chosen else found)


if __name__ == "__main__":
    main(sys.argv[1:])
