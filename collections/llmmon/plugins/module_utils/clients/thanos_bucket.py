# SPDX-License-Identifier: Apache-2.0
"""The bucket of Thanos as its own tool sees it: how it is asked for, and what its last words mean."""

from __future__ import annotations

import re
from collections.abc import Sequence

VARIABLE = "llmmon_thanos_object_storage"
TOOL = "thanos"
_LENGTH = 200
# What the tool says about a bucket that it cannot read: what it means, and what to change. The first that fits is said.
_WHYS: Sequence[tuple[str, str]] = (
    (r"no such host|server misbehaving", "its name cannot be resolved (DNS): correct endpoint, or llmmon_etc_hosts"),
    (r"connection refused|no route to host|network is unreachable", "nothing listens there: correct endpoint"),
    # Both S3 and SeaweedFS refuse what was signed more than a quarter of an hour before or after their own time.
    (
        r"RequestTimeTooSkewed|request time",
        "this host's clock and the storage's differ by more than 15 minutes: set the wrong one by NTP (chrony)",
    ),
    (
        r"request signature|access key ID|Access Key Id|SignatureDoesNotMatch|InvalidAccessKey|Access ?Denied|\b403\b",
        "it does not take the key: correct access_key and secret_key",
    ),
    (r"bucket does not exist|NoSuchBucket", "there is no such bucket: create it, or correct bucket"),
    (r"Bucket name", "its name cannot be a bucket's: correct bucket"),
    (r"x509|tls:|HTTP response to HTTPS", "TLS fails: correct tls_config, or set insecure where it has none"),
    (r"deadline exceeded|i/o timeout|Client\.Timeout", "it gives no answer in time: is it up, is a firewall between?"),
    (r"permission denied", "its directory belongs to another user: run site.yml"),
)


def list_command(configuration: str) -> list[str]:
    """The command that lists a bucket, which its configuration file (in the container) names."""
    return [TOOL, "tools", "bucket", "ls", f"--objstore.config-file={configuration}", "--timeout=20s"]


def why_not_read(output: str) -> str:
    """What the tool's last words mean; its own are put behind."""
    said = re.findall(r'err="((?:[^"\\]|\\.)*)"', output) or output.strip().splitlines() or ["it said nothing"]
    # Behind the first line is where in Thanos it happened.
    shown = said[-1].split("\\n")[0].replace('\\"', '"')[:_LENGTH]
    meaning = next((meaning for pattern, meaning in _WHYS if re.search(pattern, shown)), "")
    return f"{meaning} ({shown})" if meaning else shown
