"""What is wrong with the user's settings, sentence by sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.filter.settings import (
    OWN_JOBS,
    data_source_problems,
    gateway_problems,
    url_problem,
)

SECRET = "s3cret-0a1b"  # noqa: S105 - made up for these tests
KINDS = ["litellm", "canonical"]
HOST = "host.llmmon.internal"


def gateway(**changes: Any) -> dict[str, Any]:
    return {"name": "gw", "targets": ["gw.example:8000"], **changes}


def problems_of(*gateways: dict[str, Any]) -> list[str]:
    return gateway_problems(list(gateways), KINDS, HOST)


# -- gateways


@pytest.mark.parametrize(
    "good",
    [
        {},
        {"name": "llm-auth-proxy.eu_2", "kind": "litellm"},
        {"targets": ["10.0.0.1:1", "[2001:db8::1]:65535", "gw:8000", f"{HOST}:8000"]},
        {"bearer_token": f" {SECRET}\n"},
        {"name": "x" * 63},
        {"labels": {"team": "search", "job_family": "x"}},
    ],
)
def test_a_good_gateway_has_no_problems(good: dict[str, Any]) -> None:
    assert problems_of(gateway(**good)) == []


def test_names_are_unique() -> None:
    assert problems_of(gateway(), gateway(), gateway(name="other")) == [
        "llmmon_gateways: the name gw stands there twice; a name is a job label and must be unique"
    ]


@pytest.mark.parametrize("name", ["", None, "a b", "a/b", "../a", "-a", "a\n", "ü", "x" * 64, "{{ a }}"])
def test_names_are_fit_for_labels_and_files(name: Any) -> None:
    assert problems_of(gateway(name=name)) == [
        f"llmmon_gateways: the name {name!r} must consist of letters, digits, '.', '_' and '-'; it becomes a job label"
        " and part of a file's name"
    ]


@pytest.mark.parametrize("name", OWN_JOBS)
def test_names_of_our_own_jobs_are_taken(name: str) -> None:
    assert problems_of(gateway(name=name)) == [
        f"llmmon_gateways: {name} is the job of llmmon's own service; choose another name"
    ]


def test_kinds_are_known() -> None:
    assert problems_of(gateway(kind="lite-llm")) == [
        "llmmon_gateways: the kind 'lite-llm' of gw is unknown; known are canonical, litellm"
    ]


@pytest.mark.parametrize("targets", [[], None])
def test_targets_are_there(targets: Any) -> None:
    assert problems_of(gateway(targets=targets)) == ["llmmon_gateways: gw has no targets; write at least one host:port"]


@pytest.mark.parametrize(
    "target",
    [
        "gw",
        "gw:",
        ":8000",
        "gw:http",
        "gw:0",
        "gw:65536",
        "gw:8000\n",
        "http://gw:8000",
        "gw:8000/metrics",
        "user@gw:8000",
        "2001:db8::1:8000",
        "g w:8000",
        8000,
    ],
)
def test_targets_are_hosts_and_ports(target: Any) -> None:
    assert problems_of(gateway(targets=["gw:1", target])) == [
        f"llmmon_gateways: the target {target!r} of gw is not of the form host:port"
        " (the path goes to metrics_path, http or https to scheme)"
    ]


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "127.0.0.1", "127.1.2.3", "[::1]", "0.0.0.0"])  # noqa: S104
def test_targets_are_not_prometheus_s_own_container(host: str) -> None:
    assert problems_of(gateway(targets=[f"{host}:8000"])) == [
        f"llmmon_gateways: the target {host}:8000 of gw would be Prometheus's own container; for a gateway on the same"
        " host write host.llmmon.internal:8000, and let it listen on more than loopback"
    ]


def test_a_host_without_a_name_for_itself_gets_a_sentence_all_the_same() -> None:
    (sentence,) = gateway_problems([gateway(targets=["localhost:8000"])], KINDS, "")
    assert "write a name out of llmmon_etc_hosts:8000" in sentence


def test_hosts_that_only_begin_like_loopback_are_fine() -> None:
    assert problems_of(gateway(targets=["localhost.example:80", "127.0.0.1.example:80"])) == []


def test_labels_of_prometheus_are_left_alone() -> None:
    assert problems_of(gateway(labels={"team": "a", "job": "b", "__address__": "c", "instance": "d"})) == [
        "llmmon_gateways: the labels of gw must not hold __address__, instance, job: Prometheus sets them itself,"
        " and rules and dashboards go by them"
    ]


@pytest.mark.parametrize("token", ["", " \n", None])
def test_a_token_is_not_empty(token: Any) -> None:
    assert problems_of(gateway(bearer_token=token)) == [
        "llmmon_gateways: the bearer_token of gw is empty; set PROMETHEUS_BEARER_TOKEN in the environment or in .env,"
        " or leave bearer_token out for a gateway without one"
    ]


def test_a_token_has_no_blanks() -> None:
    assert problems_of(gateway(bearer_token=f"Bearer {SECRET}")) == [
        "llmmon_gateways: the bearer_token of gw holds blanks or line breaks in its middle"
    ]


def test_a_token_is_given_once(tmp_path: Path) -> None:
    assert problems_of(gateway(bearer_token=SECRET, bearer_token_file=str(tmp_path))) == [
        "llmmon_gateways: gw has both bearer_token and bearer_token_file; leave one out"
    ]


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (f"{SECRET}\n".encode(), None),
        (None, "token of gw cannot be read here: No such file or directory"),
        (b"\xff\xfe", "token of gw cannot be read here: it is no text"),
        (b" \n", "token of gw is empty"),
        (f"{SECRET}\n{SECRET}\n".encode(), "the bearer_token_file of gw holds blanks or line breaks in its middle"),
    ],
)
def test_the_file_of_a_token(content: bytes | None, ending: str | None, tmp_path: Path) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    found = problems_of(gateway(bearer_token_file=str(file)))
    if ending is None:
        assert found == []
    else:
        (sentence,) = found
        assert sentence.startswith("llmmon_gateways: the bearer_token_file ")
        assert sentence.endswith(ending)
        assert SECRET not in sentence


@pytest.mark.parametrize("path", ["", None])
def test_the_file_of_a_token_is_named(path: Any) -> None:
    assert problems_of(gateway(bearer_token_file=path)) == [
        "llmmon_gateways: the bearer_token_file of gw is empty; give it a path, or leave it out"
    ]


def test_all_problems_are_told_at_once() -> None:
    found = problems_of(gateway(kind="x", targets=["gw"], bearer_token=""), gateway(name="b", targets=[]))
    assert len(found) == 4


# -- URLs


@pytest.mark.parametrize(
    "url",
    ["https://hooks.example/services/T/B/x", "http://sink:8080", "https://[::1]:8443/x?a=b#c", "HTTPS://h/"],
)
def test_good_urls(url: str) -> None:
    assert url_problem("v", url) == []


@pytest.mark.parametrize("url", ["", None])
def test_an_empty_url(url: Any) -> None:
    assert url_problem("v", url) == ["v is empty; give it an URL, or leave the receiver out"]


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
    assert sentence == "v is not an URL that begins with http:// or https:// and names a host"


# -- data sources


def source(**changes: Any) -> dict[str, Any]:
    return {"name": "Loki", "uid": "loki", "type": "loki", **changes}


def test_a_data_source_may_not_take_the_name_of_ours() -> None:
    (sentence,) = data_source_problems([source(name="Prometheus")], "own", True)
    assert "Prometheus is the name of llmmon's own data source" in sentence


def test_good_data_sources() -> None:
    assert data_source_problems([], "own", True) == []
    assert data_source_problems([source(), source(name="B", uid="b_2")], "own", True) == []
    assert data_source_problems([source(isDefault=True)], "own", False) == []
    assert data_source_problems([source(isDefault=False)], "own", True) == []


@pytest.mark.parametrize(
    ("sources", "own_is_default", "names"),
    [
        ([source(isDefault=True)], True, "llmmon's own (llmmon_grafana_prometheus_is_default), Loki"),
        ([source(isDefault=True), source(name="B", uid="b", isDefault=True)], False, "Loki, B"),
    ],
)
def test_only_one_data_source_is_the_default(sources: list[dict[str, Any]], own_is_default: bool, names: str) -> None:
    assert data_source_problems(sources, "own", own_is_default) == [
        f"llmmon_grafana_data_sources: more than one data source is the default: {names}; Grafana does not start with"
        " two, so set isDefault on one of them only"
    ]


def test_names_and_uids_of_data_sources_are_unique() -> None:
    assert data_source_problems([source(), source()], "own", True) == [
        "llmmon_grafana_data_sources: the name Loki stands there twice",
        "llmmon_grafana_data_sources: the uid loki stands there twice",
    ]


@pytest.mark.parametrize("uid", [None, "", "a-b", "a b", "a\n", "x" * 41, "own"])
def test_uids_of_data_sources(uid: str | None) -> None:
    # No hyphen: the data source proxy of Grafana 9.4 cuts the uid there.
    sentence = (
        f"llmmon_grafana_data_sources: Loki needs a uid of its own, of 1 to 40 letters, digits or '_', but has {uid!r}"
    )
    assert data_source_problems([source(uid=uid)], "own", True) == [sentence]
    # Two that lack one have no uid in common.
    assert len(data_source_problems([source(uid=None), source(name="B", uid=None)], "own", True)) == 2
