"""The file that Thanos reads its bucket from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible_collections.llmmon.stack.plugins.plugin_utils.thanos import thanos_secrets

BUCKET: dict[str, Any] = {"type": "s3", "bucket": "llmmon", "endpoint": "s3.example:9000", "access_key": "a"}


def configuration(storage: dict[str, Any], places: list[str] | None = None) -> Any:
    return yaml.safe_load(thanos_secrets(storage, places)["object_storage.yml"])


def test_without_a_bucket_there_is_no_file() -> None:
    assert thanos_secrets({}) == {}


def test_a_bucket_has_its_key_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "bucket.key").write_text("from a file\n")
    expected = {"bucket": "llmmon", "endpoint": "s3.example:9000", "access_key": "a"}
    assert configuration({**BUCKET, "secret_key": "given"}) == {
        "type": "S3",
        "config": {**expected, "secret_key": "given"},
    }
    found = configuration({**BUCKET, "secret_key_file": "bucket.key"}, [str(tmp_path)])
    assert found["config"] == {**expected, "secret_key": "from a file"}


def test_without_a_key_the_machine_signs_in_itself() -> None:
    storage = {key: value for key, value in BUCKET.items() if key != "access_key"}
    assert configuration(storage)["config"] == {"bucket": "llmmon", "endpoint": "s3.example:9000", "aws_sdk_auth": True}


def test_all_there_is_gets_where_thanos_looks_for_it() -> None:
    storage = {
        **BUCKET,
        "secret_key": "k",
        "region": "kr-1",
        "prefix": "llm",
        "insecure": "yes",
        "tls_config": {"ca": "PEM", "server_name": "s3", "insecure_skip_verify": "no"},
        "config": {"bucket_lookup_type": "path"},
    }
    files = thanos_secrets(storage)
    assert files["thanos-storage.ca"] == "PEM\n"
    found = yaml.safe_load(files["object_storage.yml"])
    assert found["prefix"] == "llm"
    assert found["config"] == {
        "bucket": "llmmon",
        "endpoint": "s3.example:9000",
        "region": "kr-1",
        "access_key": "a",
        "secret_key": "k",
        "insecure": True,
        "bucket_lookup_type": "path",
        "http_config": {
            "tls_config": {
                "ca_file": "secrets/thanos-storage.ca",
                "server_name": "s3",
                "insecure_skip_verify": False,
            }
        },
    }


def test_a_directory_is_a_bucket() -> None:
    found = configuration({"type": "filesystem", "directory": "/srv/bucket"})
    assert found == {"type": "FILESYSTEM", "config": {"directory": "/srv/bucket"}}
