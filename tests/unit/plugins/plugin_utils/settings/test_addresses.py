"""URLs as users write them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.addresses import link_hints, url_problem

SECRET = "s3cret-0a1b"  # noqa: S105 - made up for these tests


@pytest.mark.parametrize(
    "url",
    ["https://hooks.example/services/T/B/x", "http://sink:8080", "https://[::1]:8443/x?a=b#c", "HTTPS://h/"],
)
def test_good_urls(url: str) -> None:
    assert url_problem("v", url) == []


@pytest.mark.parametrize("url", ["", None])
def test_an_empty_url(url: Any) -> None:
    assert url_problem("v", url) == ["v is empty; give it a URL, or leave the receiver out"]


@pytest.mark.parametrize(
    "url",
    [
        f"hooks.example/{SECRET}",
        f"ftp://h/{SECRET}",
        f"https:///{SECRET}",
        f"https://h:port/{SECRET}",
        f"https://h:0/{SECRET}",
        f"https://h:70000/{SECRET}",
        f"https://[::1/{SECRET}",
        f"https://h/{SECRET} ",
        f"https://h/<{SECRET}>",
        f'"https://h/{SECRET}"',
        "https://h/{{ token }}",
    ],
)
def test_a_bad_url_is_told_without_the_secret_in_it(url: str) -> None:
    (sentence,) = url_problem("v", url)
    assert sentence == "v is not a URL that begins with http:// or https:// and names a host"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:3000",
        "https://LOCALHOST/grafana",
        "http://127.0.0.1:9090",
        "http://127.1.2.3",
        "http://[::1]:9093/",
        "http://0.0.0.0:3000",
        "docs/runbooks",
        "",
        "http://",
        "ftp://h/",
        "http://[::1/",
    ],
)
def test_links_that_open_nowhere_else(url: str) -> None:
    hints = link_hints({"llmmon_a": url, "llmmon_b": "https://grafana.example", "llmmon_c": url, "llmmon_d": url})
    assert hints == [
        "Links in messages open on no other machine, since they lead to localhost or are not URLs: set llmmon_a,"
        " llmmon_c and llmmon_d to addresses that your people can open"
    ]
    assert "set llmmon_a to addresses" in link_hints({"llmmon_a": url})[0]


@pytest.mark.parametrize(
    "url", ["https://grafana.example/x", "http://10.0.0.5:3000", "http://localhost.example", "http://m"]
)
def test_links_that_open_elsewhere(url: str) -> None:
    assert link_hints({"llmmon_a": url}) == []
