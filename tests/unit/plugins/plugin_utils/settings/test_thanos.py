"""What is refused of Thanos's settings before a host is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.thanos import thanos_problems

BUCKET: dict[str, Any] = {
    "type": "s3",
    "bucket": "llmmon",
    "endpoint": "s3.example:9000",
    "access_key": "a",
    "secret_key": "a-secret",
}
HOST: dict[str, Any] = {
    "llmmon_services": ["prometheus"],
    "llmmon_prometheus_external_labels": {"replica": "one"},
    "llmmon_prometheus_extra_flags": [],
    "llmmon_thanos_components": ["sidecar", "store", "compact", "query"],
    "llmmon_thanos_object_storage": BUCKET,
    "llmmon_thanos_compactor_elsewhere": False,
    "llmmon_thanos_retention_raw": "90d",
    "llmmon_thanos_retention_5m": "400d",
}


def other(**settings: Any) -> dict[str, Any]:
    """Another host, with a sidecar for the same bucket unless it says something else."""
    found = {
        "llmmon_thanos_components": ["sidecar"],
        "llmmon_thanos_object_storage": BUCKET,
        "llmmon_prometheus_external_labels": {"replica": "two"},
    }
    return {**found, **{f"llmmon_{name}": value for name, value in settings.items()}}


def problems(others: dict[str, dict[str, Any]] | None = None, **settings: Any) -> list[str]:
    return thanos_problems({**HOST, **{f"llmmon_{name}": value for name, value in settings.items()}}, others or {})


def test_all_components_on_one_host_and_more_sidecars_are_taken() -> None:
    assert problems() == []
    assert problems({"two": other(), "three": other(prometheus_external_labels={"replica": "three"})}) == []


def test_a_host_without_components_may_say_what_it_likes() -> None:
    assert problems(thanos_components=[], thanos_object_storage={"type": "tape"}) == []


def test_a_querier_over_sidecars_needs_no_bucket() -> None:
    assert problems(thanos_components=["sidecar", "query"], thanos_object_storage={}) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"thanos_components": ["query", "ruler"]}, "has 'ruler'; it may have sidecar, store, compact, query"),
        ({"thanos_components": ["query", "query", "compact"]}, "query appears twice"),
        (
            {"thanos_components": ["store"], "thanos_object_storage": {}},
            "has store, which needs llmmon_thanos_object_st",
        ),
        ({"services": ["grafana"]}, "needs prometheus in llmmon_services of the same host"),
        ({"prometheus_external_labels": {}}, "needs llmmon_prometheus_external_labels"),
        (
            {"prometheus_extra_flags": ["--storage.tsdb.max-block-duration=1d"]},
            "extra_flags has --storage.tsdb.max-block-duration=1d",
        ),
        ({"thanos_components": ["sidecar"]}, "no host has compact in llmmon_thanos_components"),
        ({"thanos_compactor_elsewhere": True}, "llmmon_thanos_compactor_elsewhere is true, and"),
        ({"thanos_retention_raw": "1h"}, "llmmon_thanos_retention_raw is 1h, but must be 40h or more"),
        ({"thanos_retention_5m": "9d"}, "llmmon_thanos_retention_5m is 9d, but must be 10d or more"),
        ({"thanos_object_storage": "s3"}, "is text, but must be a dictionary"),
        ({"thanos_object_storage": {"type": "gcs"}}, "type is 'gcs', but must be one of s3, filesystem"),
        ({"thanos_object_storage": {"type": "filesystem"}}, "of type filesystem lacks directory"),
        ({"thanos_object_storage": {"type": "filesystem", "directory": "b"}}, "must be a path that begins with '/'"),
        ({"thanos_object_storage": {**BUCKET, "directory": "/b"}}, "of type s3 has 'directory'"),
        ({"thanos_object_storage": {**BUCKET, "bucket": ""}}, "of type s3 lacks bucket"),
        ({"thanos_object_storage": {**BUCKET, "endpoint": "https://s3.example"}}, "without a scheme"),
        ({"thanos_object_storage": {**BUCKET, "access_key": None}}, "give it access_key, too"),
        ({"thanos_object_storage": {**BUCKET, "secret_key": " "}}, "the secret_key of the bucket is empty"),
        ({"thanos_object_storage": {**BUCKET, "secret_key_file": "x"}}, "has both secret_key and secret_key_file"),
        ({"thanos_object_storage": {**BUCKET, "tls_config": {"ca": "x"}}}, "is not a certificate in PEM form"),
        ({"thanos_object_storage": {**BUCKET, "config": []}}, "config is a list, but must be a dictionary"),
    ],
)
def test_what_cannot_work_is_one_sentence(settings: dict[str, Any], words: str) -> None:
    found = problems(**settings)
    assert any(words in sentence for sentence in found), found
    assert "a-secret" not in "".join(found)


def test_two_hosts_with_the_same_labels_are_refused() -> None:
    [found] = problems({"two": other(prometheus_external_labels={"replica": "one"})})
    assert "are the same as those of two" in found


def test_labels_of_a_host_without_a_sidecar_do_not_count() -> None:
    others = {"two": other(prometheus_external_labels={"replica": "one"}, thanos_components=["query"])}
    assert problems(others) == []


def test_two_compactors_of_one_bucket_are_refused_and_of_two_are_not() -> None:
    [found] = problems({"two": other(thanos_components=["compact"])})
    assert "has compact here and on two" in found
    elsewhere = {**BUCKET, "bucket": "another"}
    assert problems({"two": other(thanos_components=["compact"], thanos_object_storage=elsewhere)}) == []
    prefixed = {**BUCKET, "prefix": "apart"}
    assert problems({"two": other(thanos_components=["compact"], thanos_object_storage=prefixed)}) == []


def test_the_compactor_may_be_on_another_host_or_in_another_inventory() -> None:
    assert problems({"two": other(thanos_components=["compact"])}, thanos_components=["sidecar"]) == []
    assert problems(thanos_components=["sidecar"], thanos_compactor_elsewhere=True) == []


def test_a_directory_is_no_bucket_for_two_hosts() -> None:
    directory = {"type": "filesystem", "directory": "/srv/bucket"}
    assert problems(thanos_object_storage=directory) == []
    [found] = problems({"two": other(thanos_object_storage=directory)}, thanos_object_storage=directory)
    assert "which two would look for on its own disk; use type s3" in found


def test_a_key_file_is_looked_for_beside_the_inventory(tmp_path: Path) -> None:
    storage = {**{key: value for key, value in BUCKET.items() if key != "secret_key"}, "secret_key_file": "bucket.key"}
    settings = {**HOST, "llmmon_thanos_object_storage": storage}
    [found] = thanos_problems(settings, {}, [str(tmp_path)])
    assert "the secret_key_file bucket.key of the bucket cannot be read here" in found
    (tmp_path / "bucket.key").write_text("a-secret\n")
    assert thanos_problems(settings, {}, [str(tmp_path)]) == []
