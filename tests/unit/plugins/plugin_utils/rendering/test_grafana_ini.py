"""Grafana's settings as the role renders them."""

from __future__ import annotations

import configparser

import pytest

from tests.support.rendering import REPOSITORY, render_tree

ROLE = REPOSITORY / "roles" / "grafana"


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(render_tree(ROLE)["grafana.ini"])
    return parser


@pytest.mark.parametrize(
    ("section", "key", "is_on"),
    [
        ("analytics", "reporting_enabled", False),
        ("analytics", "check_for_updates", False),
        ("analytics", "check_for_plugin_updates", False),
        ("analytics", "feedback_links_enabled", False),
        ("news", "news_feed_enabled", False),
        ("plugins", "preinstall_disabled", True),
        ("plugins", "public_key_retrieval_disabled", True),
        ("security", "disable_gravatar", True),
        ("snapshots", "external_enabled", False),
    ],
)
def test_grafana_tells_nobody_of_this_host_and_of_those_who_look_at_it(section: str, key: str, is_on: bool) -> None:
    assert settings().getboolean(section, key) is is_on
