"""What Thanos's tool says about a bucket that it cannot read, and what that means."""

from __future__ import annotations

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.thanos_bucket import list_command, why_not_read

CLOCKS = "this host's clock and the storage's differ by more than 15 minutes: set the wrong one by NTP (chrony)"


# The last words of Thanos 0.42.4 about a bucket of SeaweedFS 4.48, or of none; and two of other storages.
@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        (r"Get \"http://nowhere.example/bkt/?location=\": dial tcp: lookup nowhere.example: no such host", "(DNS)"),
        (
            r"Get \"http://127.0.0.1:9/b/?location=\": dial tcp 127.0.0.1:9: connect: connection refused",
            "nothing listens",
        ),
        (
            "The request signature we calculated does not match the signature you provided. Check your key and signing"
            " method.",
            "does not take the key",
        ),
        ("The access key ID you provided does not exist in our records.", "does not take the key"),
        ("Access Denied.", "does not take the key"),
        ("The specified bucket does not exist", "there is no such bucket"),
        ("Bucket name cannot be shorter than 3 characters", "correct bucket"),
        (
            r"Get \"https://127.0.0.1:8333/b/?location=\": http: server gave HTTP response to HTTPS client",
            "set insecure",
        ),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", "TLS fails"),
        ("The difference between the request time and the server's time is too large.", CLOCKS),
        # AWS's own words, and those about a storage that sends the code alone.
        ("The difference between the request time and the current time is too large.", CLOCKS),
        ("Error response code RequestTimeTooSkewed.", CLOCKS),
        ("context deadline exceeded", "no answer in time"),
        ("something new", "something new"),
    ],
)
def test_what_a_bucket_answers_is_said_in_plain_words(words: str, meaning: str) -> None:
    head = 'ts=2026-11-29T00:00:00Z caller=tools_bucket.go:439 level=warn msg="Timeout less than 1m"\n'
    frames = r"\nBaseFetcher: iter bucket\ngithub.com/thanos-io/thanos/pkg/block.fetchMetadata\n\tfetcher.go:593"
    found = why_not_read(f'{head}ts=2026-11-29T00:00:01Z caller=main.go:143 level=error err="{words}{frames}"\n')
    assert meaning in found
    assert "BaseFetcher" not in found
    assert "Timeout less" not in found


def test_a_tool_without_words_is_told_as_that() -> None:
    assert why_not_read("") == "it said nothing"


def test_the_command_names_the_file_and_no_key() -> None:
    assert list_command("/s/object_storage.yml")[:5] == [
        *("thanos", "tools", "bucket", "ls"),
        "--objstore.config-file=/s/object_storage.yml",
    ]
