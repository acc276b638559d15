# SPDX-License-Identifier: Apache-2.0
"""How a gateway is asked, by Prometheus and by the prober alike: who asks, over what, and where an answer may lead.

Tokens, passwords, certificates and keys are shipped as files of their own: only these files hold them. An engine that
samples are written to is reached by the same keys; ``whose`` is what the names of its files begin with.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import SECRETS
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import OWN
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway, is_true
from ansible_collections.llmmon.stack.plugins.plugin_utils.user_files import text_of

GATEWAY = "gateway"
# A proxy that does not exist: what is sent there reaches nobody.
NOWHERE = "http://127.0.0.1:1"


@dataclasses.dataclass(frozen=True)
class Shipped:
    """Something that the user gives as it is or as a file on the controller, and that becomes a file on the host."""

    suffix: str
    key: str
    # The dictionary of the gateway that has the key; empty for the gateway itself.
    section: str = ""

    @property
    def file_key(self) -> str:
        return f"{self.key}_file"

    @property
    def words(self) -> str:
        """How messages call it."""
        return self._called(self.key)

    @property
    def file_words(self) -> str:
        """How messages call the file."""
        return self._called(self.file_key)

    def _called(self, key: str) -> str:
        return f"{self.section}.{key}" if self.section else key

    def section_of(self, gateway: Mapping[str, Any]) -> Mapping[str, Any]:
        """The dictionary that has its keys, with those that have a value."""
        section = (gateway.get(self.section) or {}) if self.section else gateway
        return {key: value for key, value in section.items() if value is not None}

    def is_given(self, gateway: Mapping[str, Any]) -> bool:
        """Whether the user says it, in whatever way."""
        section = self.section_of(gateway)
        return self.key in section or self.file_key in section

    def content(self, gateway: Mapping[str, Any], places: Sequence[str]) -> str:
        """What it says.

        Raises FileUnreadableError.
        """
        section = self.section_of(gateway)
        if self.key in section:
            return str(section[self.key])
        return text_of(str(section[self.file_key]), places)

    def name_on_host(self, gateway: Mapping[str, Any], whose: str = GATEWAY) -> str:
        """The name of its file."""
        return f"{whose}-{gateway['name']}.{self.suffix}"


TOKEN = Shipped("token", "bearer_token")
PASSWORD = Shipped("password", "password", "basic_auth")
PARTS_OF_TLS = TLS_CA, _, _ = tuple(Shipped(key, key, "tls_config") for key in ("ca", "cert", "key"))
SHIPPED = (TOKEN, PASSWORD, *PARTS_OF_TLS)


def gateway_secrets(known: Iterable[Gateway], places: Sequence[str] | None = None) -> dict[str, str]:
    """Files to ship of gateways: name to content. Blanks around a secret are left out.

    Raises FileUnreadableError for a file that cannot be read.
    """
    return secrets_of(known, places or (), GATEWAY)


def secrets_of(known: Iterable[Mapping[str, Any]], places: Sequence[str], whose: str) -> dict[str, str]:
    """Files to ship of whoever has the keys of SHIPPED.

    Raises FileUnreadableError.
    """
    return {
        part.name_on_host(gateway, whose): part.content(gateway, places).strip()
        + ("\n" if part in PARTS_OF_TLS else "")
        for gateway in known
        for part in SHIPPED
        if part.is_given(gateway)
    }


def gateway_scrape_options(gateway: Gateway, config_root: str) -> dict[str, Any]:
    """What a scrape job says of it; paths of what is shipped are relative to prometheus.yml."""
    options = {
        **sign_in(gateway, SECRETS, config_root),
        **tls(gateway, SECRETS),
        "follow_redirects": gateway["follow_redirects"],
    }
    if "proxy_url" in gateway:
        options["proxy_url"] = gateway["proxy_url"]
    elif gateway["follow_redirects"]:
        options |= _to_targets_only(gateway)
    return options


def gateway_probe_options(gateway: Gateway, config_root: str, signs_in: bool) -> dict[str, Any]:
    """The same for a module of the prober, which reads paths from the root.

    Whoever reaches the prober chooses what it asks. All that is not a target of the gateway therefore goes nowhere, so
    that a token is sent to its gateway and to nobody else. Through a proxy of the user's that is for the proxy to say.
    """
    directory = f"{config_root}/current/{SECRETS}"
    options = {
        **(sign_in(gateway, directory, config_root) if signs_in else {}),
        **tls(gateway, directory),
        "follow_redirects": gateway["follow_redirects"],
        # Otherwise addresses would be compared with the names of targets, and the proxy would get addresses.
        "skip_resolve_phase_with_proxy": True,
    }
    if "proxy_url" in gateway:
        return {**options, "proxy_url": gateway["proxy_url"]}
    return {**options, **_to_targets_only(gateway)}


def _to_targets_only(gateway: Gateway) -> dict[str, Any]:
    return {"proxy_url": NOWHERE, "no_proxy": ",".join(gateway["targets"])}


def sign_in(gateway: Mapping[str, Any], directory: str, config_root: str, whose: str = GATEWAY) -> dict[str, Any]:
    """Who asks, as Prometheus writes it; ``directory`` is where the files are."""
    if "basic_auth" in gateway:
        path = f"{directory}/{PASSWORD.name_on_host(gateway, whose)}"
        return {"basic_auth": {"username": str(gateway["basic_auth"]["username"]), "password_file": path}}
    if TOKEN.is_given(gateway):
        path = f"{directory}/{TOKEN.name_on_host(gateway, whose)}"
    elif "bearer_token_host_file" in gateway:
        path = f"{config_root}/{OWN}/{gateway['bearer_token_host_file']}"
    else:
        return {}
    return {"authorization": {"type": "Bearer", "credentials_file": path}}


def tls(gateway: Mapping[str, Any], directory: str, whose: str = GATEWAY) -> dict[str, Any]:
    """Over what, as Prometheus writes it."""
    shipped = {key for part in PARTS_OF_TLS for key in (part.key, part.file_key)}
    given = gateway.get("tls_config") or {}
    options = {key: value for key, value in given.items() if value is not None and key not in shipped}
    if "insecure_skip_verify" in options:
        options["insecure_skip_verify"] = is_true(options["insecure_skip_verify"])
    for part in PARTS_OF_TLS:
        if part.is_given(gateway):
            options[part.file_key] = f"{directory}/{part.name_on_host(gateway, whose)}"
    return {"tls_config": options} if options else {}
