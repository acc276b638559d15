# SPDX-License-Identifier: Apache-2.0
"""All filters of the collection; each is documented in the YAML file of its name.

One file, because Ansible goes through all files that register filters whenever a task names one, in each of its
processes: with a file for each filter that took a twelfth of its time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.canaries import (
    canary_notes,
    canary_relabel_configs,
    canary_secrets,
    canary_settings,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.containers import services_wanted
from ansible_collections.llmmon.stack.plugins.plugin_utils.counted import counted
from ansible_collections.llmmon.stack.plugins.plugin_utils.deployment import steps_to_do
from ansible_collections.llmmon.stack.plugins.plugin_utils.durations import longest_interval
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateway_access import (
    gateway_probe_options,
    gateway_scrape_options,
    gateway_secrets,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import gateways
from ansible_collections.llmmon.stack.plugins.plugin_utils.hosts import host_proof, host_scrape_configs, host_secrets
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import gateway_presets, preset_kinds, preset_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.price_file import (
    price_file_date,
    price_file_problems,
    token_prices,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.query import query_data_source, query_secrets
from ansible_collections.llmmon.stack.plugins.plugin_utils.remote_write import (
    remote_write_configs,
    remote_write_secrets,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rendering.dashboard_files import grafana_dashboard_files
from ansible_collections.llmmon.stack.plugins.plugin_utils.request_metrics import request_metrics
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.intervals import time_intervals
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.paths import alert_paths
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.receivers import (
    all_receivers,
    probe_receivers,
    receiver_configs,
    receiver_secrets,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.routes import route_tree
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.advice import advice_checks
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.host_rules import host_rules
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.llm_alerts import llm_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.recording import recording_rules
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.stack_alerts import stack_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.writing import rule_file
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.addresses import link_hints
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.alerts import alert_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.backups import backup_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.canaries import canary_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.costs import cost_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.data_sources import data_source_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.gateways import (
    gateway_problems,
    relabeling_problems,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.grafana import grafana_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.hosts import host_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.intervals import (
    interval_problems,
    time_zone_problems,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.overrides import override_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.receivers import receiver_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.remote_write import (
    query_problems,
    remote_write_problems,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.repetitions import repetition_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.routes import route_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.rule_files import rule_file_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shards import shard_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.specification import setting_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.spenders import spender_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.thanos import thanos_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.thresholds import threshold_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.user_files import (
    placed_files,
    scrape_jobs,
    user_file_problems,
    user_files,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.versions import version_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.shards import shard_gateways
from ansible_collections.llmmon.stack.plugins.plugin_utils.thanos import thanos_secrets
from ansible_collections.llmmon.stack.plugins.plugin_utils.user_files import beside_inventory

_FILTERS: dict[str, Callable[..., Any]] = {
    "advice_checks": advice_checks,
    "alert_paths": alert_paths,
    "alert_problems": alert_problems,
    "all_receivers": all_receivers,
    "backup_problems": backup_problems,
    "beside_inventory": beside_inventory,
    "canary_notes": canary_notes,
    "canary_problems": canary_problems,
    "canary_relabel_configs": canary_relabel_configs,
    "canary_secrets": canary_secrets,
    "canary_settings": canary_settings,
    "cost_problems": cost_problems,
    "counted": counted,
    "data_source_problems": data_source_problems,
    "gateway_presets": gateway_presets,
    "gateway_probe_options": gateway_probe_options,
    "gateway_problems": gateway_problems,
    "gateway_scrape_options": gateway_scrape_options,
    "gateway_secrets": gateway_secrets,
    "gateways": gateways,
    "grafana_dashboard_files": grafana_dashboard_files,
    "grafana_problems": grafana_problems,
    "host_problems": host_problems,
    "host_proof": host_proof,
    "host_rules": host_rules,
    "host_scrape_configs": host_scrape_configs,
    "host_secrets": host_secrets,
    "interval_problems": interval_problems,
    "link_hints": link_hints,
    "llm_alerts": llm_alerts,
    "longest_interval": longest_interval,
    "override_problems": override_problems,
    "placed_files": placed_files,
    "preset_kinds": preset_kinds,
    "preset_problems": preset_problems,
    "price_file_date": price_file_date,
    "price_file_problems": price_file_problems,
    "probe_receivers": probe_receivers,
    "query_data_source": query_data_source,
    "query_problems": query_problems,
    "query_secrets": query_secrets,
    "receiver_configs": receiver_configs,
    "receiver_problems": receiver_problems,
    "receiver_secrets": receiver_secrets,
    "recording_rules": recording_rules,
    "relabeling_problems": relabeling_problems,
    "remote_write_configs": remote_write_configs,
    "remote_write_problems": remote_write_problems,
    "remote_write_secrets": remote_write_secrets,
    "repetition_problems": repetition_problems,
    "request_metrics": request_metrics,
    "route_problems": route_problems,
    "route_tree": route_tree,
    "rule_file": rule_file,
    "rule_file_problems": rule_file_problems,
    "scrape_jobs": scrape_jobs,
    "setting_problems": setting_problems,
    "services_wanted": services_wanted,
    "shard_gateways": shard_gateways,
    "shard_problems": shard_problems,
    "spender_problems": spender_problems,
    "stack_alerts": stack_alerts,
    "steps_to_do": steps_to_do,
    "thanos_problems": thanos_problems,
    "thanos_secrets": thanos_secrets,
    "threshold_problems": threshold_problems,
    "time_intervals": time_intervals,
    "time_zone_problems": time_zone_problems,
    "token_prices": token_prices,
    "user_file_problems": user_file_problems,
    "user_files": user_files,
    "version_problems": version_problems,
}


class FilterModule:
    """Registers the filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return _FILTERS
