# SPDX-License-Identifier: Apache-2.0
"""Argument specifications that modules share, and the client they describe."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import (
    REQUESTS_IMPORT_ERROR,
    Connection,
    HttpClient,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.service_api import READY_PATHS
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError


def http_arguments() -> dict[str, Any]:
    """Options of the doc fragment ``llmmon.stack.http``."""
    return {
        "url": {"type": "str", "required": True},
        "request_timeout": {"type": "float", "default": 10.0},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "client_cert": {"type": "path"},
        "client_key": {"type": "path", "no_log": False},
    }


def grafana_arguments() -> dict[str, Any]:
    """Options of the doc fragments ``llmmon.stack.http`` and ``llmmon.stack.grafana``."""
    return {
        **http_arguments(),
        "user": {"type": "str", "default": "admin"},
        "password": {"type": "str", "no_log": True},
        "password_file": {"type": "path", "no_log": False},
    }


def grafana_argument(looked_for: dict[str, Any]) -> dict[str, Any]:
    """What is looked for at Grafana, and how Grafana is reached, as one option of a module that looks for more."""
    return {
        "type": "dict",
        "options": {**grafana_arguments(), **looked_for},
        "required_one_of": [("password", "password_file")],
        "mutually_exclusive": [("password", "password_file")],
    }


def grafana_token_arguments() -> dict[str, Any]:
    """Options of the doc fragments ``http``, ``grafana`` and ``grafana_token``: any credentials, any organisation."""
    return {
        **grafana_arguments(),
        "token": {"type": "str", "no_log": True},
        "token_file": {"type": "path", "no_log": False},
        "org_id": {"type": "int"},
    }


# One of them, and not two.
GRAFANA_CREDENTIALS = ("password", "password_file", "token", "token_file")


def targets_arguments() -> dict[str, Any]:
    """What ``prometheus_targets`` looks for, beside how it reaches Prometheus."""
    return {
        "jobs": {"type": "list", "elements": "str", "default": []},
        "own_jobs": {"type": "list", "elements": "str", "default": []},
        "host_jobs": {"type": "list", "elements": "str", "default": []},
        "scrape_urls": {"type": "dict", "default": {}},
        "gateways": {"type": "dict", "default": {}},
        "idle_gateways": {"type": "list", "elements": "str", "default": []},
        "kinds": {"type": "dict", "default": {}},
        "usual_paths": {"type": "dict", "default": {}},
        "fresh": {"type": "bool", "default": True},
    }


def rules_arguments() -> dict[str, Any]:
    """What ``prometheus_rules`` looks for, beside how it reaches Prometheus."""
    return {
        "directory": {"type": "path", "required": True},
        "folders": {"type": "dict", "default": {"rules": "", "rules.d": "llmmon_prometheus_rule_files"}},
        "fresh": {"type": "bool", "default": True},
    }


def remote_write_arguments() -> dict[str, Any]:
    """What is looked for of the engines that samples are written to, beside how Prometheus is reached."""
    return {
        "container": {"type": "str", "required": True},
        "engines": {"type": "list", "elements": "str", "required": True},
        "fresh": {"type": "bool", "default": True},
    }


def query_arguments() -> dict[str, Any]:
    """What is looked for of the engine that Grafana reads, beside how Grafana is reached."""
    return {
        "data_source_uid": {"type": "str", "required": True},
        "labels": {"type": "dict", "required": True},
        "fresh": {"type": "bool", "default": True},
    }


def thanos_argument() -> dict[str, Any]:
    """The components of Thanos on a host, and what they are to reach."""
    options = {
        "urls": {"type": "dict", "required": True},
        "container": {"type": "str", "required": True},
        "bucket_file": {"type": "path", "default": ""},
        "endpoints": {"type": "list", "elements": "str", "default": []},
    }
    return {"type": "dict", "options": options}


def grafana_proof_arguments() -> dict[str, Any]:
    """What ``grafana_verify`` looks for, beside how it reaches Grafana."""
    return {
        "data_source_uid": {"type": "str", "required": True},
        "expression": {"type": "str", "default": "up"},
        "dashboards_directory": {"type": "path", "required": True},
        "folder_uid": {"type": "str", "required": True},
    }


def receivers_arguments() -> dict[str, Any]:
    """What is looked for of the receivers that tell people."""
    receiver = {
        "name": {"type": "str", "required": True},
        "settings": {"type": "str", "required": True},
    }
    return {
        "urls": {"type": "list", "elements": "str", "required": True},
        "own": {"type": "bool", "default": True},
        "wanted": {"type": "list", "elements": "dict", "default": [], "options": receiver},
        "record": {"type": "path"},
        "secrets_directory": {"type": "path", "no_log": False},
        "required": {"type": "bool", "default": True},
        "judge": {"type": "bool", "default": True},
    }


def alerts_arguments() -> dict[str, Any]:
    """What is looked for of the alerts, beside how Prometheus is reached."""
    receiver = {
        "name": {"type": "str", "required": True},
        "integration": {"type": "str", "required": True},
        "settings": {"type": "str", "required": True},
    }
    return {
        "directory": {"type": "path", "required": True},
        "gateways": {"type": "dict", "default": {}},
        "alertmanager_url": {"type": "str", "default": ""},
        "paths": {"type": "list", "elements": "dict", "default": []},
        "receivers": {"type": "list", "elements": "dict", "default": [], "options": receiver},
        "record": {"type": "path"},
        "secrets_directory": {"type": "path", "no_log": False},
        "not_proved": {"type": "dict", "default": {}},
    }


def wanted_argument() -> dict[str, Any]:
    """What site.yml is about to deploy, for one look at what there is to do."""
    container: dict[str, Any] = {
        "service": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "image": {"type": "str", "required": True},
        "wanted": {"type": "bool", "required": True},
        "asked": {"type": "str", "required": True},
    }
    service: dict[str, Any] = {
        "record": {"type": "dict", "required": True},
        "configuration": {
            "type": "dict",
            "required": True,
            "options": {
                "asked": {"type": "str", "required": True, "no_log": True},
                "group": {"type": "int", "required": True},
                "keep": {"type": "int", "required": True},
            },
        },
        "containers": {"type": "list", "elements": "dict", "required": True, "options": container},
        "grafana": {"type": "dict", "default": {}},
    }
    options = {
        "directories": directories_argument(),
        "network": {"type": "str", "required": True},
        "record": {"type": "path", "required": True},
        "compared": {"type": "path", "required": True},
        "services": {"type": "list", "elements": "dict", "required": True, "options": service},
    }
    return {"type": "dict", "options": options}


def compared_arguments() -> dict[str, Any]:
    """Containers that were compared with their descriptions, and the file of the notes of it."""
    container = {"name": {"type": "str", "required": True}, "asked": {"type": "str", "required": True}}
    return {
        "path": {"type": "path", "required": True},
        "containers": {"type": "list", "elements": "dict", "required": True, "options": container},
    }


def first_starts_argument() -> dict[str, Any]:
    """Services whose containers were started where there were none."""
    containers = {"type": "list", "elements": "str", "required": True}
    options = {"service": {"type": "str", "required": True}, "containers": containers}
    return {"type": "list", "elements": "dict", "default": [], "options": options}


def services_argument(**more: Any) -> dict[str, Any]:
    """A list of the services of a host, each with what every module needs to know of one, and ``more`` of it."""
    options = {
        "name": {"type": "str", "required": True, "choices": sorted(READY_PATHS)},
        "container": {"type": "str", "required": True},
        "url": {"type": "str", "required": True},
        "version": {"type": "str", "required": True},
        "config_root": {"type": "path", "required": True},
        "data_directory": {"type": "path", "required": True},
    }
    return {"type": "list", "elements": "dict", "required": True, "options": {**options, **more}}


def directories_argument() -> dict[str, Any]:
    """A list of directories with their owners, as ``host_directories`` makes them."""
    options = {
        "path": {"type": "path", "required": True},
        "owner": {"type": "int", "required": True},
        "group": {"type": "int", "required": True},
        "once": {"type": "bool", "default": False},
    }
    return {"type": "list", "elements": "dict", "required": True, "options": options}


def backup_arguments() -> dict[str, Any]:
    """Options of the doc fragment ``llmmon.stack.backup``."""
    settings: dict[str, Any] = {
        "scope": {"type": "str", "choices": ["full", "config"], "default": "full"},
        "services": services_argument(),
        "data_root": {"type": "path", "required": True},
        "directory": {"type": "path", "required": True},
        "keep": {"type": "int", "default": 7},
        "keep_hours": {"type": "int", "default": 20},
        "compression_level": {"type": "int", "default": 1},
        "encryption": {"type": "str", "choices": ["", "gpg", "age"], "default": ""},
        "public_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
        # An address may hold a password.
        "restic_repository": {"type": "str", "default": "", "no_log": True},
        "restic_password_file": {"type": "str", "default": "", "no_log": False},
        "restic_anew": {"type": "bool", "default": False},
        "copy_timeout": {"type": "int", "default": 14400},
        "grafana_database_host": {"type": "str", "default": ""},
        "inventory_host": {"type": "str", "default": ""},
        "names": {"type": "dict", "default": {}},
    }
    return {"settings": {"type": "dict", "required": True, "options": settings}}


class BadOption(StackError):
    """A server cannot be asked with what was given."""


def _secret(module: AnsibleModule, parameters: dict[str, Any], name: str) -> Optional[str]:
    """A password or token of the parameters, or of the file they name, kept out of all output."""
    path = parameters.get(f"{name}_file")
    if not path:
        given: Optional[str] = parameters.get(name)
        return given
    try:
        secret = Path(path).read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        raise BadOption(f"the {name} file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadOption(f"the {name} file {path} cannot be read: it is not text in UTF-8") from error
    if not secret:
        # Nor may an empty one be masked: it stands between any two characters.
        raise BadOption(f"the {name} file {path} is empty")
    module.no_log_values.add(secret)
    return secret


def client_of(module: AnsibleModule, parameters: dict[str, Any]) -> HttpClient:
    """A client made of the module's parameters, or of those in one of them. Raises BadOption."""
    if parameters["client_key"] and not parameters["client_cert"]:
        raise BadOption("client_key is a key without a certificate, set client_cert too")
    return HttpClient(
        Connection(
            url=parameters["url"],
            user=parameters.get("user"),
            password=_secret(module, parameters, "password"),
            token=_secret(module, parameters, "token"),
            timeout=parameters["request_timeout"],
            validate_certs=parameters["validate_certs"],
            ca_path=parameters["ca_path"],
            client_cert=parameters["client_cert"],
            client_key=parameters["client_key"],
            # By the header: asking to use another organisation would change where the user is when he comes back.
            headers={"X-Grafana-Org-Id": str(parameters["org_id"])} if parameters.get("org_id") else {},
        )
    )


def http_client(module: AnsibleModule) -> HttpClient:
    """A client made of the module's parameters; fails the module when requests is missing, or they are wrong."""
    if REQUESTS_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    try:
        client = client_of(module, module.params)
    except BadOption as error:
        module.fail_json(msg=str(error))
    return client
