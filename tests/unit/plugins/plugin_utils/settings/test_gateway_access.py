"""What is wrong with how a gateway is asked, sentence by sentence."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.gateway_access import access_problems
from cryptography.hazmat.primitives import serialization

from tests.support.loopback import certificate

SECRET = "s3cret-0a1b"  # noqa: S105 - made up for these tests


def pair() -> tuple[str, str]:
    """A fresh certificate and its key."""
    with tempfile.TemporaryDirectory() as folder:
        key, begin, cert = certificate(Path(folder)).read_text().partition("-----BEGIN CERTIFICATE-----")
    return begin + cert, key


CA, KEY = pair()
OTHER_KEY = pair()[1]
LOCKED_KEY = (
    serialization.load_pem_private_key(KEY.encode(), None)
    .private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(SECRET.encode()),
    )
    .decode()
)


def problems_of(*places: str, **settings: Any) -> list[str]:
    return access_problems({"name": "gw", "targets": ["gw:8000"], **settings}, places)


@pytest.mark.parametrize(
    "settings",
    [
        {"metrics_path": "/m"},
        {"metrics_path": "/mätrics;a=b"},
        {"params": {"format": "text", "name": ["a", 1, True]}},
        {"params": None, "basic_auth": None, "tls_config": None, "proxy_url": None, "follow_redirects": None},
        {"basic_auth": {"username": "a", "password": SECRET}},
        {"tls_config": {"ca": CA, "cert": CA, "key": KEY, "server_name": "x", "min_version": "TLS13"}},
        {"tls_config": {"insecure_skip_verify": True}},
        {"proxy_url": "http://proxy.example:3128"},
        {"follow_redirects": True, "bearer_token": SECRET},
        {"bearer_token_host_file": "teams/litellm.token"},
    ],
)
def test_what_is_fine(settings: dict[str, Any]) -> None:
    assert problems_of(**settings) == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("metrics", "must begin with a slash, such as /metrics"),
        ("", "must begin with a slash, such as /metrics"),
        (5, "must begin with a slash, such as /metrics"),
        ("/m?a=b", "must not have a query; what follows the '?' goes to params, such as {name: value}"),
        ("/m#a", "must not contain blanks, '#' or '%'; write the path itself, which llmmon encodes as needed"),
        ("/a b", "must not contain blanks, '#' or '%'; write the path itself, which llmmon encodes as needed"),
        ("/a\n", "must not contain blanks, '#' or '%'; write the path itself, which llmmon encodes as needed"),
        ("/a%20b", "must not contain blanks, '#' or '%'; write the path itself, which llmmon encodes as needed"),
    ],
)
def test_a_path_that_not_everybody_would_read_alike(path: Any, reason: str) -> None:
    assert problems_of(metrics_path=path) == [f"llmmon_gateways: the metrics_path {path!r} of gw {reason}"]


@pytest.mark.parametrize("params", [{"a": []}, {"a": {"b": 1}}, {"a": None}])
def test_params_are_texts(params: dict[str, Any]) -> None:
    assert problems_of(params=params) == ["llmmon_gateways: params of gw must give 'a' a text, or a list of them"]


def test_params_are_a_dictionary() -> None:
    assert problems_of(params="a=b") == ["llmmon_gateways: params of gw is text, but must be a dictionary"]


@pytest.mark.parametrize(
    ("tls", "sentence"),
    [
        ({"ca_fil": "x"}, "tls_config of gw has the key ca_fil, which llmmon does not know; it may have ca, ca_file, "),
        ({"ca": CA, "ca_file": "x"}, "gw has both tls_config.ca and tls_config.ca_file; leave one out"),
        ({"ca_file": ""}, "the tls_config.ca_file of gw is empty; give it a path, or leave it out"),
        ({"ca_file": "no/ca.pem"}, "the tls_config.ca_file no/ca.pem of gw cannot be read here: No such file"),
        ({"ca": ""}, "the tls_config.ca of gw is empty"),
        ({"ca": "MII"}, "tls_config.ca of gw is not a certificate in PEM form (-----BEGIN CERTIFICATE-----)"),
        ({"cert": KEY, "key": KEY}, "tls_config.cert of gw is not a certificate in PEM form"),
        ({"cert": CA, "key": f"{SECRET}"}, "tls_config.key of gw is not a private key in PEM form"),
        ({"cert": CA, "key": OTHER_KEY}, "tls_config.key of gw is not the key of tls_config.cert"),
        ({"ca": CA.replace("M", "N")}, "tls_config.ca of gw is not a certificate in PEM form"),
        ({"cert": CA, "key": LOCKED_KEY}, "tls_config.key of gw has a passphrase, for"),
        ({"cert": CA}, "tls_config of gw needs cert and key together; give it key or key_file, too"),
        ({"key": KEY}, "tls_config of gw needs cert and key together; give it cert or cert_file, too"),
        ("ca.pem", "tls_config of gw is text, but must be a dictionary"),
    ],
)
def test_tls_that_would_take_the_gateway_away(tls: Any, sentence: str) -> None:
    (found,) = problems_of(tls_config=tls)
    assert found.startswith(f"llmmon_gateways: {sentence}")
    assert SECRET not in found


@pytest.mark.parametrize(
    ("basic_auth", "sentence"),
    [
        ({"password": SECRET}, "basic_auth of gw has no username"),
        (
            {"username": "a"},
            "basic_auth of gw has no password; give it password, or password_file on the controller",
        ),
        ({"username": "a", "password": " "}, "the basic_auth.password of gw is empty"),
        ({"username": "a", "password": f"{SECRET}\n{SECRET}"}, "the password of gw has more than one line"),
        (
            {"username": "a", "password_file": "no/such"},
            "the basic_auth.password_file no/such of gw cannot be read here: No such file or directory",
        ),
    ],
)
def test_a_user_and_a_password(basic_auth: Any, sentence: str) -> None:
    assert problems_of(basic_auth=basic_auth) == [f"llmmon_gateways: {sentence}"]


def test_a_gateway_is_signed_in_to_in_one_way() -> None:
    basic_auth = {"username": "a", "password": SECRET}
    assert problems_of(bearer_token=SECRET, basic_auth=basic_auth) == [
        "llmmon_gateways: gw has both bearer_token and basic_auth; leave one out"
    ]
    assert access_problems({"name": "gw", "bearer_token_file": "x", "bearer_token_host_file": "y"}, ()) == [
        "llmmon_gateways: gw has both bearer_token_file and bearer_token_host_file; leave one out"
    ]


@pytest.mark.parametrize("path", ["/etc/token", "../token", "a/../../b", "", None, 5, ".hidden", "a b"])
def test_a_token_of_the_host_lies_where_the_container_reads(path: Any) -> None:
    (found,) = problems_of(bearer_token_host_file=path)
    assert found.startswith(
        f"llmmon_gateways: the bearer_token_host_file {path!r} of gw must be the path of a file below"
    )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"proxy_url": "proxy:3128"}, "proxy_url of gw is not a URL that begins with http:// or https://"),
        ({"proxy_url": f"http://me:{SECRET}@proxy:3128"}, "proxy_url of gw must not contain a user and a password"),
        ({"proxy_url": "http://proxy:3128", "follow_redirects": True}, "gw has both proxy_url and follow_redirects"),
    ],
)
def test_the_way_to_a_gateway(settings: dict[str, Any], sentence: str) -> None:
    (found,) = problems_of(**settings)
    assert found.startswith(f"llmmon_gateways: {sentence}")
    assert SECRET not in found


def test_files_are_looked_for_beside_the_inventory(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(CA)
    (tmp_path / "token").write_text(SECRET)
    settings: dict[str, Any] = {"bearer_token_file": "token", "tls_config": {"ca_file": "ca.pem"}}
    assert problems_of(str(tmp_path / "no"), str(tmp_path), **settings) == []
    assert len(problems_of(str(tmp_path / "no"), **settings)) == 2
