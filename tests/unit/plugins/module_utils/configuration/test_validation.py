"""What a tool that refuses a tree says."""

from __future__ import annotations

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.validation import gist_of_tool


@pytest.mark.parametrize(
    ("words", "gist"),
    [
        (
            "Checking p.yml\n  FAILED: yaml: unmarshal errors:\n  line 1: field x\n",
            "yaml: unmarshal errors:; line 1: field x",
        ),
        ("Checking 'a.yml'  SUCCESS\nFound:\n - route\n  FAILED: template: x\n", "template: x"),
        ("Checking p.yml\n SUCCESS: fine\n", "Checking p.yml\n SUCCESS: fine\n"),
        ("", ""),
        ("x" * 3000, "x" * 2000),
    ],
)
def test_the_gist_of_a_tool_s_words(words: str, gist: str) -> None:
    assert gist_of_tool(words) == gist
