"""What users write is what Alertmanager of both ends of the version range takes."""

from __future__ import annotations

import re

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.intervals import interval_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.receivers import receiver_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.routes import route_problems

from tests.routing import rendering
from tests.routing.rendering import VERSIONS, Release
from tests.routing.variants import SECRET, VARIANTS
from tests.support import rendering as rules


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_settings_pass_their_own_checks(variant: str) -> None:
    settings = VARIANTS[variant]
    receivers = settings.get("llmmon_receivers", {})
    intervals = settings.get("llmmon_mute_time_intervals", {})
    default = settings.get("llmmon_default_receivers", list(receivers))
    assert receiver_problems(receivers, settings.get("llmmon_heartbeat_url", "")) == []
    assert interval_problems(intervals) == []
    assert route_problems(settings.get("llmmon_routes", []), default, receivers, intervals) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_amtool_takes_the_configuration(version: str, variant: str, releases: dict[str, Release]) -> None:
    result = rendering.amtool(version, "check-config", releases[variant].file)
    assert result.returncode == 0, result.stdout + result.stderr
    # It says so when its two parsers of matchers do not agree.
    assert "matcher" not in result.stderr.lower()


@pytest.mark.parametrize("feature", ["classic-mode", "utf8-strict-mode"])
def test_both_parsers_of_matchers_take_ours(feature: str, releases: dict[str, Release]) -> None:
    result = rendering.amtool(VERSIONS[0], "check-config", f"--enable-feature={feature}", releases["teams"].file)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_amtool_refuses_what_is_wrong(version: str, releases: dict[str, Release]) -> None:
    """Or the tests above would say nothing."""
    file = releases["teams"].folder / "broken.yml"
    file.write_text(re.sub("receiver: pager\n", "receiver: pagr\n", releases["teams"].file.read_text()))
    result = rendering.amtool(version, "check-config", file)
    assert result.returncode != 0
    assert "pagr" in result.stdout + result.stderr


def test_secrets_are_in_their_files_only(releases: dict[str, Release]) -> None:
    for release in releases.values():
        assert SECRET not in release.file.read_text()
    held = {path.name for path in (releases["everything"].folder / "secrets").iterdir()}
    named = set(re.findall(r"_file: \S+/secrets/(\S+)", releases["everything"].file.read_text()))
    assert held == named
    assert len(held) > 15


def test_the_inhibition_is_about_alerts_that_there_are() -> None:
    """A rule that names an alert which was renamed would never inhibit anything again."""
    known = set(rules.role_variables()["__llmmon_alert_defaults"])
    named = set()
    for rule in rules.role_variables(rendering.ROLE)["__llmmon_inhibit_rules"]:
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            if matcher.startswith("alertname"):
                named |= set(matcher.split('"')[1].split("|"))
    assert len(named) > 10
    assert named <= known


def test_a_source_of_inhibition_has_what_must_be_equal() -> None:
    """A label that is missing on both sides counts as equal: an alert about nothing would silence the rest."""
    for rule in rules.role_variables(rendering.ROLE)["__llmmon_inhibit_rules"]:
        required = {matcher.partition("!=")[0] for matcher in rule["source_matchers"] if matcher.endswith('!=""')}
        # The name is always there; where a model is not, an alert is about all models of its job. Which of team and job
        # a budget has is what its scope says.
        told = {"alertname", "model"} | ({"team", "job"} if "scope" in required else set())
        assert set(rule["equal"]) - told <= required, rule
        assert required


@pytest.mark.parametrize(
    ("extra", "features"),
    [
        ([], "receiver-name-in-metrics"),
        (["--log.level=debug"], "receiver-name-in-metrics"),
        (["--enable-feature=classic-mode,x", "--log.level=debug"], "receiver-name-in-metrics,classic-mode,x"),
    ],
)
def test_receivers_are_told_apart_in_the_metrics(extra: list[str], features: str) -> None:
    """The flag may stand there once only, so what users turn on is added to ours."""
    variables = rules.role_variables(rendering.ROLE) | {"llmmon_alertmanager_extra_flags": extra}
    template = trust_as_template("{{ __llmmon_alertmanager_run.command }}")
    command = Templar(loader=DataLoader(), variables=variables).template(template)
    assert [flag for flag in command if flag.startswith("--enable-feature")] == [f"--enable-feature={features}"]
    assert ("--log.level=debug" in command) == ("--log.level=debug" in extra)


@pytest.mark.parametrize(("given", "zone"), [({}, "UTC"), ({"llmmon_time_zone": "Europe/Berlin"}, "Europe/Berlin")])
def test_the_time_zone_of_messages_is_that_of_the_service(given: dict[str, str], zone: str) -> None:
    variables = rules.role_variables(rendering.ROLE) | given
    template = trust_as_template("{{ __llmmon_alertmanager_run.env }}")
    assert Templar(loader=DataLoader(), variables=variables).template(template) == {"TZ": zone}
