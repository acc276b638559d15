"""`python -m tests.published` checks the collection; what a checker found is printed, and the status is then 1."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.published.checks import CHECKS, Refused, publish

COLLECTION = Path(__file__).resolve().parents[2] / "collections" / "llmmon"


def main() -> int:
    refused = 0
    with tempfile.TemporaryDirectory(prefix="llmmon-collection-") as directory:
        collection = publish(COLLECTION, Path(directory))
        for name, check in CHECKS.items():
            try:
                check(collection)
            except Refused as found:
                refused += 1
                print(f"{name}:\n{found}")
    print(f"the collection as its users get it: {len(CHECKS) - refused} of {len(CHECKS)} checkers are content")
    return int(refused > 0)


if __name__ == "__main__":
    sys.exit(main())
