"""Archives of a deployed stack, as backup.yml writes them."""

from __future__ import annotations

import re

from tests.support.stack import Result, Stack


def back_up(stack: Stack, *arguments: str, **variables: object) -> Result:
    """Run backup.yml, which must succeed."""
    result = stack.run("backup.yml", *arguments, variables=dict(variables))
    assert result.code == 0, result.output
    return result


def archive_of(result: Result) -> str:
    """The path on the host of the archive that a run of backup.yml wrote."""
    found = re.search(r"(/\S+/llm_monitoring_backup_\d{8}_\d{6}_(full|config)\.tar\.gz[.a-z]*):", result.message)
    assert found, result.output
    return found[1]
