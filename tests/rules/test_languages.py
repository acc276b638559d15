"""Alerts in another language than English: every text, with its values; nothing else is different."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.plugin_utils.languages import Language, language

from tests.rules import catalogue, promtool
from tests.rules.scenarios import SCENARIOS
from tests.rules.test_alerts import ALERTS, EVERYTHING
from tests.rules.variants import OF_OWED
from tests.support import languages, rendering

FILE = rendering.ROLE / "files" / "languages" / "ko.yml"
KOREAN = language(str(FILE))
KO: dict[str, Any] = {"llmmon_language": "ko"}
RUNBOOKS = rendering.REPOSITORY / "docs" / "ko" / "runbooks"
# All that the rules can say: also of models with thresholds and objectives of their own.
DEPLOYMENTS = [
    SCENARIOS["every_kind"],
    SCENARIOS["options"],
    {**EVERYTHING, "llmmon_threshold_overrides": OF_OWED},
]
TEXTS = ("summary", "description", "first_check", "runbook_url")


@cache
def rendered() -> tuple[list[dict[str, str]], list[str]]:
    """The rule files of all deployments in Korean, and what was to be said in them."""
    said: list[str] = []
    plain = Language.said

    def recording(self: Language, sentence: str, values: Mapping[str, object] | None = None) -> str:
        said.append(" ".join(sentence.split()))
        return plain(self, sentence, values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Language, "said", recording)
        return [rendering.render_rules(**KO, **variables) for variables in DEPLOYMENTS], said


def test_every_text_is_translated_and_every_translation_is_used() -> None:
    _, said = rendered()
    entries = [" ".join(entry["en"].split()) for entry in yaml.safe_load(FILE.read_text(encoding="utf-8"))["sentences"]]
    assert sorted(set(said) - set(entries)) == []
    assert sorted(set(entries) - set(said)) == []
    assert len(entries) == len(set(entries))


def test_translations_have_the_values_of_the_english_texts() -> None:
    assert languages.faults(KOREAN.sentences) == []


def test_a_translation_without_a_value_or_in_english_is_found() -> None:
    sentences = {"{{ $value }} of [[ all ]]": "[[ all ]] 중", "Good": "Good", "a [[ b ]]": "[[ b ]] 가"}
    assert languages.faults(sentences) == ["{{ $value }} of [[ all ]]", "Good"]


def test_what_has_no_translation_stays_english_and_has_its_values() -> None:
    assert KOREAN.said("so  [[ much ]]\n and more", {"much": 5}) == "so 5 and more"


def test_only_texts_and_runbooks_are_different() -> None:
    """Expressions, labels and other links are those of English."""
    for variables, korean in zip(DEPLOYMENTS, rendered()[0], strict=True):
        for name, content in rendering.render_rules(**variables).items():
            rules = zip(catalogue.rules({name: content}), catalogue.rules({name: korean[name]}), strict=True)
            for english, other in rules:
                if english.get("record") == "llmmon:runbooks":
                    # Dashboards ask here where the runbooks are.
                    place = KOREAN.place_of_runbooks(english["labels"].pop("url"))
                    assert other["labels"].pop("url") == place
                for text in TEXTS if "alert" in english else ():
                    assert english["annotations"].pop(text) and other["annotations"].pop(text)
                assert english == other


def test_every_alert_has_a_korean_runbook_and_every_korean_runbook_an_alert() -> None:
    """Without exception: where runbooks are is said once, for all alerts."""
    assert {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"} == ALERTS


@pytest.mark.parametrize(
    ("said", "there"),
    [
        ({}, "https://github.com/llmmon/llmmon/blob/main/docs/ko/runbooks"),
        ({"llmmon_runbook_base_url": "http://git/llmmon/docs/runbooks/"}, "http://git/llmmon/docs/ko/runbooks"),
        # A place of the user's own has what he put there.
        ({"llmmon_runbook_base_url": "http://wiki/runbooks"}, "http://wiki/runbooks"),
        # The documentation that the stack serves has both languages.
        ({"llmmon_docs": True, "llmmon_docs_url": "http://docs:9099"}, "http://docs:9099/ko/runbooks"),
    ],
)
def test_alerts_lead_to_their_korean_runbooks(said: dict[str, Any], there: str) -> None:
    files = rendering.render_rules(**KO, **said)
    leads = {alert["alert"]: alert["annotations"]["runbook_url"] for alert in catalogue.alerts(files)}
    assert leads == {name: f"{there}/{name}.md" for name in leads}
    (asked,) = [rule["labels"]["url"] for rule in catalogue.rules(files) if rule.get("record") == "llmmon:runbooks"]
    assert asked == there


def test_english_alerts_lead_to_english_runbooks() -> None:
    assert Language().place_of_runbooks("docs/runbooks") == "docs/runbooks"


def test_the_first_check_is_that_of_the_korean_runbook() -> None:
    english = rendering.role_variables()["__llmmon_first_checks"]
    for name in sorted(ALERTS):
        line = re.search(r"^먼저: (.+)$", (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8"), re.MULTILINE)
        assert line and line[1] == KOREAN.said(english[name]), name


def test_promtool_takes_them_and_puts_the_values_in(tmp_path: Path) -> None:
    for number, files in enumerate(rendered()[0]):
        for name, content in files.items():
            (tmp_path / f"{number}_{name}").write_text(content, encoding="utf-8")
    result = promtool.check_rules(promtool.VERSION, sorted(tmp_path.glob("*.yml")))
    assert result.returncode == 0, promtool.explain(result)
    case = tmp_path / "case.yaml"
    case.write_text(yaml.safe_dump(CASE))
    one = rendering.render_rules(llmmon_gateways=rendering.GATEWAYS[:1], llmmon_grafana_url="http://g", **KO)
    (tmp_path / "rules.yaml").write_text(one["llm_alerts.yml"], encoding="utf-8")
    result = promtool.test_rules(promtool.VERSION, [case])
    assert result.returncode == 0, promtool.explain(result)


_OF_MODEL = '{job="llm-auth-proxy", model="gpt-4o"}'
CASE = {
    "rule_files": ["rules.yaml"],
    "evaluation_interval": "1m",
    "tests": [
        {
            "interval": "1m",
            "input_series": [
                {"series": f"job_model:llm_requests_failed:ratio_rate5m{_OF_MODEL}", "values": "0.28x20"},
                {"series": f"job_model:llm_requests:increase5m{_OF_MODEL}", "values": "100x20"},
                {"series": f"job_model:llm_requests:rate5m{_OF_MODEL}", "values": "1x20"},
            ],
            "alert_rule_test": [
                {
                    "alertname": "LLMHighFailureRatio",
                    "eval_time": "10m",
                    "exp_alerts": [
                        {
                            "exp_labels": {
                                "severity": "critical",
                                "component": "llm",
                                "job": "llm-auth-proxy",
                                "model": "gpt-4o",
                            },
                            "exp_annotations": {
                                "summary": "LLM 요청 실패율이 높음",
                                "description": '최근 5분 동안 llm-auth-proxy의 모델 "gpt-4o" 요청 중 28%가'
                                " 실패했습니다(임계값 20%).",
                                "first_check": "대시보드를 여십시오. 한 모델만 실패합니까, 전부 실패합니까?"
                                " 한 게이트웨이에서만 그렇습니까?",
                                "runbook_url": "https://github.com/llmmon/llmmon/blob/main/docs/ko/runbooks/"
                                "LLMHighFailureRatio.md",
                                "dashboard_url": "http://g/d/llmmon-operations?var-job=llm-auth-proxy&var-model=gpt-4o",
                                "sort_key": "0000000000000.280000",
                                "models_in_all": "1",
                            },
                        }
                    ],
                }
            ],
        }
    ],
}
