"""What variables are in the play of site.yml that deploys."""

from __future__ import annotations

from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.conftest import REPOSITORY
from tests.support import rendering


def the_play() -> dict[str, Any]:
    """The play that deploys, with its expressions as templates."""
    plays = DataLoader().load_from_file(str(REPOSITORY / "playbooks" / "site.yml"), trusted_as_template=True)
    (deployment,) = [play for play in plays if play["name"] == "Deploy the LLM monitoring stack"]
    found: dict[str, Any] = deployment
    return found


def variables(**settings: Any) -> dict[str, Any]:
    """All that the play that deploys has, of the roles and of its own."""
    found: dict[str, Any] = {}
    for role in ("engine", "grafana", "alertmanager", "verify", "prometheus"):
        found |= rendering.role_variables(REPOSITORY / "roles" / role)
    magic = {
        "ansible_check_mode": False,
        "ansible_run_tags": ["all"],
        "ansible_skip_tags": [],
        "inventory_hostname": "monitoring",
        "role_path": str(REPOSITORY / "roles" / "engine"),
        "llmmon_gateways": rendering.GATEWAYS,
    }
    return {**found, **the_play()["vars"], **magic, **settings}


def value(expression: str, **settings: Any) -> Any:
    """What an expression is there, with settings of an inventory or of Ansible."""
    templar = Templar(loader=DataLoader(), variables=variables(**settings))
    return templar.template(trust_as_template(f"{{{{ {expression} }}}}"))
