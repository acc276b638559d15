# SPDX-License-Identifier: Apache-2.0
"""Why a scrape fails: Prometheus's error texts sorted into causes, each with what to change.

The texts come from Prometheus (scrape/scrape.go, model/textparse) and from Go's net, net/http and crypto/x509; they
reach us as ``lastError`` of ``/api/v1/targets``.
"""

from __future__ import annotations

import dataclasses
import re

GATEWAYS = "llmmon_gateways"
OWN_FILES = "llmmon_prometheus_scrape_config_files"
HOSTS = "llmmon_hosts"
_GATEWAY = f"in {GATEWAYS}"
# What hints for gateways say, and what the same is for an exporter, which is given by its URL.
_OF_HOSTS = (
    ("raise scrape_timeout in llmmon_gateways", "raise llmmon_prometheus_scrape_timeout"),
    ("raise sample_limit in llmmon_gateways", "raise llmmon_gateway_sample_limit"),
    (", or drop labels there", ""),
    (" (PROMETHEUS_BEARER_TOKEN)", ""),
    ("targets, scheme or metrics_path", "its URL"),
    ("metrics_path or targets", "its URL"),
    ("scheme or tls_config", "its URL or tls_config"),
    ("set scheme to https", "begin its URL with https://"),
    ("host and port in targets", "host and port of its URL"),
    ("into targets", "into its URL"),
    ("correct targets", "correct its URL"),
    ("correct metrics_path", "correct the path of its URL"),
    ("the gateway", "the exporter"),
    (GATEWAYS, HOSTS),
)


@dataclasses.dataclass(frozen=True)
class Cause:
    """A reason for a failing scrape. ``settled``: waiting longer does not mend it."""

    name: str
    hint: str
    settled: bool = True

    def hint_in(self, variable: str) -> str:
        """The hint for a job that stands in another variable than llmmon_gateways."""
        hint = self.hint
        for words, instead in _OF_HOSTS if variable == HOSTS else ((GATEWAYS, variable),):
            hint = hint.replace(words, instead)
        return hint


_UNRESOLVED = "the name does not resolve inside the container"

UNKNOWN = Cause("unknown", "read the error, and the log of Prometheus with logs.yml", settled=False)
PENDING = Cause(
    "pending", "the target was not scraped yet; raise llmmon_verify_timeout when its interval is long", False
)
_LOG = "read its log with logs.yml -e service=prometheus"
_FILES = f"a file that the job names, such as a certificate: correct it {_GATEWAY}, and run site.yml; {_LOG}"
# Not settled: Prometheus shows the targets of a new configuration only some five seconds after it took it.
MISSING = Cause(
    "missing", "Prometheus has no target of this job: run site.yml, and look at its configuration page", settled=False
)
OUTDATED = Cause(
    "outdated", f"Prometheus has other targets than it should by what stands {_GATEWAY}: run site.yml", settled=False
)
# Prometheus took a configuration and then could not follow it; it tries again, without a word in its API.
POOL_REFUSED = Cause("missing", f"Prometheus could not begin to scrape this job, for it cannot read {_FILES}", False)
RELOAD_REFUSED = Cause(
    "outdated", f"Prometheus goes on scraping what was before, for it cannot read {_FILES}", settled=False
)
REFUSED = Cause(
    "refused",
    f"nothing listens there: start the gateway, or correct host and port in targets {_GATEWAY}",
    settled=False,
)

_PATTERNS: list[tuple[str, Cause]] = [
    (
        r"unable to read .*(credential|token|file)|error reading .*credentials",
        Cause(
            "credentials_unreadable",
            "Prometheus cannot read its token file: run site.yml to put its permissions right; what"
            " bearer_token_host_file names is yours to put there, readable for Prometheus's group",
        ),
    ),
    (
        r"HTTP status 401",
        Cause(
            "unauthorized",
            f"the gateway refuses the token: correct bearer_token {_GATEWAY} (PROMETHEUS_BEARER_TOKEN), or basic_auth",
        ),
    ),
    (
        r"HTTP status 403",
        Cause(
            "forbidden",
            f"the gateway knows the token but denies access: give it the right, or another bearer_token {_GATEWAY}",
        ),
    ),
    (r"HTTP status 404", Cause("not_found", f"the gateway has no such page: correct metrics_path {_GATEWAY}")),
    (
        # Where a redirect would take the token to somebody else, it is led to a proxy that does not exist.
        r"HTTP status 30\d|stopped after \d+ redirects|proxyconnect .*\b127\.0\.0\.1:1:",
        Cause(
            "redirect",
            f"the gateway redirects: write the final address into targets, scheme or metrics_path {_GATEWAY}",
        ),
    ),
    (
        r"HTTP status 407|proxyconnect|Proxy Authentication Required",
        Cause(
            "proxy",
            f"the proxy does not let Prometheus through: correct proxy_url {_GATEWAY}, or look at the proxy's log",
            settled=False,
        ),
    ),
    (
        r"HTTP status 400",
        Cause(
            "bad_request",
            f"the gateway does not understand the request: if it speaks TLS, set scheme to https {_GATEWAY}",
            settled=False,
        ),
    ),
    (r"HTTP status", Cause("http_error", "the gateway answers with an error: look at its log", settled=False)),
    (
        r"sample limit",
        Cause(
            "sample_limit",
            f"the gateway exposes more series than allowed: raise sample_limit {_GATEWAY}, or drop labels there",
        ),
    ),
    (
        r"body size limit",
        Cause("body_size_limit", f"the metrics page is larger than allowed: raise body_size_limit {_GATEWAY}"),
    ),
    (r"label.*limit", Cause("label_limit", f"a series has more or longer labels than allowed: drop labels {_GATEWAY}")),
    (
        r"no such host",
        Cause("dns", f"{_UNRESOLVED}: correct targets {_GATEWAY}, or add it to llmmon_etc_hosts"),
    ),
    (
        # Before "refused" and "timeout": here it is the name server that refuses or does not answer.
        r"\blookup \S+|server misbehaving|name resolution",
        Cause(
            "dns",
            f"{_UNRESOLVED}, and its name server gives no proper answer: mend it, or write an address into targets"
            f" {_GATEWAY}",
            settled=False,
        ),
    ),
    (r"connection refused", REFUSED),
    (
        r"x509|tls:|certificate|server gave HTTP response to HTTPS client|malformed HTTP response",
        Cause("tls", f"the TLS handshake fails: correct scheme or tls_config {_GATEWAY}"),
    ),
    (
        r"deadline exceeded|i/o timeout|handshake timeout|Client\.Timeout",
        Cause(
            "timeout",
            f"no answer in time: check firewalls between the hosts, or raise scrape_timeout {_GATEWAY}",
            settled=False,
        ),
    ),
    (
        r"no route to host|network is unreachable",
        Cause(
            "unreachable", f"the network has no way there: correct targets {_GATEWAY}, or the routing", settled=False
        ),
    ),
    (
        r"Content-Type|valid start token|unexpected end of input|after metric|invalid metric|text format|unsupported"
        r"|INVALID|parsing|parse error|unexpected token|does not end with # EOF",
        Cause("not_metrics", f"the page is not in Prometheus's format: correct metrics_path or targets {_GATEWAY}"),
    ),
    (
        r"EOF|connection reset|broken pipe",
        Cause(
            "connection_lost",
            f"the gateway ends the connection early: look at its log; if it speaks TLS, set scheme to https {_GATEWAY}",
            settled=False,
        ),
    ),
]
_COMPILED = [(re.compile(pattern, re.IGNORECASE), cause) for pattern, cause in _PATTERNS]
# The address of the target and what stands on its page: words in them tell nothing of the cause.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def classify(error: str) -> Cause:
    """The cause behind a ``lastError`` text of Prometheus."""
    words = _QUOTED.sub('""', error)
    for pattern, cause in _COMPILED:
        if pattern.search(words):
            return cause
    return UNKNOWN
