# SPDX-License-Identifier: Apache-2.0
"""Pull an image within a bounded time, and tell apart why a registry did not give it."""

from __future__ import annotations

import dataclasses
import re
from http import HTTPStatus
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError

try:
    import docker
    import docker.errors
    import docker.utils
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError
except ImportError:
    # Whoever pulls has an engine, which says that the library is missing.
    pass

_PAGE = re.compile(r"error parsing HTTP (\d{3}) response body: [^\"]*(.*)", re.DOTALL)
_STATUS = re.compile(r"unexpected (?:HTTP )?status(?: code)?[^\d]*?:? ?(\d{3})\b")
_SHOWN_CHARACTERS = 300


@dataclasses.dataclass(frozen=True)
class Cause:
    """Why a registry did not give an image: a name, in words, and what helps."""

    kind: str
    what: str
    advice: str


RATE_LIMITED = Cause(
    "rate_limited",
    "the registry answered 429 Too Many Requests",
    "try again later, sign in there with 'docker login', or name a mirror by llmmon_image_registry",
)
REFUSED = Cause(
    "refused",
    "the registry refused it",
    "sign in there with 'docker login', correct the name of the image, or name a mirror by llmmon_image_registry",
)
ABSENT = Cause("absent", "the registry has no such image", "correct the version or the image")
SILENT = Cause(
    "silent",
    "the registry is silent or too slow",
    "try again later, look at the way to it (proxy, firewall), or name a mirror by llmmon_image_registry",
)
UNREACHABLE = Cause(
    "unreachable",
    "no registry answers",
    "check llmmon_image_registry, the DNS and the proxy of the container engine, or load the image by 'docker load'",
)
UNTRUSTED = Cause(
    "untrusted",
    "the registry's certificate is not trusted",
    "give the container engine the registry's CA in /etc/docker/certs.d, or correct llmmon_image_registry",
)
BROKEN_OFF = Cause("broken_off", "the download broke off", "try again, or name a mirror by llmmon_image_registry")
FAILING = Cause("failing", "the registry fails", "try again later, or name a mirror by llmmon_image_registry")
UNKNOWN = Cause(
    "unknown", "the container engine could not pull it", "check llmmon_image_registry and the log of the engine"
)

# What the engine says, in the order in which it decides: a refusal may quote anything.
_TELLING: tuple[tuple[Cause, str], ...] = (
    (RATE_LIMITED, r"toomanyrequests|too many requests|rate limit|rate exceeded"),
    (ABSENT, r"manifest unknown|name unknown|no matching manifest|manifest for \S+ not found|: not found$"),
    (REFUSED, r"pull access denied|denied:|unauthorized|no basic auth|did not include a token|forbidden"),
    (UNTRUSTED, r"x509:|tls: (?!handshake timeout)|server gave HTTP response to HTTPS client"),
    (SILENT, r"deadline exceeded|i/o timeout|handshake timeout|Client\.Timeout|request canceled|nothing was heard"),
    (UNREACHABLE, r"no such host|connection refused|no route to host|network is unreachable|dial tcp: lookup "),
    (BROKEN_OFF, r"\bEOF\b|byte range request|connection reset|broken pipe|verification failed|unexpected commit"),
)
_BY_STATUS: dict[int, Cause] = {
    HTTPStatus.UNAUTHORIZED: REFUSED,
    HTTPStatus.FORBIDDEN: REFUSED,
    HTTPStatus.NOT_FOUND: ABSENT,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: REFUSED,
    HTTPStatus.REQUEST_TIMEOUT: SILENT,
    HTTPStatus.TOO_MANY_REQUESTS: RATE_LIMITED,
    HTTPStatus.GATEWAY_TIMEOUT: SILENT,
}


class PullFailed(StackError):
    """An image did not come. ``words`` is what the registry or the engine said."""

    def __init__(self, words: str) -> None:
        self.cause = cause_of(words)
        self.words = readable(words)
        super().__init__(f"{self.cause.what} ({self.words}); {self.cause.advice}")


def cause_of(words: str) -> Cause:
    """Why a registry did not give an image, by what the container engine says."""
    told = _PAGE.search(words) or _STATUS.search(words)
    if told:
        status = int(told[1])
        return _BY_STATUS.get(status, FAILING if status >= 500 else UNKNOWN)
    return next((cause for cause, pattern in _TELLING if re.search(pattern, words.strip(), re.IGNORECASE)), UNKNOWN)


def readable(words: str) -> str:
    """What the engine says without the tags of a page that was no registry's answer, and not at any length."""
    page = _PAGE.search(words)
    if page:
        text = re.sub(r"<[^>]*>|\\[nrt]|\"", " ", page[2])
        words = f"HTTP {page[1]} with a page: {text}"
    return " ".join(words.split())[:_SHOWN_CHARACTERS].rstrip(" .:")


def pull_image(image: str, silence: int, **connection: Any) -> None:
    """Pull an image; PullFailed once nothing was heard for so many seconds, or what the registry said instead.

    A download that moves may take as long as it likes. ``connection`` says where the engine is (docker.APIClient).
    """
    repository, tag = docker.utils.parse_repository_tag(image)

    class Impatient(docker.APIClient):
        """The SDK waits for a pull without any limit."""

        def post(self, url: Any, data: Any = None, json: Any = None, **options: Any) -> Any:
            return super().post(url, data, json, **{**options, "timeout": silence})

    try:
        client = Impatient(timeout=silence, **connection)
        try:
            # To end the connection is to end the pull: nothing goes on behind our back.
            for event in client.pull(repository, tag=tag or "latest", stream=True, decode=True):
                if "error" in event:
                    raise PullFailed(str(event["error"]))
        finally:
            client.close()
    except docker.errors.APIError as error:
        raise PullFailed(str(error.explanation or error)) from error
    except (RequestException, HTTPError, OSError) as error:
        # The engine tells what moves; when it says nothing, it waits for the registry itself.
        if "timed out" in str(error).lower():
            raise PullFailed(f"nothing was heard for {silence} s") from error
        raise ConnectionError(str(error)) from error
