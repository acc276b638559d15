"""Messages in another language than English, as channels get them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.routing import rendering, running
from tests.routing.rendering import Release
from tests.routing.test_messages import (
    ALERT,
    CHANNELS,
    LABELS,
    TEMPLATES,
    Page,
    data,
    group,
    needs_own_mounts,
    render,
    storm,
)
from tests.support import languages
from tests.support import rendering as roles
from tests.support.loopback import Server
from tests.support.versions import SHIPPED

VERSION = SHIPPED["alertmanager"]
WORDS = {path.stem: path.read_text(encoding="utf-8") for path in (rendering.ROLE / "files/languages").glob("*.tmpl")}
DEFINITION = re.compile(r'\{\{ define "(llmmon\.say\.\w+)" \}\}(.*)\{\{ end \}\}')
KOREAN_ALERT: dict[str, Any] = {
    **ALERT,
    "annotations": {
        **ALERT["annotations"],
        "summary": "LLM 요청 실패율이 높음",
        "description": "요청 중 28%가 실패했습니다(임계값 20%).",
        "first_check": "한 모델만 실패합니까, 전부 실패합니까?",
    },
}


@pytest.fixture(scope="session")
def korean(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return rendering.lay_out(tmp_path_factory.mktemp("korean"), llmmon_language="ko")


def test_every_language_has_the_words_that_messages_ask_for() -> None:
    folder = rendering.ROLE / "templates" / "alertmanager" / "templates"
    asked = {
        word
        for path in folder.glob("*.tmpl")
        for word in re.findall(r'template "(llmmon\.say\.\w+)"', path.read_text(encoding="utf-8"))
    }
    assert set(WORDS) == {"en", "ko"}
    english = dict(DEFINITION.findall(WORDS["en"]))
    assert set(english) == asked
    for words in WORDS.values():
        defined = dict(DEFINITION.findall(words))
        assert set(defined) == asked
        assert {name: languages.places(text) for name, text in defined.items()} == {
            name: languages.places(text) for name, text in english.items()
        }


def test_a_language_that_there_is_not_is_refused() -> None:
    """Before a host is touched: the role common compares all settings with what is specified."""
    (specified,) = roles.load(rendering.ROLE.parent / "common/meta/argument_specs.yml")["argument_specs"].values()
    assert set(specified["options"]["llmmon_language"]["choices"]) == set(WORDS)


@pytest.mark.parametrize("channel", TEMPLATES)
def test_what_a_message_says(channel: str, korean: Release, tmp_path: Path) -> None:
    texts = [render(VERSION, korean, template, data(KOREAN_ALERT), tmp_path) for template in TEMPLATES[channel]]
    message = "\n".join(texts).replace("\\_", "_").replace("&amp;", "&").replace("\\(", "(").replace("\\)", ")")
    for part in (
        "[발생:1] LLMHighFailureRatio llm-auth-proxy (critical)",
        *(KOREAN_ALERT["annotations"][name] for name in ("summary", "description", "runbook_url", "dashboard_url")),
        "2026-01-02 03:04 UTC부터 발생 중: model=gpt-4.1",
        "먼저: 한 모델만 실패합니까, 전부 실패합니까?",
        *("런북", "대시보드", "사일런스"),
        "https://alertmanager.example.org/#/silences/new?filter=%7Balertname%3D%22LLMHighFailureRatio%22%2Cjob%3D%22",
    ):
        assert part in message, message
    over = {**KOREAN_ALERT, "status": "resolved", "endsAt": "2026-01-02T04:05:06Z"}
    texts = [
        render(VERSION, korean, template, data(over, status="resolved"), tmp_path) for template in TEMPLATES[channel]
    ]
    assert "[해소] LLMHighFailureRatio" in texts[0]
    assert "2026-01-02 03:04부터 2026-01-02 04:05 UTC까지 발생" in texts[-1]


@pytest.mark.parametrize("channel", TEMPLATES)
def test_a_group_is_counted(channel: str, korean: Release, tmp_path: Path) -> None:
    one = [{**alert, "annotations": {**alert["annotations"], "summary": "높음"}} for alert in storm(150)]
    text = render(VERSION, korean, TEMPLATES[channel][-1], group(*one), tmp_path)
    assert re.search(r"높음\W*: 모델 160개 중 150개\n", text), text
    assert "150건 모두 사일런스" in text
    assert "\n그 외: " in text
    assert "… (모두 150건)" in text
    several = group(*storm(6, ("a", "b", "c")), by=("alertname", "severity"))
    assert ": 모델 6개(게이트웨이 3개)" in render(VERSION, korean, TEMPLATES[channel][-1], several, tmp_path)


@needs_own_mounts
def test_channels_get_korean(server: Server, tmp_path: Path) -> None:
    """One message of each channel, through a real Alertmanager."""
    server.answers.update(CHANNELS)
    with (
        running.mailbox() as mailbox,
        running.alertmanager(
            VERSION,
            tmp_path,
            "--web.external-url=http://alertmanager.example.org:9093",
            "--web.route-prefix=/",
            llmmon_language="ko",
            llmmon_receivers={
                "slack": {"webhook_url": f"{server.url}/slack"},
                "discord": {"webhook_url": f"{server.url}/discord"},
                "telegram": {"secrets": {"bot_token": "1:a"}, "config": {"chat_id": -5, "api_url": server.url}},
                "webhook": {"url": f"{server.url}/pagerduty"},
                "email": {"to": "a@example.org", "from": "b@example.org", "smarthost": mailbox.address, "tls": "none"},
            },
            llmmon_alertmanager_route={"group_wait": "1s"},
        ) as service,
    ):
        running.send(
            service,
            LABELS,
            annotations=KOREAN_ALERT["annotations"],
            generatorURL=ALERT["generatorURL"],
        )
        assert wait_for(lambda: (len(server.requests) >= 4 and mailbox.messages) or None, 15), service.log.read_text()
    sent = {request.path: request.json for request in server.requests}
    title = "[발생:1] LLMHighFailureRatio llm-auth-proxy (critical)"
    (attachment,) = sent["/slack"]["attachments"]
    (embed,) = sent["/discord"]["embeds"]
    (mail,) = mailbox.messages
    parts = {part.get_content_type(): part.get_content() for part in mail.iter_parts()}
    assert (attachment["title"], attachment["color"], mail["Subject"]) == (title, "danger", title)
    assert sent["/discord"]["content"].replace("\\", "").startswith(title)
    assert sent["/bot1:a/sendMessage"]["text"].startswith(title)
    for text in (
        attachment["text"].replace("&amp;", "&"),
        embed["description"].replace("\\", ""),
        *parts.values(),
    ):
        for part in ("LLM 요청 실패율이 높음", "28%가 실패했습니다(임계값 20%).", "먼저: 한 모델만 실패합니까"):
            assert part in text
    page = Page(parts["text/html"])
    assert '<html lang="ko">' in parts["text/html"]
    assert ALERT["annotations"]["dashboard_url"] in page.links
    (silence,) = [link for link in page.links if "silences" in link]
    assert 'alertname="LLMHighFailureRatio"' in unquote(silence)
    (alert,) = sent["/pagerduty"]["alerts"]
    assert (alert["labels"], alert["annotations"]) == (LABELS, KOREAN_ALERT["annotations"])
