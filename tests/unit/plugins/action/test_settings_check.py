"""settings_check as a playbook runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.plugins.action.test_config_tree import play

# A filter counts for it how often its problems were worked out.
COUNTING = "{{ lookup('ansible.builtin.pipe', 'echo asked >> %s') | regex_findall('never') }}"


def check(problems: Any) -> dict[str, Any]:
    return {"llmmon.stack.settings_check": {"problems": problems}}


def test_what_is_wrong_is_told_together_and_worked_out_once(tmp_path: Path) -> None:
    """One playbook for all of it: starting Ansible costs more than everything it does here."""
    counted = tmp_path / "counted"
    ran = play(
        tmp_path,
        [
            check([]),
            {**check(["a is wrong", "{{ 'b' }} is wrong"]), "check_mode": True},
            check(COUNTING % counted),
            check("none of them"),
            {"llmmon.stack.settings_check": {}},
        ],
        {},
    )
    fine, wrong, once, text, nothing = ran.results
    assert (fine["changed"], fine.get("failed", False)) == (False, False)
    assert (wrong["failed"], wrong["msg"]) == (True, "a is wrong | b is wrong")
    assert not once.get("failed", False)
    assert counted.read_text() == "asked\n"
    # What is no list would pass for settings that are all right as soon as it is empty.
    assert text["msg"] == nothing["msg"] == "settings_check needs problems, a list of sentences"
