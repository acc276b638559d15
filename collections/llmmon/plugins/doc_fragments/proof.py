# SPDX-License-Identifier: Apache-2.0
"""What modules that prove something look for: each by itself, and ``stack_verify`` for all of them."""

from __future__ import annotations

import re
from textwrap import dedent, indent

from ansible_collections.llmmon.stack.plugins.doc_fragments.grafana import ModuleDocFragment as Grafana
from ansible_collections.llmmon.stack.plugins.doc_fragments.http import ModuleDocFragment as Http

TARGETS_OPTIONS = r"""
jobs:
  description: Jobs that must have at least one target, all of them up. Empty means every active target.
  type: list
  elements: str
  default: []
own_jobs:
  description: Jobs of the user's own, all of whose targets must be up, too. One may have none for now.
  type: list
  elements: str
  default: []
host_jobs:
  description:
    - Jobs of the machines in llmmon_hosts, all of whose targets must be up; each such target has the label C(host).
      One that is not in O(jobs) may have none for now.
    - Of those that are up, the GPU exporters must show a GPU.
  type: list
  elements: str
  default: []
scrape_urls:
  description:
    - Job to the list of URLs that its targets must have, as the configuration says. Prometheus takes some five
      seconds to follow a new configuration; until then its old targets prove nothing.
    - Jobs that are not named may have any target, and a job any that has the label C(fleet), which files add.
  type: dict
  default: {}
gateways:
  description: Job of each gateway to its kind, of those whose pages are compared.
  type: dict
  default: {}
idle_gateways:
  description: Jobs of gateways that may show no request for as long as they like.
  type: list
  elements: str
  default: []
kinds:
  description: Kind to the names of the metrics that count its requests, of every kind that is known.
  type: dict
  default: {}
usual_paths:
  description: Job to the path at which gateways of its kind have their page, for hints about one that redirects.
  type: dict
  default: {}
fresh:
  description:
    - Whether a scrape counts only when it has begun since the module started. If not, one within the target's last
      interval is proof enough, for a run that changed nothing, unless Prometheus has taken its configuration since.
  type: bool
  default: true
"""

RECEIVERS_OPTIONS = r"""
urls:
  description: Addresses of the Alertmanagers that get this host's alerts. None means that nobody is told.
  type: list
  elements: str
  required: true
own:
  description: Whether it is an Alertmanager of this host. Of others nothing is known but whether they have a receiver.
  type: bool
  default: true
wanted:
  description: The receivers that there should be.
  type: list
  elements: dict
  default: []
  suboptions:
    name:
      description: The receiver's name in Alertmanager's configuration.
      type: str
      required: true
    settings:
      description: A digest of its settings without secrets.
      type: str
      required: true
record:
  description: File on the host in which M(llmmon.stack.alertmanager_probe) has written when each was tried.
  type: path
secrets_directory:
  description: Directory of the files with the receivers' secrets. One with other secrets than then was not tried.
  type: path
required:
  description: Whether somebody has to be told.
  type: bool
  default: true
judge:
  description: Whether nobody told is a failure where somebody has to be. To M(llmmon.stack.stack_status) it never is.
  type: bool
  default: true
"""

RULES_OPTIONS = r"""
directory:
  description: Directory of Prometheus's configuration, the same on the host and for Prometheus.
  type: path
  required: true
folders:
  description: Its folders with rule files, and the variable which names what lies in each, if there is one.
  type: dict
  default: {"rules": "", "rules.d": "llmmon_prometheus_rule_files"}
fresh:
  description:
    - Whether an error counts only when the rule was evaluated since the module started. If not, one of its group's last
      interval is believed, for a run that changed nothing, unless Prometheus has taken its configuration since.
  type: bool
  default: true
"""

ALERTS_OPTIONS = r"""
directory:
  description: Directory of Prometheus's configuration. Rules of its folder C(rules) are the collection's.
  type: path
  required: true
gateways:
  description: What each gateway counts, as P(llmmon.stack.counted#filter) returns it.
  type: dict
  default: {}
alertmanager_url:
  description: Address of the Alertmanager of this host, whose silences are read.
  type: str
  default: ""
paths:
  description: Where alerts end, as P(llmmon.stack.alert_paths#filter) returns it. Empty means that nobody follows them.
  type: list
  elements: dict
  default: []
receivers:
  description: The receivers, as P(llmmon.stack.probe_receivers#filter) returns them.
  type: list
  elements: dict
  default: []
  suboptions:
    name: {description: The receiver's name in Alertmanager's configuration., type: str, required: true}
    integration: {description: By what it sends., type: str, required: true}
    settings: {description: A digest of its settings without secrets., type: str, required: true}
record:
  description: File on the host in which M(llmmon.stack.alertmanager_probe) has written when each was tried.
  type: path
secrets_directory:
  description: Directory of the files with the receivers' secrets.
  type: path
not_proved:
  description: Alerts that need not be able to fire, each with the reason.
  type: dict
  default: {}
"""

REMOTE_WRITE_OPTIONS = r"""
container:
  description: Container of Prometheus, whose log says what an engine answers.
  type: str
  required: true
engines:
  description: Names of the engines that must take samples.
  type: list
  elements: str
  required: true
fresh:
  description:
    - Whether a sample counts only when it was scraped since the module started. If not, one of three minutes ago does.
  type: bool
  default: true
"""

QUERY_OPTIONS = r"""
data_source_uid:
  description: Uid of the data source that reads the engine.
  type: str
  required: true
labels:
  description: External labels of this Prometheus, by which its own marker is found.
  type: dict
  required: true
fresh:
  description:
    - Whether the marker counts only when it was made since the module started. If not, one of three minutes ago does.
  type: bool
  default: true
"""

THANOS_OPTIONS = r"""
urls:
  description: Component to the URL at which the host reaches it. Components are sidecar, store, compact and query.
  type: dict
  required: true
container:
  description: What the names of the components' containers begin with.
  type: str
  required: true
bucket_file:
  description: Configuration of the bucket as the containers see it; empty where there is none.
  type: path
  default: ""
endpoints:
  description: gRPC addresses that the querier has to reach.
  type: list
  elements: str
  default: []
"""

GRAFANA_OPTIONS = r"""
data_source_uid:
  description: Uid of the data source; without a hyphen, which the proxy of Grafana 9.4 cuts.
  type: str
  required: true
expression:
  description: PromQL that must give at least one sample.
  type: str
  default: up
dashboards_directory:
  description:
    - Directory of the dashboards that must be there, by the uids in its JSON files. Those of a directory in it must
      be in the folder whose uid is that directory's name.
  type: path
  required: true
folder_uid:
  description: Uid of the folder that the others must be in.
  type: str
  required: true
"""


def options(fragment: str) -> str:
    """The options of another fragment, without what is about them."""
    return dedent(fragment.partition("options:\n")[2].partition("requirements:")[0])


def part(name: str, description: str, *texts: str) -> str:
    """An option that holds what another module takes. Fragments cannot nest one another, so it is put together here."""
    # Of an option in an option the markup O() would have to name both.
    nested = re.sub(r"\bO\((\w+)\)", r"C(\1)", "".join(texts))
    return f"{name}:\n  description: {description}\n  type: dict\n  suboptions:\n{indent(nested, '    ')}"


_SHOWN = part(
    "grafana",
    "Options of M(llmmon.stack.grafana_verify).",
    options(Http.DOCUMENTATION),
    options(Grafana.DOCUMENTATION),
    GRAFANA_OPTIONS,
)
_PARTS = (
    part("targets", "Options of M(llmmon.stack.prometheus_targets).", options(Http.DOCUMENTATION), TARGETS_OPTIONS)
    + part("rules", "Options of M(llmmon.stack.prometheus_rules).", options(Http.DOCUMENTATION), RULES_OPTIONS)
    + _SHOWN
    + part("remote_write", "Engines that take samples.", options(Http.DOCUMENTATION), REMOTE_WRITE_OPTIONS)
    + part(
        "query",
        "The engine that Grafana reads.",
        options(Http.DOCUMENTATION),
        options(Grafana.DOCUMENTATION),
        QUERY_OPTIONS,
    )
    + part("thanos", "Components of Thanos that have to do their work.", THANOS_OPTIONS)
    + part("documentation", "Where the documentation is served.", options(Http.DOCUMENTATION))
    + part("receivers", "Who is told of alerts.", RECEIVERS_OPTIONS)
)


class ModuleDocFragment:
    """Used by ``extends_documentation_fragment: llmmon.stack.proof.targets``, and so on."""

    # With their type: ansible-test reads assignments without one, as the text that is in the file.
    TARGETS: str = "options:\n" + indent(TARGETS_OPTIONS, "  ")

    RULES: str = "options:\n" + indent(RULES_OPTIONS, "  ")

    ALERTS: str = "options:\n" + indent(ALERTS_OPTIONS + _SHOWN, "  ")

    # By the name of another fragment ansible-test would take that one.
    SHOWN: str = "options:\n" + indent(GRAFANA_OPTIONS, "  ")

    THANOS: str = "options:\n" + indent(
        part("thanos", "Components of Thanos; what is wrong with them is told in RV(problems).", THANOS_OPTIONS), "  "
    )

    TOLD: str = "options:\n" + indent(part("receivers", "Who is told of alerts.", RECEIVERS_OPTIONS), "  ")

    PARTS: str = "options:\n" + indent(_PARTS, "  ")
