"""Which tests are thorough: they take long, and not every run waits for them.

``make check`` leaves them out of all parts, ``make test`` out of the end-to-end tests and the engines'; ``make
test-all`` and CI leave out none. They are named here, in one place, by the beginning of what pytest calls them: a file,
or a test with all its parameters.
"""

from __future__ import annotations

import pytest

THOROUGH = (
    "tests/e2e/deployment/test_bad_settings.py",
    "tests/e2e/deployment/test_calibrate.py",
    "tests/e2e/deployment/test_canary.py",
    "tests/e2e/deployment/test_containers.py",
    "tests/e2e/deployment/test_engine.py",
    "tests/e2e/deployment/test_from_tarball.py",
    "tests/e2e/deployment/test_gateway_faults.py",
    "tests/e2e/deployment/test_ha.py",
    "tests/e2e/deployment/test_host_faults.py",
    "tests/e2e/deployment/test_hosts.py",
    "tests/e2e/deployment/test_many_users.py",
    "tests/e2e/deployment/test_registry.py",
    "tests/e2e/deployment/test_secrets.py",
    "tests/e2e/operations/test_backup.py::test_a_backup_killed_in_any_phase",
    "tests/e2e/operations/test_backup.py::test_a_disk_that_fills_up",
    "tests/e2e/operations/test_backup.py::test_a_second_backup",
    "tests/e2e/operations/test_backup.py::test_archives_may_lie",
    "tests/e2e/operations/test_restore.py::test_a_killed_restore",
    "tests/e2e/operations/test_restore.py::test_data_of_a_newer_prometheus",
    "tests/e2e/operations/test_restore.py::test_it_comes_back_on_a_fresh_host",
    "tests/e2e/operations/test_restore.py::test_the_password_of_the_inventory",
    "tests/e2e/operations/test_restore.py::test_what_does_not_work",
    "tests/e2e/operations/test_scale.py",
    "tests/e2e/operations/test_uninstall.py",
    "tests/e2e/upgrade/test_path.py",
    "tests/e2e/upgrade/test_upgrade.py::test_a_deployment_upgrades",
    "tests/e2e/upgrade/test_upgrade.py::test_a_grafana_that_loses",
    "tests/e2e/upgrade/test_upgrade.py::test_a_killed",
    "tests/e2e/upgrade/test_upgrade.py::test_a_reboot",
    "tests/e2e/upgrade/test_upgrade.py::test_a_version_that_ends",
    "tests/e2e/upgrade/test_upgrade.py::test_an_older_alertmanager",
    "tests/e2e/upgrade/test_upgrade.py::test_there_is_no_way_back",
    "tests/e2e/upgrade/test_upgrade.py::test_without_a_backup",
    "tests/engines/test_backup_while_uploading.py",
    "tests/engines/test_bucket.py",
    "tests/engines/test_clocks.py",
    "tests/engines/test_killed_host.py",
    "tests/engines/test_same_day.py",
    "tests/routing/test_delivery.py",
    "tests/rules/boards/test_boards.py",
    "tests/rules/month/test_alertmanager.py",
    "tests/rules/month/test_month.py::test_three_days",
    "tests/rules/test_alive.py",
    "tests/rules/test_dashboard_of_engines.py",
    "tests/rules/test_dashboard_of_the_stack.py",
    "tests/rules/test_dashboards_on_prometheus.py",
    "tests/rules/test_fire_drill.py",
    "tests/rules/test_past_data.py",
    "tests/rules/test_presets.py::test_nothing_in_a_preset_is_there_for_nothing",
    "tests/rules/test_promtool.py::test_every_guard_is_missed_when_it_is_gone",
    "tests/rules/test_real_hosts.py",
    "tests/rules/test_real_prometheus.py",
    "tests/unit/playbooks/test_refusals.py",
    "tests/unit/plugins/callback/test_next_step.py",
    "tests/unit/plugins/module_utils/backup/test_faults.py",
    "tests/unit/plugins/module_utils/backup/test_offsite.py",
    "tests/unit/plugins/module_utils/backup/test_run.py",
    "tests/unit/plugins/module_utils/canary/test_faults.py",
    "tests/unit/plugins/module_utils/canary/test_ledger.py::test_ten_thousand_random_sequences",
    "tests/unit/plugins/module_utils/clients/test_page_kinds.py",
    "tests/unit/plugins/module_utils/restore/test_steps.py::test_a_kill_at_any_moment",
    "tests/unit/plugins/modules/test_stack_backup_lend.py",
    "tests/unit/plugins/modules/test_stack_uninstall.py",
    "tests/unit/plugins/plugin_utils/test_gateway_access.py",
    "tests/unit/test_second_day.py::test_site_takes_each_block",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(THOROUGH):
            item.add_marker(pytest.mark.thorough)
