"""What is wrong with the user's settings of Grafana."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.grafana import (
    grafana_problems,
)

TEAM: dict[str, Any] = {"uid": "team", "title": "Team", "files": ["/x/a.json", "/y/b.json"]}


def test_good_settings_have_no_problems() -> None:
    assert grafana_problems(["/r/a.json"], [TEAM], "llmmon", {"ldap_password": "x", "oauth.client": "y"}) == []


@pytest.mark.parametrize(
    ("files", "folders", "secrets", "sentence"),
    [
        (["/r/a.json", "/s/a.json"], [], {}, "two files would become dashboards/a.json on the host"),
        ([], [{**TEAM, "files": ["/x/a.json", "/y/a.json"]}], {}, "would become dashboards/team/a.json"),
        (["/r/a.yml"], [], {}, "/r/a.yml does not end in .json"),
        ([], [TEAM, TEAM], {}, "the uid team appears twice"),
        ([], [{**TEAM, "uid": "llmmon"}], {}, "Team needs a uid of its own"),
        ([], [{**TEAM, "uid": "../x"}], {}, "Team needs a uid of its own"),
        ([], [{**TEAM, "uid": "general"}], {}, "Team needs a uid of its own"),
        ([], [{"title": "Team"}], {}, "Team needs a uid of its own"),
        ([], [], {"admin_password": "x"}, "'admin_password' needs a name of its own"),
        ([], [], {"../x": "x"}, "'../x' needs a name of its own"),
        ([], [], {"..": "x"}, "'..' needs a name of its own"),
    ],
)
def test_bad_settings_are_named(
    files: list[str], folders: list[dict[str, Any]], secrets: dict[str, Any], sentence: str
) -> None:
    assert sentence in " | ".join(grafana_problems(files, folders, "llmmon", secrets))
