"""What is refused of llmmon_remote_write before a host is touched."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.remote_write import remote_write_problems

ENGINE: dict[str, Any] = {"name": "central", "url": "https://engine.example/api/v1/write"}
LABELS = {"site": "seoul"}


def problems(*engines: Any, labels: dict[str, Any] | None = None, **others: Any) -> list[str]:
    return remote_write_problems(list(engines), LABELS if labels is None else labels, others)


def test_an_engine_with_all_that_there_is_is_taken() -> None:
    assert problems(ENGINE) == []
    assert (
        problems(
            {
                **ENGINE,
                "bearer_token": "t",
                "headers": {"X-Scope-OrgID": "a"},
                "send": "everything",
                "queue": {"capacity": 1},
            }
        )
        == []
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "the name"),
        ({"name": "a/b"}, "the name 'a/b' must consist of"),
        ({"url": "engine.example"}, "url of central"),
        ({"url": "https://me:secret@engine.example/w"}, "must not contain a user and a password"),
        ({"send": "all"}, "must be one of everything, recorded"),
        ({"headers": ["a"]}, "headers of central"),
        ({"headers": {"Authorization": "x"}}, "which Prometheus sets itself"),
        ({"headers": {"a b": "x"}}, "is not the name of a header"),
        ({"headers": {"X": "a\nb"}}, "a value of one line"),
        ({"queue": {"shards": 3}}, "it may have capacity, max_shards, max_samples_per_send"),
        ({"queue": {"capacity": 0}}, "each 1 or more"),
        ({"bearer_token": "a b"}, "llmmon_remote_write: the bearer_token of central contains spaces"),
        (
            {"bearer_token": "a", "basic_auth": {"username": "u", "password": "p"}},
            "llmmon_remote_write: central has both bearer_token and basic_auth",
        ),
        ({"basic_auth": {"username": "u"}}, "llmmon_remote_write: basic_auth of central has no password"),
        ({"tls_config": {"ca": "x"}}, "llmmon_remote_write: tls_config.ca of central is not a certificate"),
        ({"proxy_url": "nowhere"}, "llmmon_remote_write: proxy_url of central"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_the_variable(change: dict[str, Any], words: str) -> None:
    (sentence,) = problems({**ENGINE, **change})
    assert sentence.startswith("llmmon_remote_write")
    assert words in sentence
    assert "secret@" not in sentence


def test_two_engines_of_one_name_and_what_is_no_list_are_refused() -> None:
    (sentence,) = problems(ENGINE, ENGINE)
    assert sentence.startswith("llmmon_remote_write: the name central appears twice;")
    assert len(problems("central")) == 1


def test_samples_of_two_hosts_can_be_told_apart() -> None:
    (sentence,) = problems(ENGINE, labels={})
    assert "needs llmmon_prometheus_external_labels" in sentence
    assert "nothing was written" in sentence
    assert problems(ENGINE, b={"site": "busan"}) == []
    (sentence,) = problems(ENGINE, b={"site": "seoul"})
    assert sentence.startswith("llmmon_prometheus_external_labels are the same as those of b")
    # Of hosts that write to no engine nothing is asked.
    assert problems(labels={}, b={}) == []
