"""How a gateway is asked: what is shipped and written, and what a real Prometheus and a real prober then do."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from ansible_collections.llmmon.stack.plugins.module_utils.clients.redirects import same_place
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.modules import prometheus_targets
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateway_access import gateway_secrets
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import gateways

from tests.support import prometheus, rendering, services
from tests.support.loopback import Answer, Request, Server, certificate
from tests.support.modules import run_module
from tests.support.versions import EVERYWHERE

TOKEN = "s3cret-0a1b"  # noqa: S105 - made up for these tests
PAGE = Answer(200, b"series 1\n", "text/plain; version=0.0.4")
SECONDS = 15


def deployed(root: Path, version: str, *given: dict[str, Any]) -> Path:
    """Write what would be installed; returns the directory of releases."""
    releases = root / "prometheus"
    files = rendering.render_tree(
        llmmon_gateways=list(given),
        llmmon_config_root=str(root),
        llmmon_prometheus_version=version,
        llmmon_prometheus_scrape_interval="1s",
        llmmon_prometheus_scrape_timeout="1s",
        llmmon_services=["prometheus"],
    )
    files |= {f"secrets/{name}": text for name, text in gateway_secrets(gateways(given, 0)).items()}
    for path, content in files.items():
        if not path.startswith("rules/"):
            (releases / "current" / path).parent.mkdir(parents=True, exist_ok=True)
            (releases / "current" / path).write_text(content)
    return releases


@contextmanager
def scraping(version: str, root: Path, *given: dict[str, Any]) -> Iterator[prometheus.Server]:
    with prometheus.running(version, deployed(root, version, *given)) as server:
        yield server


def target(server: prometheus.Server, job: str = "gw") -> dict[str, Any]:
    """The target of a job, once it was scraped, and in time: what it answers is tried, and not how quickly."""

    def scraped() -> dict[str, Any] | None:
        found = [one for one in server.get("targets")["activeTargets"] if one["labels"]["job"] == job]
        late = found and "deadline exceeded" in found[0]["lastError"]
        return found[0] if found and found[0]["health"] != "unknown" and not late else None

    found = wait_for(scraped, SECONDS)
    assert found, server.get("targets")
    return dict(found)


def tokens_seen(server: Server) -> list[str | None]:
    return [request.headers.get("Authorization") for request in server.requests]


@pytest.fixture
def other() -> Iterator[Server]:
    """Somebody else's server, to whom the gateway redirects."""
    with Server() as server:
        server.answers["GET /stolen"] = PAGE
        yield server


def gateway(server: Server, **settings: Any) -> dict[str, Any]:
    return {"name": "gw", "targets": [server.address], **settings}


@pytest.mark.parametrize("version", EVERYWHERE["prometheus"])
def test_a_token_does_not_follow_a_redirect(version: str, tmp_path: Path, server: Server, other: Server) -> None:
    server.answers["GET /metrics"] = Answer(307, b"", headers={"Location": f"{other.url}/stolen"})
    with scraping(version, tmp_path, gateway(server, bearer_token=TOKEN)) as scraper:
        found = target(scraper)
    assert (found["health"], found["lastError"]) == ("down", "server returned HTTP status 307 Temporary Redirect")
    assert tokens_seen(server)[0] == f"Bearer {TOKEN}"
    assert other.requests == []


@pytest.mark.parametrize("version", EVERYWHERE["prometheus"])
def test_a_redirect_that_is_asked_for_leads_to_the_gateway_and_to_nobody_else(
    version: str, tmp_path: Path, server: Server, other: Server
) -> None:
    server.answers["GET /metrics"] = Answer(307, b"", headers={"Location": "/metrics/"})
    server.answers["GET /metrics/"] = PAGE
    # This address is the machine itself, but no loopback, which Go keeps from every proxy.
    elsewhere = f"http://0.0.0.0:{other.port}/stolen"
    server.answers["GET /away"] = Answer(307, b"", headers={"Location": elsewhere})
    assert requests.get(elsewhere, timeout=5).ok
    other.requests.clear()
    settings: dict[str, Any] = {"bearer_token": TOKEN, "follow_redirects": True}
    away = {**gateway(server, **settings), "name": "away", "metrics_path": "/away"}
    with scraping(version, tmp_path, gateway(server, **settings), away) as scraper:
        assert target(scraper)["health"] == "up"
        led_away = target(scraper, "away")
    assert led_away["health"] == "down"
    assert "proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused" in led_away["lastError"]
    assert set(tokens_seen(server)) == {f"Bearer {TOKEN}"}
    assert other.requests == []


def test_the_prober_does_not_follow_a_redirect_either(tmp_path: Path, server: Server, other: Server) -> None:
    server.answers["GET /metrics"] = Answer(307, b"", headers={"Location": f"{other.url}/stolen"})
    releases = deployed(tmp_path, EVERYWHERE["prometheus"][0], gateway(server, bearer_token=TOKEN))
    for module in ("gateway-gw", "no-token-gw"):
        assert "\nprobe_success 0" in probed(releases, tmp_path, module, f"{server.url}/metrics")
    assert tokens_seen(server) == [f"Bearer {TOKEN}", None]
    assert other.requests == []


def probed(releases: Path, root: Path, module: str, url: str) -> str:
    with services.prober(releases / "current" / "prober" / "blackbox.yml", root / "log-of-prober") as prober:
        return requests.get(f"{prober}/probe", params={"module": module, "target": url}, timeout=SECONDS).text


@pytest.mark.parametrize("version", EVERYWHERE["prometheus"])
def test_certificates_and_a_key_are_shipped(version: str, tmp_path: Path) -> None:
    """The server wants a certificate of its client, and its own is signed by nobody else's authority."""
    pem = certificate(tmp_path)
    text = pem.read_text()
    key, _, cert = text.partition("-----BEGIN CERTIFICATE-----")
    (tmp_path / "key").write_text(key)
    tls = {
        "ca_file": str(pem),
        "cert": f"-----BEGIN CERTIFICATE-----{cert}",
        "key_file": str(tmp_path / "key"),
        "server_name": "localhost",
    }
    with Server(pem, pem) as server:
        server.answers["GET /metrics"] = PAGE
        given = gateway(server, scheme="https", tls_config=tls)
        with scraping(version, tmp_path, given) as scraper:
            assert target(scraper)["lastError"] == ""
        releases = tmp_path / "prometheus"
        assert "\nprobe_success 1" in probed(releases, tmp_path, "gateway-gw", f"{server.url}/metrics")
    for file in ("prometheus.yml", "prober/blackbox.yml"):
        assert "BEGIN" not in (releases / "current" / file).read_text()


@pytest.mark.parametrize("version", EVERYWHERE["prometheus"])
def test_a_gateway_that_prometheus_could_not_begin_to_scrape_is_told_so(version: str, tmp_path: Path) -> None:
    """Its log alone says why there is no target: the API does not."""
    given = {"name": "gw", "targets": ["gw:1"], "scheme": "https", "tls_config": {"ca": "no certificate"}}
    sentence = (
        "1 of 1 scrape targets are not up. gw: missing; Prometheus could not begin to scrape this job, for it cannot"
        " read a file that the job names, such as a certificate: correct it in llmmon_gateways, and run site.yml;"
    )

    def told() -> bool | None:
        found = run_module(prometheus_targets, {"url": scraper.url, "jobs": ["gw"], "timeout": 0})
        return found["msg"].startswith(sentence) or None

    # The oldest Prometheus takes five seconds until it begins to scrape anything.
    with scraping(version, tmp_path, given) as scraper:
        assert wait_for(told, 4 * SECONDS)


@pytest.mark.parametrize("version", EVERYWHERE["prometheus"])
def test_a_user_and_parameters(version: str, tmp_path: Path, server: Server) -> None:
    asked: dict[str, Any] = {
        "metrics_path": "/mätrics;a=b@c/(d)!~",
        "params": {"name[]": ["a b", "ü&c"], "format": "text"},
        "basic_auth": {"username": "me", "password": f" {TOKEN}\n"},
    }
    given = gateway(server, **asked)
    (known,) = gateways([given], 0)
    path = known["urls"][0].removeprefix(server.url)
    server.answers[f"GET {path}"] = PAGE
    with scraping(version, tmp_path, given) as scraper:
        found = target(scraper)
    assert (found["lastError"], found["health"]) == ("", "up")
    assert same_place(found["scrapeUrl"]) == same_place(known["urls"][0])
    releases = tmp_path / "prometheus"
    server.requests.clear()
    assert "\nprobe_success 1" in probed(releases, tmp_path, "gateway-gw", known["urls"][0])
    assert [request.path for request in server.requests] == [path]
    assert tokens_seen(server) == [f"Basic {base64.b64encode(f'me:{TOKEN}'.encode()).decode()}"]
    assert TOKEN not in (releases / "current" / "prometheus.yml").read_text()


@pytest.mark.parametrize("version", EVERYWHERE["prometheus"])
def test_a_proxy_is_asked(version: str, tmp_path: Path, server: Server) -> None:
    server.answers["GET http://gateway.invalid:4000/metrics"] = PAGE
    given = {"name": "gw", "targets": ["gateway.invalid:4000"], "proxy_url": server.url, "bearer_token": TOKEN}
    with scraping(version, tmp_path, given) as scraper:
        assert target(scraper)["lastError"] == ""
    releases = tmp_path / "prometheus"
    url = "http://gateway.invalid:4000/metrics"
    assert "\nprobe_success 1" in probed(releases, tmp_path, "gateway-gw", url)
    assert set(tokens_seen(server)) == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("version", EVERYWHERE["prometheus"])
def test_a_token_of_the_host_is_read_where_it_lies(version: str, tmp_path: Path, server: Server) -> None:
    tokens = tmp_path / "prometheus" / "own.d"
    tokens.mkdir(parents=True)
    (tokens / "gw.token").write_text(TOKEN)

    def page(request: Request) -> Answer:
        return PAGE if request.headers.get("Authorization") == f"Bearer {TOKEN}" else Answer(401)

    server.answers["GET /metrics"] = page
    given = gateway(server) | {"bearer_token_host_file": "gw.token"}
    with scraping(version, tmp_path, given) as scraper:
        assert target(scraper)["health"] == "up"
    assert "\nprobe_success 1" in probed(tmp_path / "prometheus", tmp_path, "gateway-gw", f"{server.url}/metrics")


# -- what is written


def written(*given: dict[str, Any], **variables: Any) -> tuple[Any, Any]:
    files = rendering.render_tree(llmmon_gateways=list(given), **variables)
    configuration = yaml.safe_load(files["prometheus.yml"])
    jobs = {job["job_name"]: job for job in configuration["scrape_configs"]}
    return jobs, yaml.safe_load(files["prober/blackbox.yml"])["modules"]


def test_no_secret_is_in_what_diffs_show() -> None:
    secrets = {"ca": "MY-CA", "cert": "MY-CERT", "key": "MY-KEY"}
    given = [
        {"name": "a", "targets": ["a:1"], "bearer_token": "MY-TOKEN", "tls_config": secrets},
        {"name": "b", "targets": ["b:1"], "basic_auth": {"username": "me", "password": "MY-PASSWORD"}},
    ]
    files = rendering.render_tree(llmmon_gateways=given)
    assert [path for path, content in files.items() if "MY-" in content] == []
    assert gateway_secrets(gateways(given, 0)) == {
        "gateway-a.token": "MY-TOKEN",
        "gateway-a.ca": "MY-CA\n",
        "gateway-a.cert": "MY-CERT\n",
        "gateway-a.key": "MY-KEY\n",
        "gateway-b.password": "MY-PASSWORD",
    }


def test_prometheus_and_the_prober_ask_alike() -> None:
    jobs, modules = written(
        {
            "name": "a",
            "targets": ["a:1"],
            "basic_auth": {"username": "me", "password": "x"},
            "tls_config": {"ca": "x", "insecure_skip_verify": "no"},
        }
    )
    places = {"secrets": jobs["a"], "/etc/llmmon/prometheus/current/secrets": modules["gateway-a"]["http"]}
    for directory, options in places.items():
        assert options["follow_redirects"] is False
        assert options["tls_config"] == {"insecure_skip_verify": False, "ca_file": f"{directory}/gateway-a.ca"}
        assert options["basic_auth"] == {"username": "me", "password_file": f"{directory}/gateway-a.password"}
    assert "basic_auth" not in modules["no-token-a"]["http"]


def test_a_gateway_without_a_secret_is_not_asked_for_one() -> None:
    _, modules = written({"name": "a", "targets": ["a:1"]})
    assert list(modules) == ["gateway-a"]
    assert "authorization" not in modules["gateway-a"]["http"]


def test_litellm_has_its_page_behind_a_redirect() -> None:
    jobs, _ = written({"name": "a", "kind": "litellm", "targets": ["a:1"]}, playbook_dir="/", inventory_dir=None)
    assert jobs["a"]["metrics_path"] == "/metrics/"


def test_tokens_become_files_without_blanks_around_them(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(" from-file\n\n")
    known = gateways(
        [
            {"name": "a", "targets": [], "bearer_token": " given\n"},
            {"name": "b", "targets": [], "bearer_token_file": "token"},
            {"name": "c", "targets": []},
        ],
        0,
    )
    assert gateway_secrets(known, [str(tmp_path)]) == {"gateway-a.token": "given", "gateway-b.token": "from-file"}
