# SPDX-License-Identifier: Apache-2.0
"""The one HTTP client of the collection: one session, always a timeout, errors as one sentence without credentials."""

from __future__ import annotations

import base64
import dataclasses
import re
import threading
import traceback
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Optional, Union
from urllib.parse import unquote

from ansible_collections.llmmon.stack.plugins.module_utils.errors import HIDDEN, StackError

REQUESTS_IMPORT_ERROR: Optional[str] = None
try:
    import requests
    from requests.adapters import HTTPAdapter
    from requests.auth import HTTPBasicAuth
    from urllib3.exceptions import HTTPError
    from urllib3.util.retry import Retry
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()

# So many requests of one client may be on their way at once, each on a connection of its own that is kept. A real
# Grafana lets a request wait for some 80 ms and works for 10 ms of them: eight at once took nearly twice as long.
CONNECTIONS = 16

_MESSAGE_LENGTH = 300
# No parser of URLs takes part: the URLs it would choke on are the ones that get into messages.
_URL_WITH_USER = re.compile(r"([a-z][a-z0-9+.-]*://)?(?:(.*)@)?(.*)", re.IGNORECASE | re.DOTALL)


class HttpError(StackError):
    """A request failed. ``status`` is the HTTP status, or None when no answer came (``reason`` says why).

    ``location`` is where a redirect leads.
    """

    def __init__(self, message: str, status: Optional[int] = None, reason: str = "", body: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.body = body
        self.location = ""


@dataclasses.dataclass(frozen=True)
class Connection:
    """How to reach a server. ``url`` may hold a sub-path; ``token`` wins over ``user`` and ``password``."""

    url: str
    user: Optional[str] = None
    password: Optional[str] = None
    token: Optional[str] = None
    timeout: float = 10.0
    validate_certs: bool = True
    ca_path: Optional[str] = None
    client_cert: Optional[str] = None
    client_key: Optional[str] = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


def without_credentials(url: str) -> str:
    """``url`` without a user and password in it, fit for messages, however malformed it is."""
    return _URL_WITH_USER.sub(lambda match: (match[1] or "") + match[3], url, count=1)


def secrets_of(connection: Connection) -> list[str]:
    """What must not show in any message, longest first."""
    match = _URL_WITH_USER.match(connection.url)
    in_url = (match[2] if match else None) or ""
    password_in_url = in_url.partition(":")[2]
    found = {connection.password, connection.token, in_url, password_in_url, unquote(password_in_url)}
    login = f"{connection.user}:{connection.password}" if connection.password else unquote(in_url)
    plain = [secret for secret in (*found, base64.b64encode(login.encode()).decode()) if secret]
    # Libraries quote a header that they do not take.
    quoted = [form for secret in plain for form in (repr(secret)[1:-1], repr(secret.encode())[2:-1])]
    return sorted({*plain, *quoted}, key=len, reverse=True)


class HttpClient:
    """JSON over HTTP on pooled connections; threads may share it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._base = connection.url.rstrip("/")
        self._timeout = connection.timeout
        self._secrets = secrets_of(connection)
        self.password = connection.password
        self.requests_sent = 0
        self._counting = threading.Lock()
        self.session = requests.Session()
        # The environment's proxies and .netrc are not for servers on the host's own loopback.
        self.session.trust_env = False
        self.session.verify = connection.validate_certs and (connection.ca_path or True)
        if connection.client_cert:
            self.session.cert = (connection.client_cert, connection.client_key or connection.client_cert)
        self.session.headers["Accept"] = "application/json"
        self.session.headers.update(connection.headers)
        if connection.token:
            self.session.headers["Authorization"] = f"Bearer {connection.token}".encode()
        elif connection.user is not None and connection.password is not None:
            # A user without a password would be a wrong password, and Grafana counts those.
            self.session.auth = HTTPBasicAuth(connection.user.encode(), connection.password.encode())
        # Sent again is what did not reach the server, and of what did only what changes nothing, when a proxy had no
        # upstream. How long to wait is not for the server to say.
        retries = Retry(
            total=2,
            read=False,
            backoff_factor=0.2,
            status_forcelist=(502, 503, 504),
            allowed_methods={"GET", "HEAD"},
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        adapter = HTTPAdapter(max_retries=retries, pool_maxsize=CONNECTIONS)
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)

    @property
    def signs_in(self) -> bool:
        """Whether it shows a user's password with each request."""
        return self.session.auth is not None

    def get(self, path: str, **parameters: Union[str, int]) -> Any:
        """The decoded JSON of a GET."""
        return self.send("GET", path, parameters=parameters)

    def send(
        self, method: str, path: str, body: Any = None, parameters: Optional[dict[str, Union[str, int]]] = None
    ) -> Any:
        """Send a request and return the decoded JSON, None for an empty answer; all but 2xx raises HttpError."""
        response = self._exchange(method, path, body, parameters)
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError as error:
            raise self._error(
                f"{method} {self._shown(path)} answered {response.status_code} with {_kind(response)} instead of JSON"
                " (is a proxy or another service answering there?)",
                status=response.status_code,
                reason="not_json",
            ) from error

    def text(self, path: str) -> str:
        """The text of a GET, such as a metrics page."""
        return self._exchange("GET", path, None, None).text

    def _exchange(
        self, method: str, path: str, body: Any, parameters: Optional[dict[str, Union[str, int]]]
    ) -> requests.Response:
        with self._counting:
            self.requests_sent += 1
        try:
            response = self.session.request(
                method,
                self._base + path,
                json=body,
                params=parameters or None,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            raise self._error(f"{method} {self._shown(path)} failed: TLS: {_innermost(error)}", reason="tls") from error
        except requests.exceptions.Timeout as error:
            raise self._error(
                f"{method} {self._shown(path)} gave no answer within {self._timeout:g} s", reason="timeout"
            ) from error
        except OSError as error:
            # All of requests's errors are OSErrors; a file of TLS that does not exist is a bare one.
            raise self._error(
                f"{method} {self._shown(path)} failed: {_innermost(error)}", reason="connection"
            ) from error
        if not 200 <= response.status_code < 300:
            refusal = self._error(
                f"{method} {self._shown(path)} answered {response.status_code}: {_server_message(response)}",
                status=response.status_code,
                reason="status",
                body=_json_or_none(response),
            )
            refusal.location = response.headers.get("Location", "") if response.is_redirect else ""
            raise refusal
        return response

    def _shown(self, path: str) -> str:
        return without_credentials(self._base) + path

    def _error(self, message: str, status: Optional[int] = None, reason: str = "", body: Any = None) -> HttpError:
        """An error whose message holds no credential, whoever put it there: a library, or the server itself."""
        for secret in self._secrets:
            message = message.replace(secret, HIDDEN)
        return HttpError(message, status, reason, body)


def with_token(client: HttpClient, token: str) -> HttpClient:
    """A client for the same server with other credentials."""
    return HttpClient(dataclasses.replace(client.connection, user=None, password=None, token=token))


def _json_or_none(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _kind(response: requests.Response) -> str:
    return response.headers.get("Content-Type", "no content type").split(";")[0]


def _server_message(response: requests.Response) -> str:
    """What the server itself says, cut to a readable length."""
    body = _json_or_none(response)
    if isinstance(body, dict):
        message = body.get("message") or body.get("error")
        if message:
            return str(message)[:_MESSAGE_LENGTH]
    if response.is_redirect:
        return "a redirect to " + without_credentials(response.headers["Location"].partition("?")[0])
    if "html" in _kind(response):
        return "a page of HTML"
    return " ".join(response.text.split())[:_MESSAGE_LENGTH] or response.reason


def _innermost(error: BaseException) -> str:
    """The first cause of a chain of connection errors, which names the reason without the layers around it.

    All of them are errors of the network, of the operating system or a library. What else is in the chain somebody has
    met on his way and passed over, such as an argument that http.client does not know.
    """
    cause: Optional[BaseException] = error
    while isinstance(cause, (OSError, HTTPError, HTTPException)):
        error, cause = cause, cause.__cause__ or cause.__context__
    # Of an error of TLS the text holds numbers of OpenSSL's source; these say the same in words.
    return str(getattr(error, "verify_message", None) or getattr(error, "reason", None) or error)
