"""Pages that cannot be scraped, and what Prometheus makes of them."""

from __future__ import annotations

import json
from typing import Any

from tests.support.loopback import Answer

EXPOSITION = "text/plain; version=0.0.4"
MANY = "".join(f'series{{number="{number}"}} 1\n' for number in range(20)).encode()
PAGES = {
    "/ok": Answer(200, b"series 1\n", EXPOSITION),
    **{f"/{status}": Answer(status, b"no") for status in (400, 401, 403, 404, 500, 503)},
    "/302": Answer(302, b"", headers={"Location": "/ok"}),
    "/loop": Answer(302, b"", headers={"Location": "/loop"}),
    "/html": Answer(200, b"<!doctype html><html>HTTP status 404</html>", "text/html; charset=utf-8"),
    "/html-as-text": Answer(200, b"<!doctype html>", EXPOSITION),
    "/html-as-nothing": Answer(200, b"<!doctype html>", None),
    "/json": Answer(200, b'{"a": 1}'),
    "/text": Answer(200, b"certificate x509\n", EXPOSITION),
    "/unfinished": Answer(200, b"series 1\n", "application/openmetrics-text; version=1.0.0"),
    "/many": Answer(200, MANY, EXPOSITION),
    "/slow": Answer(wait=True),
    "/hang-up": Answer(hang_up=True),
}
# Job -> the cause that we take its trouble for, and what differs from a job that only has that path.
JOBS: dict[str, tuple[str, dict[str, Any]]] = {
    "ok": ("", {}),
    "400": ("bad_request", {}),
    "401": ("unauthorized", {}),
    "403": ("forbidden", {}),
    "404": ("not_found", {}),
    "500": ("http_error", {}),
    "503": ("http_error", {}),
    "302": ("redirect", {"follow_redirects": False}),
    "loop": ("redirect", {}),
    "html": ("not_metrics", {}),
    "html-as-text": ("not_metrics", {}),
    "html-as-nothing": ("not_metrics", {}),
    "json": ("not_metrics", {}),
    "text": ("not_metrics", {}),
    "unfinished": ("not_metrics", {}),
    "slow": ("timeout", {}),
    "hang-up": ("connection_lost", {}),
    "many": ("sample_limit", {"sample_limit": 5}),
    "large": ("body_size_limit", {"metrics_path": "/many", "body_size_limit": "10B"}),
    "labels": ("label_limit", {"metrics_path": "/many", "label_limit": 1}),
    "token": ("credentials_unreadable", {"authorization": {"credentials_file": "no-such-file"}}),
    "password": (
        "credentials_unreadable",
        {"basic_auth": {"username": "a", "password_file": "no-such-file"}},
    ),
    "refused": ("refused", {"target": "{unused}"}),
    # Go asks no name server for a name that cannot be one.
    "name": ("dns", {"target": "no..such.host:80"}),
    "tls-to-plain": ("tls", {"scheme": "https"}),
    "plain-to-tls": ("connection_lost", {"target": "{tls}"}),
    "unknown-certificate": ("tls", {"target": "{tls}", "scheme": "https"}),
    "certificate-of-another": (
        "tls",
        {"target": "{tls}", "scheme": "https", "tls_config": {"ca_file": "{pem}", "server_name": "another"}},
    ),
}


def scraping_configuration(addresses: dict[str, str]) -> str:
    jobs = []
    for name, (_, settings) in JOBS.items():
        text = json.dumps({"target": "{plain}", "metrics_path": f"/{name}", **settings})
        for place, address in addresses.items():
            text = text.replace(f"{{{place}}}", address)
        job = json.loads(text)
        jobs.append({"job_name": name, **job, "static_configs": [{"targets": [job.pop("target")]}]})
        jobs[-1].pop("target", None)
    # JSON is YAML.
    return json.dumps({"global": {"scrape_interval": "2s", "scrape_timeout": "1s"}, "scrape_configs": jobs})
