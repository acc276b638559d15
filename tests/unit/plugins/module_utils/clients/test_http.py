"""The one HTTP client of the collection, against a server on loopback."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import requests
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import (
    Connection,
    HttpClient,
    HttpError,
    without_credentials,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.support.loopback import Answer, Request, Server, as_json, certificate, unused_port

PASSWORD = "pässword-9f2"  # noqa: S105 - made up for these tests
TOKEN = "token-41b7"  # noqa: S105


def failure(client: HttpClient, path: str = "/api/x", method: str = "GET", **more: Any) -> HttpError:
    """The error that a request ends with."""
    with pytest.raises(HttpError) as caught:
        client.send(method, path, **more)
    return caught.value


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client would have waited between its attempts."""
    seconds: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", seconds.append)
    return seconds


@pytest.fixture
def client(server: Server) -> HttpClient:
    return HttpClient(Connection(url=server.url, timeout=5))


# -- what is sent


def test_answers_are_decoded(server: Server, client: HttpClient) -> None:
    server.answers["GET /api/x?query=up&limit=3"] = as_json({"status": "success"})
    server.answers["POST /api/y"] = Answer(200, b"")
    server.answers["GET /metrics"] = Answer(200, "name 1\n# ü\n".encode(), "text/plain; charset=utf-8")
    assert client.get("/api/x", query="up", limit=3) == {"status": "success"}
    assert client.send("POST", "/api/y", {"a": [1]}) is None
    assert client.text("/metrics") == "name 1\n# ü\n"
    assert [request.json for request in server.requests if request.method == "POST"] == [{"a": [1]}]
    assert client.requests_sent == 3


def test_a_sub_path_of_the_server_is_kept(server: Server) -> None:
    server.answers["GET /grafana/api/health"] = as_json({})
    assert HttpClient(Connection(url=f"{server.url}/grafana/")).get("/api/health") == {}


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ({"user": "admin", "password": "päss:word"}, "Basic YWRtaW46cMOkc3M6d29yZA=="),
        ({"token": "abc"}, "Bearer abc"),
        ({"token": "abc", "user": "admin", "password": "x"}, "Bearer abc"),
        # Half a login would be a wrong one, and Grafana locks a user after five of them.
        ({"user": "admin"}, None),
        ({}, None),
    ],
)
def test_credentials_go_into_the_header(options: dict[str, str], header: str | None, server: Server) -> None:
    server.answers["GET /api/x"] = as_json({})
    HttpClient(Connection(url=server.url, **options)).get("/api/x")  # type: ignore[arg-type]
    assert server.requests[0].headers.get("Authorization") == header


def test_a_token_of_any_letters_is_sent(server: Server) -> None:
    server.answers["GET /api/x"] = as_json({})
    HttpClient(Connection(url=server.url, token="t€")).get("/api/x")  # noqa: S106
    assert server.requests[0].headers["Authorization"].encode("latin-1") == "Bearer t€".encode()


def test_the_environment_has_no_say(
    server: Server, client: HttpClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    server.answers["GET /api/x"] = as_json({})
    client.get("/api/x")
    assert "Authorization" not in server.requests[0].headers


# -- what goes wrong


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (as_json({"message": "Invalid username or password"}, 401), "answered 401: Invalid username or password"),
        (as_json({"status": "error", "error": "bad query"}, 400), "answered 400: bad query"),
        (Answer(500, b"<html>oops</html>", "text/html; charset=utf-8"), "answered 500: a page of HTML"),
        (Answer(500, b" out of\n\nmemory ", "text/plain"), "answered 500: out of memory"),
        (Answer(404, b"", None), "answered 404: Not Found"),
        (as_json([1], 409), "answered 409: [1]"),
        (as_json({"message": ""}, 409), 'answered 409: {"message": ""}'),
    ],
)
def test_an_error_is_one_sentence_with_the_server_s_words(
    answer: Answer, words: str, server: Server, client: HttpClient
) -> None:
    server.answers["GET /api/x"] = answer
    error = failure(client)
    assert str(error) == f"GET {server.url}/api/x {words}"
    assert (error.status, error.reason) == (answer.status, "status")


def test_the_body_of_an_error_is_kept(server: Server, client: HttpClient) -> None:
    server.answers["POST /api/x"] = as_json({"status": "name-exists", "message": "m"}, 412)
    assert failure(client, method="POST", body={}).body == {"status": "name-exists", "message": "m"}


def test_long_words_are_cut(server: Server, client: HttpClient) -> None:
    server.answers["GET /api/x"] = as_json({"message": "x" * 5000}, 500)
    assert len(str(failure(client))) < 400


def test_a_page_instead_of_json_is_explained(server: Server, client: HttpClient) -> None:
    server.answers["GET /api/x"] = Answer(200, b"<html>login</html>", "text/html; charset=utf-8")
    error = failure(client)
    assert str(error) == (
        f"GET {server.url}/api/x answered 200 with text/html instead of JSON"
        " (is a proxy or another service answering there?)"
    )
    assert (error.status, error.reason) == (200, "not_json")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_not_followed(method: str, server: Server, client: HttpClient) -> None:
    location = f"{server.url}/login?state=s3cret"
    server.answers[f"{method} /api/x"] = Answer(302, b"", headers={"Location": location})
    error = failure(client, method=method)
    assert str(error).endswith(f"answered 302: a redirect to {server.url}/login")
    assert error.status == 302
    assert len(server.requests) == 1


def test_nothing_listens() -> None:
    url = f"http://127.0.0.1:{unused_port()}"
    error = failure(HttpClient(Connection(url=url)))
    assert str(error) == f"GET {url}/api/x failed: [Errno 111] Connection refused"
    assert (error.status, error.reason) == (None, "connection")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_answer_in_time(method: str, server: Server) -> None:
    server.answers[f"{method} /api/x"] = Answer(wait=True)
    error = failure(HttpClient(Connection(url=server.url, timeout=0.1)), method=method)
    assert str(error) == f"{method} {server.url}/api/x gave no answer within 0.1 s"
    assert (error.status, error.reason) == (None, "timeout")
    # Asked once: what was asked may be under way.
    assert wait_for(lambda: server.requests or None, 10)
    assert len(server.requests) == 1


def test_a_connection_that_ends_without_an_answer(server: Server, client: HttpClient) -> None:
    server.answers["POST /api/x"] = Answer(hang_up=True)
    error = failure(client, method="POST")
    assert "Remote end closed connection without response" in str(error)
    assert (error.reason, len(server.requests)) == ("connection", 1)


def test_what_a_library_has_passed_over_is_not_the_reason(
    server: Server, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As urllib3 1.26 first asks for an answer with an argument of Python 2."""
    server.answers["POST /api/x"] = Answer(hang_up=True)
    get_response = HTTPConnection.getresponse

    def ask_in_vain_first(connection: HTTPConnection) -> Any:
        try:
            get_response(connection, buffering=True)  # type: ignore[call-arg]
        except TypeError:
            return get_response(connection)

    monkeypatch.setattr("urllib3.connection.HTTPConnection.getresponse", ask_in_vain_first)
    assert str(failure(client, method="POST")).endswith("failed: Remote end closed connection without response")


@pytest.mark.parametrize(
    "url", ["127.0.0.1:9090", "ftp://127.0.0.1", "http://127.0.0.1:port", "http://", "http://[::1"]
)
def test_an_address_that_is_none_is_a_sentence_too(url: str) -> None:
    error = failure(HttpClient(Connection(url=url)))
    assert str(error).startswith("GET ")
    assert error.reason == "connection"


def test_every_request_has_a_timeout(client: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def send(*_: Any, **options: Any) -> requests.Response:
        seen.append(options["timeout"])
        raise requests.exceptions.ConnectionError("no network in this test")

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    for call in (lambda: client.get("/a"), lambda: client.text("/b"), lambda: client.send("PUT", "/c", {})):
        with pytest.raises(HttpError):
            call()
    assert seen == [5, 5, 5]


# -- TLS


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


def test_certificates_are_checked(pem: Path) -> None:
    with Server(pem) as server:
        server.answers["GET /api/x"] = as_json({})
        by_name = server.url.replace("127.0.0.1", "localhost")
        unknown = failure(HttpClient(Connection(url=by_name)))
        other_name = failure(HttpClient(Connection(url=server.url, ca_path=str(pem))))
        assert HttpClient(Connection(url=by_name, ca_path=str(pem))).get("/api/x") == {}
    assert str(unknown) == f"GET {by_name}/api/x failed: TLS: self-signed certificate"
    assert unknown.reason == other_name.reason == "tls"
    assert "127.0.0.1" in str(other_name).partition("TLS: ")[2]


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_certificates_are_not_checked_on_request(pem: Path) -> None:
    with Server(pem) as server:
        server.answers["GET /api/x"] = as_json({})
        assert HttpClient(Connection(url=server.url, validate_certs=False)).get("/api/x") == {}
        # The user who says both wants no check.
        both = Connection(url=server.url, validate_certs=False, ca_path="/no/such/file")
        assert HttpClient(both).get("/api/x") == {}


def test_tls_to_a_server_without(server: Server) -> None:
    error = failure(HttpClient(Connection(url=server.url.replace("http:", "https:"))))
    assert error.reason == "tls"


def test_a_file_of_authorities_that_is_not_there_is_named(server: Server) -> None:
    connection = Connection(url=server.url.replace("http:", "https:"), ca_path="/no/such/file")
    assert "/no/such/file" in str(failure(HttpClient(connection)))


def test_a_server_that_asks_for_a_certificate_is_shown_one(pem: Path, tmp_path: Path) -> None:
    both = certificate(tmp_path)
    key, end, alone = both.read_text().partition("-----END PRIVATE KEY-----\n")
    (tmp_path / "key.pem").write_text(key + end)
    (tmp_path / "certificate.pem").write_text(alone)
    with Server(pem, clients=both) as server:
        server.answers["GET /api/x"] = as_json({})
        known = Connection(url=server.url.replace("127.0.0.1", "localhost"), ca_path=str(pem))
        refused = failure(HttpClient(known))
        in_one = dataclasses.replace(known, client_cert=str(both))
        in_two = dataclasses.replace(
            known, client_cert=str(tmp_path / "certificate.pem"), client_key=str(tmp_path / "key.pem")
        )
        for shown in (in_one, in_two):
            assert HttpClient(shown).get("/api/x") == {}
        of_another = failure(HttpClient(dataclasses.replace(in_two, client_key=str(pem))))
    assert refused.status is None
    assert str(of_another).endswith("TLS: KEY_VALUES_MISMATCH")


def test_a_certificate_of_ours_that_is_not_there_is_named(server: Server) -> None:
    connection = Connection(url=server.url.replace("http:", "https:"), client_cert="/no/such/file")
    assert "/no/such/file" in str(failure(HttpClient(connection)))


# -- sending again


def in_turn(*answers: Answer) -> Callable[[Request], Answer]:
    left = list(answers)
    return lambda _: left.pop(0)


def test_reading_is_tried_again_when_a_proxy_has_no_upstream(
    server: Server, client: HttpClient, slept: list[float]
) -> None:
    server.answers["GET /api/x"] = in_turn(Answer(503, headers={"Retry-After": "3600"}), as_json({"a": 1}))
    assert client.get("/api/x") == {"a": 1}
    assert server.asked("GET") == ["/api/x"] * 2
    # How long is not for the server to say.
    assert sum(slept) < 1


def test_reading_is_given_up_after_the_third_time(server: Server, client: HttpClient) -> None:
    server.answers["GET /api/x"] = as_json({"message": "no upstream"}, 502)
    assert str(failure(client)).endswith("answered 502: no upstream")
    assert server.asked("GET") == ["/api/x"] * 3


@pytest.mark.parametrize("status", [401, 429, 500])
def test_other_answers_are_final(status: int, server: Server, client: HttpClient) -> None:
    # A second 401 would count as a second wrong password.
    server.answers["GET /api/x"] = Answer(status, b"", headers={"Retry-After": "3600"})
    assert failure(client).status == status
    assert server.asked("GET") == ["/api/x"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("status", [502, 503, 504])
def test_writing_is_never_tried_again(method: str, status: int, server: Server, client: HttpClient) -> None:
    server.answers[f"{method} /api/x"] = Answer(status, b"")
    assert failure(client, method=method, body={}).status == status
    assert server.asked(method) == ["/api/x"]


# -- no credential in any message


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:secret@host:3000/a", "http://host:3000/a"),
        ("https://user:sec@ret@[::1]:3000", "https://[::1]:3000"),
        ("http://user:se/cr?et@host/a", "http://host/a"),
        ("http://user:secret@host:port/a", "http://host:port/a"),
        ("user:secret@host/a", "host/a"),
        ("http://host:3000/a?b=c", "http://host:3000/a?b=c"),
    ],
)
def test_urls_are_shown_without_credentials(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        f"http://admin:{PASSWORD}@127.0.0.1:{{port}}",
        f"http://admin:{PASSWORD}@127.0.0.1:1",
        f"http://admin:{PASSWORD}@127.0.0.1:port",
        f"http://admin:{PASSWORD}@no-host-[]",
        f"admin:{PASSWORD}@127.0.0.1:{{port}}",
        f"ftp://admin:{PASSWORD}@127.0.0.1",
    ],
)
def test_a_password_in_the_url_shows_in_no_message(url: str, server: Server) -> None:
    server.answers["GET /api/x"] = as_json({"message": f"no user admin with {PASSWORD}"}, 401)
    message = str(failure(HttpClient(Connection(url=url.replace("{port}", str(server.port))))))
    assert PASSWORD not in message
    assert "%" not in message
    assert message.startswith("GET ")
    assert "@" not in message.partition("/api/x")[0]


@pytest.mark.parametrize(
    "answer",
    [
        as_json({"message": f"{TOKEN} and {PASSWORD} are wrong"}, 401),
        Answer(500, f"{TOKEN} {PASSWORD}".encode(), "text/plain; charset=utf-8"),
        Answer(302, b"", headers={"Location": f"/login/{TOKEN}"}),
    ],
)
def test_a_server_that_repeats_credentials_is_not_repeated(answer: Answer, server: Server) -> None:
    server.answers["GET /api/x"] = answer
    for connection in (
        Connection(url=server.url, token=TOKEN, password=PASSWORD),
        Connection(url=server.url, user="admin", password=PASSWORD, token=TOKEN),
    ):
        message = str(failure(HttpClient(connection)))
        assert TOKEN not in message
        assert PASSWORD not in message
        assert "********" in message


def test_a_token_that_no_header_can_hold_shows_in_no_message(server: Server) -> None:
    message = str(failure(HttpClient(Connection(url=server.url, token=f"{TOKEN}ü\nX: y"))))
    assert TOKEN not in message
    assert server.requests == []
