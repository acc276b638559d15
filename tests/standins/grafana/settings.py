"""Settings: an ini file, environment variables above it, and what both may refer to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_DEFAULTS: dict[str, dict[str, str]] = {
    "paths": {"data": "/var/lib/grafana", "provisioning": "/etc/grafana/provisioning"},
    "server": {
        "protocol": "http",
        "http_addr": "",
        "http_port": "3000",
        "domain": "localhost",
        "root_url": "%(protocol)s://%(domain)s:%(http_port)s/",
        "serve_from_sub_path": "false",
    },
    "security": {
        "admin_user": "admin",
        "admin_password": "admin",
        "secret_key": "SW2YcwTIb9zpOOhoPsMm",
        "disable_brute_force_login_protection": "false",
    },
    "auth.basic": {"enabled": "true"},
    "auth.anonymous": {"enabled": "false", "org_role": "Viewer"},
    # Knobs of the stand-in itself, so that a test need not wait for a cache to run out.
    "standin": {"token_cache_seconds": "5"},
}
_TRUE = {"1", "t", "true", "yes", "on", "y"}
_EXPANDER = re.compile(r"\$__(file|env)\{([^}]*)\}")
_ENV = re.compile(r"\$\{(\w+)\}")
_INTERPOLATION = re.compile(r"%\((\w+)\)s")


class SettingsError(Exception):
    """The settings cannot be used; the text is one sentence for the log."""


@dataclass(frozen=True)
class Settings:
    data: Path
    provisioning: Path
    http_addr: str
    http_port: int
    root_url: str
    sub_path: str
    serve_from_sub_path: bool
    admin_user: str
    admin_password: str
    secret_key: str
    brute_force_protection: bool
    basic_auth: bool
    anonymous_role: str | None
    token_cache_seconds: float


def _value_of(text: str) -> str:
    """Read the right side of an ini line; an unquoted # or ; begins a comment, also in the midst of a password."""
    for quote in ('"""', "`"):
        if text.startswith(quote):
            end = text.find(quote, len(quote))
            if end < 0:
                raise SettingsError("A quoted value in the ini file does not end on its line.")
            return text[len(quote) : end]
    bare = re.split(r"[#;]", text, maxsplit=1)[0].strip()
    if len(bare) >= 2 and bare[0] == bare[-1] and bare[0] in "'\"":
        return bare[1:-1]
    return bare


def parse_ini(text: str) -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = {}
    section = "DEFAULT"
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("[") and "]" in line:
            section = line[1 : line.index("]")].strip()
            sections.setdefault(section, {})
            continue
        match = re.match(r"([^=:]+?)\s*[=:]\s*(.*)", line)
        if not match:
            raise SettingsError(f"Line {number} of the ini file is neither a section nor a key with a value.")
        sections.setdefault(section, {})[match[1]] = _value_of(match[2])
    return sections


def expand(name: str, value: str, environ: Mapping[str, str]) -> str:
    """Replace $__file{path} and $__env{NAME}; a file's trailing newline is dropped."""

    def one(match: re.Match[str]) -> str:
        if match[1] == "env":
            return environ.get(match[2], "")
        try:
            return Path(match[2]).read_text(encoding="utf-8").strip()
        except OSError as reason:
            raise SettingsError(
                f"got error while expanding {name} with expander 'file': {match[2]}: {reason.strerror}"
            ) from None

    return _EXPANDER.sub(one, value)


def _merged(ini: Mapping[str, Mapping[str, str]], environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    merged = {section: dict(values) for section, values in _DEFAULTS.items()}
    for section, values in ini.items():
        for key, value in values.items():
            # Only the ini file knows ${NAME}; a password from the environment is taken as it stands.
            merged.setdefault(section, {})[key] = _ENV.sub(lambda m: environ.get(m[1], ""), value)
    for section, values in merged.items():
        for key in values:
            variable = f"GF_{section}_{key}".upper().replace(".", "_").replace("-", "_")
            # An empty variable does not override.
            if environ.get(variable):
                values[key] = environ[variable]
            values[key] = expand(f"{section}.{key}", values[key], environ)
    return merged


def _flag(value: str) -> bool:
    return value.lower() in _TRUE


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings; raise SettingsError when they cannot be used."""
    ini: dict[str, dict[str, str]] = {}
    if path := environ.get("GF_PATHS_CONFIG"):
        try:
            ini = parse_ini(Path(path).read_text(encoding="utf-8"))
        except OSError as reason:
            raise SettingsError(f"The configuration file {path} cannot be read: {reason.strerror}.") from None
    values = _merged(ini, environ)
    server, security = values["server"], values["security"]
    port = server["http_port"]
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise SettingsError(f"http_port {port!r} is not a port number.")
    root_url = _INTERPOLATION.sub(lambda m: server.get(m[1], ""), server["root_url"])
    anonymous = values["auth.anonymous"]
    return Settings(
        data=Path(values["paths"]["data"]),
        provisioning=Path(values["paths"]["provisioning"]),
        http_addr=server["http_addr"],
        http_port=int(port),
        root_url=root_url,
        sub_path=urlsplit(root_url).path.rstrip("/"),
        serve_from_sub_path=_flag(server["serve_from_sub_path"]),
        admin_user=security["admin_user"] or "admin",
        admin_password=security["admin_password"] or "admin",
        secret_key=security["secret_key"],
        brute_force_protection=not _flag(security["disable_brute_force_login_protection"]),
        basic_auth=_flag(values["auth.basic"]["enabled"]),
        anonymous_role=anonymous["org_role"] if _flag(anonymous["enabled"]) else None,
        token_cache_seconds=float(values["standin"]["token_cache_seconds"]),
    )
