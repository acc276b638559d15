# SPDX-License-Identifier: Apache-2.0
"""What is wrong with how a gateway is asked: its path, tokens and passwords, TLS, proxy and redirects.

An engine that samples are written to is reached by the same keys: ``variable`` is where the user sets them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.llmmon.stack.plugins.module_utils.host.places import OWN
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateway_access import (
    PARTS_OF_TLS,
    PASSWORD,
    TOKEN,
    Shipped,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import is_true
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.addresses import url_problem
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import dictionary_problems, shown
from ansible_collections.llmmon.stack.plugins.plugin_utils.user_files import FileUnreadableError
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import Certificate, load_pem_x509_certificates

_VARIABLE = "llmmon_gateways"
_HOST_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_TLS_KEYS = (
    *(key for part in PARTS_OF_TLS for key in (part.key, part.file_key)),
    "server_name",
    "insecure_skip_verify",
    "min_version",
    "max_version",
)
_CERTIFICATE = "-----BEGIN CERTIFICATE-----"


def access_problems(gateway: dict[str, Any], places: Sequence[str]) -> list[str]:
    """What is wrong with how one gateway is asked; relative paths are looked for in ``places`` first."""
    return path_problems(gateway) + _params_problems(gateway) + way_problems(gateway, places, _VARIABLE)


def way_problems(entry: dict[str, Any], places: Sequence[str], variable: str) -> list[str]:
    """What is wrong with who asks, over what, and where an answer may lead."""
    return (
        token_problems(entry, places, variable)
        + _basic_auth_problems(entry, places, variable)
        + tls_problems(entry, places, variable)
        + _proxy_problems(entry, variable)
    )


def path_problems(gateway: Mapping[str, Any]) -> list[str]:
    """What is wrong with metrics_path. Prometheus takes all of it for a path, and the prober for a part of a URL."""
    path = gateway.get("metrics_path")
    if path is None:
        return []
    place = f"{_VARIABLE}: the metrics_path {shown(path)} of {gateway.get('name')}"
    text = str(path)
    if not text.startswith("/"):
        return [f"{place} must begin with a slash, such as /metrics"]
    if "?" in text:
        return [f"{place} must not have a query; what follows the '?' goes to params, such as {{name: value}}"]
    if re.search(r"[\s#%\x00-\x1f\x7f]", text):
        return [f"{place} must not contain blanks, '#' or '%'; write the path itself, which llmmon encodes as needed"]
    return []


def _params_problems(gateway: Mapping[str, Any]) -> list[str]:
    params, subject = gateway.get("params"), f"{_VARIABLE}: params of {gateway.get('name')}"
    found = dictionary_problems(subject, {} if params is None else params)
    if found or not params:
        return found
    return [
        f"{subject} must give {shown(name)} a text, or a list of them"
        for name, values in params.items()
        if not (values if isinstance(values, list | tuple) else [values])
        or not all(
            isinstance(value, str | int | float) for value in (values if isinstance(values, list | tuple) else [values])
        )
    ]


def token_problems(gateway: dict[str, Any], places: Sequence[str] = (), variable: str = _VARIABLE) -> list[str]:
    """What is wrong with a gateway's token."""
    name = gateway.get("name")
    keys = [key for key in (TOKEN.key, TOKEN.file_key, "bearer_token_host_file", "basic_auth") if key in gateway]
    if len(keys) > 1:
        return [f"{variable}: {name} has both {' and '.join(keys[:2])}; leave one out"]
    if TOKEN.key in gateway and not str(gateway[TOKEN.key] or "").strip():
        return [
            f"{variable}: the bearer_token of {name} is empty; set PROMETHEUS_BEARER_TOKEN in the environment or in"
            " .env, or leave bearer_token out for a gateway without one"
        ]
    if "bearer_token_host_file" in gateway:
        return _host_file_problems(str(name), gateway["bearer_token_host_file"], variable)
    text, found = shipped_content(TOKEN, gateway, places, variable)
    if not found and re.search(r"\s", text.strip()):
        key = TOKEN.file_key if TOKEN.file_key in gateway else TOKEN.key
        return [f"{variable}: the {key} of {name} contains spaces or line breaks in its middle"]
    return found


def _host_file_problems(name: str, path: Any, variable: str) -> list[str]:
    if isinstance(path, str) and _HOST_FILE.fullmatch(path):
        return []
    return [
        f"{variable}: the bearer_token_host_file {shown(path)} of {name} must be the path of a file below"
        f" {OWN} of Prometheus's configuration on the host, such as litellm.token: the container reads no other place"
    ]


def shipped_content(
    part: Shipped, gateway: dict[str, Any], places: Sequence[str], variable: str
) -> tuple[str, list[str]]:
    """What a part says, empty when it is not given, and a sentence when it says nothing that can be used."""
    name, section = gateway.get("name"), part.section_of(gateway)
    given = gateway if not part.section else gateway.get(part.section) or {}
    if part.key in given and part.file_key in given:
        return "", [f"{variable}: {name} has both {part.words} and {part.file_words}; leave one out"]
    if part.key not in given and part.file_key not in given:
        return "", []
    path = section.get(part.file_key)
    if part.file_key in given and not path:
        return "", [f"{variable}: the {part.file_words} of {name} is empty; give it a path, or leave it out"]
    try:
        text = part.content(gateway, places) if part.is_given(gateway) else ""
    except FileUnreadableError as error:
        return "", [f"{variable}: the {part.file_words} {path} of {name} cannot be read here: {error}"]
    if not text.strip():
        where = f"{part.file_words} {path}" if path else part.words
        return "", [f"{variable}: the {where} of {name} is empty"]
    return text, []


def _basic_auth_problems(gateway: dict[str, Any], places: Sequence[str], variable: str) -> list[str]:
    basic_auth, name = gateway.get("basic_auth"), gateway.get("name")
    if basic_auth is None:
        return []
    subject = f"{variable}: basic_auth of {name}"
    found = dictionary_problems(subject, basic_auth)
    if found:
        return found
    if not str(basic_auth.get("username") or ""):
        found.append(f"{subject} has no username")
    if not PASSWORD.is_given(gateway):
        return [*found, f"{subject} has no password; give it password, or password_file on the controller"]
    text, problems = shipped_content(PASSWORD, gateway, places, variable)
    if len(text.strip().splitlines()) > 1:
        problems.append(f"{variable}: the password of {name} has more than one line")
    return found + problems


def tls_problems(gateway: dict[str, Any], places: Sequence[str], variable: str) -> list[str]:
    tls, name = gateway.get("tls_config"), gateway.get("name")
    found = dictionary_problems(f"{variable}: tls_config of {name}", {} if tls is None else tls)
    if found or not tls:
        return found
    found += [
        f"{variable}: tls_config of {name} has the key {key}, which llmmon does not know; it may have"
        f" {', '.join(_TLS_KEYS)}"
        for key in tls
        if key not in _TLS_KEYS
    ]
    contents = {}
    for part in PARTS_OF_TLS:
        contents[part.key], problems = shipped_content(part, gateway, places, variable)
        found += problems
    for key in ("ca", "cert"):
        if contents[key] and not certificates(contents[key]):
            found.append(f"{variable}: tls_config.{key} of {name} is not a certificate in PEM form ({_CERTIFICATE})")
    found += _key_problems(str(name), contents["key"], contents["cert"], variable)
    given = [part.key for part in PARTS_OF_TLS[1:] if part.is_given(gateway)]
    if len(given) == 1:
        lacks = "key" if given == ["cert"] else "cert"
        found.append(
            f"{variable}: tls_config of {name} needs cert and key together; give it {lacks} or {lacks}_file, too"
        )
    return found


def _key_problems(name: str, key: str, cert: str, variable: str) -> list[str]:
    """What is wrong with a private key, and with it and its certificate together."""
    if not key:
        return []
    try:
        private = serialization.load_pem_private_key(key.strip().encode(), None)
    except TypeError:
        return [
            f"{variable}: tls_config.key of {name} has a passphrase, for which Prometheus cannot ask; remove it with"
            " 'openssl pkey', and keep the key in Ansible Vault"
        ]
    except (ValueError, UnsupportedAlgorithm):
        return [f"{variable}: tls_config.key of {name} is not a private key in PEM form (-----BEGIN PRIVATE KEY-----)"]
    chain = certificates(cert)
    if chain and chain[0].public_key() != private.public_key():
        return [f"{variable}: tls_config.key of {name} is not the key of tls_config.cert"]
    return []


def certificates(text: str) -> list[Certificate]:
    """The certificates in a text, none when one of them cannot be read: Prometheus would take none, either."""
    try:
        return load_pem_x509_certificates(text.encode()) if text else []
    except ValueError:
        return []


def _proxy_problems(gateway: dict[str, Any], variable: str) -> list[str]:
    """What is wrong with the way to the gateway and on from there."""
    proxy, name = gateway.get("proxy_url"), gateway.get("name")
    if proxy is None:
        return []
    found = url_problem(f"{variable}: proxy_url of {name}", proxy)
    if not found and urlsplit(str(proxy)).username is not None:
        found.append(
            f"{variable}: proxy_url of {name} must not contain a user and a password, which everybody could read in"
            " Prometheus's configuration"
        )
    if is_true(gateway.get("follow_redirects")):
        found.append(
            f"{variable}: {name} has both proxy_url and follow_redirects; leave one out: through a proxy a token could"
            " follow a redirect to anywhere"
        )
    return found
