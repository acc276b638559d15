"""Why a scrape fails: texts of Prometheus and of Go, and the cause that each one is taken for."""

from __future__ import annotations

import re

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.scrape_causes import (
    HOSTS,
    MISSING,
    PENDING,
    UNKNOWN,
    classify,
)

REQUEST = 'Get "http://certificate-limits.example:8000/tls/x509": '

# What Prometheus 2.53.3 and 3.5.3 said word for word, but for names and ports; test_real_services.py lets both say most
# of it again. The rest stands in the sources of Go's net, net/http and crypto/tls.
TEXTS = [
    ("unauthorized", True, "server returned HTTP status 401 Unauthorized"),
    ("forbidden", True, "server returned HTTP status 403 Forbidden"),
    ("not_found", True, "server returned HTTP status 404 Not Found"),
    ("redirect", True, "server returned HTTP status 302 Found"),
    ("redirect", True, "server returned HTTP status 308 Permanent Redirect"),
    ("redirect", True, 'Get "/metrics": stopped after 10 redirects'),
    ("redirect", True, REQUEST + "proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused"),
    ("proxy", False, REQUEST + "proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused"),
    ("proxy", False, REQUEST + "Proxy Authentication Required"),
    ("proxy", False, "server returned HTTP status 407 Proxy Authentication Required"),
    ("bad_request", False, "server returned HTTP status 400 Bad Request"),
    ("http_error", False, "server returned HTTP status 405 Method Not Allowed"),
    ("http_error", False, "server returned HTTP status 429 Too Many Requests"),
    ("http_error", False, "server returned HTTP status 500 Internal Server Error"),
    ("http_error", False, "server returned HTTP status 503 Service Unavailable"),
    ("refused", False, REQUEST + "dial tcp 127.0.0.1:8000: connect: connection refused"),
    ("dns", True, REQUEST + "dial tcp: lookup gateway.invalid on 127.0.0.11:53: no such host"),
    ("dns", False, REQUEST + "dial tcp: lookup gateway on 127.0.0.11:53: server misbehaving"),
    ("dns", False, REQUEST + "dial tcp: lookup gateway: Temporary failure in name resolution"),
    ("dns", False, REQUEST + "dial tcp: lookup gateway on 10.0.0.1:53: read udp 10.0.0.2:1->10.0.0.1:53: i/o timeout"),
    (
        "dns",
        False,
        REQUEST + "dial tcp: lookup gateway on 10.0.0.1:53: read udp 10.0.0.2:1->10.0.0.1:53: connection refused",
    ),
    ("timeout", False, REQUEST + "context deadline exceeded"),
    ("timeout", False, REQUEST + "dial tcp 10.9.9.9:8000: i/o timeout"),
    ("timeout", False, REQUEST + "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"),
    ("timeout", False, REQUEST + "net/http: TLS handshake timeout"),
    ("unreachable", False, REQUEST + "dial tcp 10.9.9.9:8000: connect: no route to host"),
    ("unreachable", False, REQUEST + "dial tcp [2001:db8::1]:80: connect: network is unreachable"),
    ("tls", True, REQUEST + "tls: first record does not look like a TLS handshake"),
    ("tls", True, REQUEST + "http: server gave HTTP response to HTTPS client"),
    (
        "tls",
        True,
        REQUEST + 'net/http: HTTP/1.x transport connection broken: malformed HTTP response "\\x15\\x03\\x01"',
    ),
    ("tls", True, REQUEST + "remote error: tls: certificate required"),
    (
        "tls",
        True,
        REQUEST + "tls: failed to verify certificate: x509: certificate signed by unknown authority",
    ),
    (
        "tls",
        True,
        REQUEST + "tls: failed to verify certificate: x509: certificate is valid for localhost, not gateway",
    ),
    (
        "tls",
        True,
        REQUEST + "tls: failed to verify certificate: x509: cannot validate certificate for 127.0.0.1 because it"
        " doesn't contain any IP SANs",
    ),
    (
        "credentials_unreadable",
        True,
        REQUEST + "unable to read authorization credentials: unable to read file /etc/llmmon/prometheus/current/secrets"
        "/gateway-a.token: open /etc/llmmon/prometheus/current/secrets/gateway-a.token: permission denied",
    ),
    (
        "credentials_unreadable",
        True,
        REQUEST + "unable to read basic auth password: unable to read file /x/y: open /x/y: no such file or directory",
    ),
    (
        "credentials_unreadable",
        True,
        REQUEST + "unable to read authorization credentials file /x: open /x: no such file or directory",
    ),
    ("sample_limit", True, "sample limit exceeded"),
    ("body_size_limit", True, "body size limit exceeded"),
    ("label_limit", True, "label_limit exceeded (metric: a, number of labels: 6, limit: 2)"),
    (
        "label_limit",
        True,
        'label_value_length_limit exceeded (metric: a, label name: b, value: "HTTP status 404", length: 30, limit: 20)',
    ),
    ("not_metrics", True, 'expected a valid start token, got "<" ("INVALID") while parsing: "<"'),
    ("not_metrics", True, 'expected equal, got ":" ("INVALID") while parsing: "{\\"a\\":"'),
    ("not_metrics", True, 'strconv.ParseFloat: parsing "world": invalid syntax while parsing: "hello world"'),
    ("not_metrics", True, 'expected value after metric, got "x" ("INVALID") while parsing: "HTTP status 404"'),
    ("not_metrics", True, 'expected a valid start token, got "x" ("INVALID") while parsing: "x509: certificate"'),
    ("not_metrics", True, "data does not end with # EOF"),
    (
        "not_metrics",
        True,
        'received unsupported Content-Type "text/html; charset=utf-8" and no fallback_scrape_protocol specified for'
        " target",
    ),
    (
        "not_metrics",
        True,
        "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target",
    ),
    ("connection_lost", False, REQUEST + "EOF"),
    ("connection_lost", False, "unexpected EOF"),
    ("connection_lost", False, REQUEST + "read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer"),
    ("unknown", False, "something that nobody has seen yet"),
    ("unknown", False, ""),
]


@pytest.mark.parametrize(("name", "settled", "text"), TEXTS, ids=[text[:60] for _, _, text in TEXTS])
def test_texts_and_their_causes(name: str, settled: bool, text: str) -> None:
    cause = classify(text)
    assert (cause.name, cause.settled) == (name, settled)


def test_every_hint_names_a_variable_or_a_playbook() -> None:
    hints = {classify(text).hint for _, _, text in TEXTS} | {cause.hint for cause in (UNKNOWN, PENDING, MISSING)}
    without = {hint for hint in hints if "llmmon_" not in hint and ".yml" not in hint}
    assert without == {"the gateway answers with an error: look at its log"}


def test_hints_about_machines_speak_of_their_urls() -> None:
    for _, _, text in TEXTS:
        hint = classify(text).hint_in(HOSTS)
        assert not re.search(r"gateways|the gateway|targets|metrics_path|scheme|PROMETHEUS_BEARER", hint), hint
    refused = classify(REQUEST + "dial tcp 127.0.0.1:1: connect: connection refused").hint_in(HOSTS)
    assert refused == "nothing listens there: start the exporter, or correct host and port of its URL in llmmon_hosts"


def test_what_time_may_mend_is_waited_for() -> None:
    # Prometheus shows new targets seconds after it took a configuration, and scrapes them later still.
    assert not MISSING.settled
    assert not PENDING.settled
    assert not UNKNOWN.settled
