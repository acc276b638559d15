"""What people read: rendered by amtool of both versions, and as Slack, Discord and mail servers get it."""

from __future__ import annotations

import copy
import html.parser
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.routing import apis, rendering, running
from tests.routing.rendering import VERSIONS, Release
from tests.support import services
from tests.support.loopback import Answer, Server
from tests.support.versions import SHIPPED

LABELS = {"alertname": "LLMHighFailureRatio", "job": "llm-auth-proxy", "model": "gpt-4.1", "severity": "critical"}
ALERT: dict[str, Any] = {
    "status": "firing",
    "labels": LABELS,
    "annotations": {
        "summary": "Too many LLM requests fail",
        "description": '28% of the requests for model "gpt-4.1" failed in the last 5 minutes (threshold 20%).',
        "first_check": "Does one model fail, or all of them?",
        "runbook_url": "https://docs.example.org/runbooks/LLMHighFailureRatio.md",
        "dashboard_url": "https://grafana.example.org/d/llmmon?var-job=llm-auth-proxy&var-model=gpt-4.1",
    },
    "startsAt": "2026-01-02T03:04:05.678Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "https://prometheus.example.org/graph?g0.expr=up%20%3E%200&g0.tab=1",
    "fingerprint": "0123456789abcdef",
}
TEMPLATES = {
    "slack": ("llmmon.slack.title", "llmmon.slack.text"),
    "discord": ("llmmon.discord.content", "llmmon.discord.title", "llmmon.discord.message"),
    "mail": ("llmmon.email.subject", "llmmon.email.text"),
    "others": ("llmmon.plain.title", "llmmon.plain.text"),
    "chat": ("llmmon.chat.title", "llmmon.chat.text"),
}
# Characters: what Discord and Telegram take, and what Slack advises.
LIMITS = {
    "llmmon.slack.text": 4000,
    "llmmon.discord.message": 4096,
    "llmmon.plain.text": 4096,
    "llmmon.chat.text": 4096,
    "llmmon.email.html": 50_000,
}
MANY = "Zoë's 🙂 "
HOSTILE = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>",
    "slack mentions": "<!channel> <@U012AB3CD> <!subteam^S1> <https://evil.example|click>",
    "discord mentions": "@everyone @here <@123456789012345678> <@&1>",
    "other mentions": "<users/all> @all @channel <at>all</at>",
    "markdown": "[click](https://evil.example) **bold** `code` ```block``` ||spoiler|| # title > quote",
    "backticks": "`whoami` $(whoami)",
    "line breaks": "a\nb\r\nc\u2028d\x00e\u202ef",
    "go templates": '{{ .ExternalURL }} {{ template "llmmon.line" . }} {{ end }}',
    "braces": "}} {{ {%- -%} ${x} $1 \\1",
    "quotes": "a\"b\\c'd",
    "long": "0123456789" * 1000,
    "long and escaped": "<@&>`*_" * 1500,
    "beyond the basic plane": MANY * 1000,
    "an address": "javascript:alert(1)",
}


def data(*alerts: dict[str, Any], status: str = "firing") -> dict[str, Any]:
    """What Alertmanager gives a template."""
    common = {
        key: {name: value for name, value in alerts[0][key].items() if all(a[key].get(name) == value for a in alerts)}
        for key in ("labels", "annotations")
    }
    return {
        "receiver": "slack",
        "status": status,
        "alerts": list(alerts),
        "groupLabels": {"alertname": alerts[0]["labels"]["alertname"]},
        "commonLabels": common["labels"],
        "commonAnnotations": common["annotations"],
        "externalURL": "https://alertmanager.example.org",
    }


def hostile(value: str) -> dict[str, Any]:
    """An alert with the value wherever values are."""
    alert = copy.deepcopy(ALERT)
    alert["labels"] |= {"model": value, "job": value, "team": value}
    alert["annotations"] = dict.fromkeys([*ALERT["annotations"]], value)
    alert["generatorURL"] = value
    return alert


@pytest.fixture(scope="session")
def release(releases: dict[str, Release]) -> Release:
    return releases["simple"]


def render(
    version: str, release: Release, template: str, content: dict[str, Any], tmp_path: Path, kind: str = "text"
) -> str:
    file = tmp_path / "data.json"
    file.write_text(json.dumps(content))
    return rendering.rendered(version, release, template, file, kind)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("channel", TEMPLATES)
def test_what_a_message_says(version: str, channel: str, release: Release, tmp_path: Path) -> None:
    texts = [render(version, release, template, data(ALERT), tmp_path) for template in TEMPLATES[channel]]
    message = "\n".join(texts).replace("\\_", "_").replace("&amp;", "&").replace("\\(", "(").replace("\\)", ")")
    for part in (
        "[FIRING:1] LLMHighFailureRatio llm-auth-proxy (critical)",
        "Too many LLM requests fail",
        "28% of the requests",
        "(threshold 20%)",
        "fires since 2026-01-02 03:04 UTC: model=gpt-4.1",
        "First check: Does one model fail, or all of them?",
        "gpt-4.1",
        ALERT["annotations"]["runbook_url"],
        ALERT["annotations"]["dashboard_url"],
        ALERT["generatorURL"],
        "https://alertmanager.example.org/#/silences/new?filter=%7Balertname%3D%22LLMHighFailureRatio%22%2Cjob%3D%22",
    ):
        assert part in message, message


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("channel", TEMPLATES)
def test_what_is_over_is_said_to_be(version: str, channel: str, release: Release, tmp_path: Path) -> None:
    over = {**ALERT, "status": "resolved", "endsAt": "2026-01-02T04:05:06Z"}
    texts = [
        render(version, release, template, data(over, status="resolved"), tmp_path) for template in TEMPLATES[channel]
    ]
    assert "[RESOLVED] LLMHighFailureRatio" in texts[0]
    assert "from 2026-01-02 03:04 to 2026-01-02 04:05 UTC" in texts[-1]
    assert "resolved" in texts[-1].lower()


def storm(number: int = 200, jobs: tuple[str, ...] = ("llm-auth-proxy",)) -> list[dict[str, Any]]:
    """Models that fail, the higher their number, the more; in the order of Alertmanager, which is that of labels."""
    found = []
    for model in sorted(f"provider-{index % 7}/family-{index}" for index in range(number)):
        index = int(model.rpartition("-")[2])
        more = {"component": "llm", "source": "litellm", "team": "search", "prometheus": "a"}
        labels = {**LABELS, "model": model, "job": jobs[index * len(jobs) // number], **more}
        annotations = {
            **ALERT["annotations"],
            "description": f'{index}% of the requests for model "{model}" at {labels["job"]} failed (threshold 20%).',
            "dashboard_url": f"https://grafana.example.org/d/llmmon-operations?var-job={labels['job']}&var-model={index}",
            "sort_key": f"{index / 100:020.6f}",
            "models_in_all": str(number + 10),
        }
        begun = f"2026-01-02T03:{59 - index % 50:02d}:05Z"
        found.append({**ALERT, "labels": labels, "annotations": annotations, "startsAt": begun})
    return sorted(found, key=lambda alert: alert["labels"]["job"])


def group(*alerts: dict[str, Any], by: tuple[str, ...] = ("alertname", "job", "severity")) -> dict[str, Any]:
    content = data(*alerts)
    return {**content, "groupLabels": {name: alerts[0]["labels"][name] for name in by}}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("template", LIMITS)
def test_a_storm_is_a_message_of_how_many_and_the_worst_first(
    version: str, template: str, release: Release, tmp_path: Path
) -> None:
    kind = "html" if template.endswith("html") else "text"
    written = render(version, release, template, group(*storm()), tmp_path, kind)
    assert len(written) <= LIMITS[template]
    text = re.sub("<[^>]+>", "", written) if kind == "html" else written.replace("\\_", "_")
    beginning, _, rest = text.partition("provider-")
    # What concerns all of them, once and at the beginning.
    assert "Too many LLM requests fail" in beginning
    assert ": 200 of 210 models" in beginning
    assert "fires since 2026-01-02 03:10 UTC: team=search" in beginning
    assert "First check: Does one model fail, or all of them?" in beginning
    assert "Silence all 200" in beginning
    assert written.count("silences/new") == 1
    assert written.count(ALERT["annotations"]["runbook_url"]) == 1
    # The worst of them, in full and then by name.
    names = [int(number) for number in re.findall(r"family-(\d+)", rest)]
    others = rest.partition("Also: ")[2]
    assert list(dict.fromkeys(names)) == list(range(199, 199 - len(set(names)), -1))
    in_full = {"llmmon.discord.message": 3, "llmmon.email.html": 20}.get(template, 5)
    assert text.count("of the requests for model") == in_full
    assert others.count("family-") == {"llmmon.plain.text": 60, "llmmon.chat.text": 60, "llmmon.email.html": 180}.get(
        template, 80
    )
    assert kind == "html" or "… (200 in all)" in others
    for noise in ("component", "source", "litellm", "prometheus="):
        assert noise not in written


@pytest.mark.parametrize("version", VERSIONS)
def test_one_silence_is_for_the_whole_group(version: str, release: Release, tmp_path: Path) -> None:
    alerts = storm(3)
    for content, expected in (
        (group(*alerts), '{alertname="LLMHighFailureRatio",job="llm-auth-proxy",severity="critical"}'),
        (group(*alerts, by=("team",)), '{team="search"}'),
        # Grouped by nothing: what they have in common.
        ({**data(*alerts), "groupLabels": {}}, None),
    ):
        page = Page(render(version, release, "llmmon.email.html", content, tmp_path, "html"))
        (html,) = [link for link in page.links if "silences" in link]
        text = render(version, release, "llmmon.slack.text", content, tmp_path)
        (slack,) = re.findall(r"<(https://alertmanager[^|]+)\|Silence all 3>", text)
        for link in (html, slack):
            matchers = unquote(link.partition("filter=")[2])
            assert matchers == expected or (expected is None and matchers.count("=") == 7), matchers


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("channel", TEMPLATES)
def test_a_group_of_several_gateways_says_so(version: str, channel: str, release: Release, tmp_path: Path) -> None:
    content = group(*storm(6, ("a", "b", "c")), by=("alertname", "severity"))
    text = re.sub(r"[\\*]", "", render(version, release, TEMPLATES[channel][-1], content, tmp_path))
    assert "Too many LLM requests fail: 6 models of 3 gateways" in text
    assert "job=b" in text
    # A name alone would be that of another gateway's model, too.
    assert channel != "discord" or "Also: b provider-2/family-2, a provider-1/family-1, a provider-0/family-0" in text


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("channel", TEMPLATES)
def test_what_is_over_in_a_group_is_named_apart(version: str, channel: str, release: Release, tmp_path: Path) -> None:
    over, *firing = storm(3)
    over = {**over, "status": "resolved", "endsAt": "2026-01-02T04:05:06Z"}
    text = render(version, release, TEMPLATES[channel][-1], group(*firing, over), tmp_path)
    assert ": 2 of 13 models" in text
    assert text.rstrip().endswith("No longer: provider-0/family-0")
    assert text.count("family-0") == 1


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("channel", TEMPLATES)
def test_alerts_that_cannot_be_sorted_are_told_all_the_same(
    version: str, channel: str, release: Release, tmp_path: Path
) -> None:
    alerts = [
        {**ALERT, "labels": {"alertname": f"A{index}", "instance": f"i{index}"}, "annotations": annotations}
        for index, annotations in enumerate([{}, {"summary": "Second"}, {"sort_key": "~ü\n"}])
    ]
    text = render(version, release, TEMPLATES[channel][-1], data(*alerts), tmp_path)
    assert ": 3 alerts" in text
    assert [text.index(f"i{index}") for index in (2, 0, 1)] == sorted(text.index(f"i{index}") for index in range(3))
    assert "Second" in text


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("channel", TEMPLATES)
def test_times_are_those_of_the_time_zone(version: str, channel: str, release: Release, tmp_path: Path) -> None:
    file = tmp_path / "data.json"
    file.write_text(json.dumps(data(ALERT)))
    # A zone that the service does not know costs nothing but the zone.
    for zone, time in {"Europe/Berlin": "04:04 CET", "Asia/Kolkata": "08:34 IST", "No/Where": "03:04 UTC"}.items():
        text = rendering.rendered(version, release, TEMPLATES[channel][-1], file, time_zone=zone)
        assert f"fires since 2026-01-02 {time}" in text


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("status", "severity", "color"),
    [("firing", "critical", "danger"), ("firing", "info", "warning"), ("resolved", "critical", "good")],
)
def test_colors(version: str, status: str, severity: str, color: str, release: Release, tmp_path: Path) -> None:
    alert = {**ALERT, "status": status, "labels": {**LABELS, "severity": severity}}
    assert render(version, release, "llmmon.slack.color", data(alert, status=status), tmp_path) == color


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("channel", TEMPLATES)
def test_an_alert_that_says_little_is_a_message_all_the_same(
    version: str, channel: str, release: Release, tmp_path: Path
) -> None:
    bare = {**ALERT, "labels": {"alertname": "Bare"}, "annotations": {}, "generatorURL": ""}
    texts = [render(version, release, template, data(bare), tmp_path) for template in TEMPLATES[channel]]
    assert "Bare" in texts[0]
    assert "/#/silences/new" in texts[-1]
    assert "no value" not in " ".join(texts)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_runbook_in_the_repository_is_named_and_not_linked(version: str, release: Release, tmp_path: Path) -> None:
    local = {**ALERT, "annotations": {"runbook_url": "docs/runbooks/A.md"}}
    assert "Runbook: docs/runbooks/A.md" in render(version, release, "llmmon.slack.text", data(local), tmp_path)
    assert "Runbook: docs/runbooks/A.md" in render(version, release, "llmmon.discord.message", data(local), tmp_path)
    page = render(version, release, "llmmon.email.html", data(local), tmp_path, "html")
    assert "Runbook: docs/runbooks/A.md" in page
    assert 'href="docs' not in page


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_slack_takes_hostile_values_for_text(version: str, value: str, release: Release, tmp_path: Path) -> None:
    title = render(version, release, "llmmon.slack.title", data(hostile(value)), tmp_path)
    text = render(version, release, "llmmon.slack.text", data(*[hostile(value)] * 9), tmp_path)
    # Of what begins with < only our own links are left, and they lead where ours do.
    assert "<" not in title
    for link in re.findall(r"<([^>]*)>", text):
        assert re.fullmatch(r"https?://[^|]+\|(Runbook|Dashboard|Prometheus|Silence all 9)", link), link
        assert "evil.example|" not in link
    assert text.count("<") == text.count(">")
    assert "`" not in title + text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u2028\u202e]", title + text)
    assert "\n" not in title
    assert "alertmanager.example.org" in text
    assert (len(title) < 1024, len(text) < 40_000) == (True, True)
    assert ": 9 models" in text


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_discord_takes_hostile_values_for_text(version: str, value: str, release: Release, tmp_path: Path) -> None:
    content, title, message = (
        render(version, release, template, data(hostile(value)), tmp_path) for template in TEMPLATES["discord"]
    )
    for text in (content, title, message):
        # No mention survives: what follows an @ is an invisible space.
        assert not re.search("@(?!\u200b)", text), text
        assert not re.search(r"(?<!\\)[`*|]", text.replace("**Resolved**", "")), text
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u2028\u202e]", text)
    for link in re.findall(r"(?<!\\)\]\(<([^>]*)>\)", message):
        assert link.startswith("https://alertmanager.example.org/#/silences/new?filter="), link
    assert (len(content) <= 2000, len(title) <= 256, len(message) <= 4096) == (True, True, True)
    assert ("\n" in content, "\n" in title) == (False, False)


# What Microsoft Teams takes of a message, whole and as bytes; Google Chat takes 32,000.
LEAST_BYTES = 28_000


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_chats_take_hostile_values_for_text(version: str, value: str, release: Release, tmp_path: Path) -> None:
    for alerts in ([hostile(value)], [hostile(value)] * 9, [hostile(value)] * 70):
        title, text = (render(version, release, template, data(*alerts), tmp_path) for template in TEMPLATES["chat"])
        for part in (title, text):
            assert not re.search("@(?!\u200b)", part), part
            assert not re.search(r"[<>`]|\]\(", part), part
            assert not re.search(r"[\x00-\x09\x0b-\x1f\u2028\u202e]", part)
        assert "\n" not in title
        assert len(title) <= 256
        # Go writes & as six bytes.
        assert len(json.dumps(title + text, ensure_ascii=False).replace("&", "\\u0026").encode()) < LEAST_BYTES - 1000


class Page(html.parser.HTMLParser):
    """Tags and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_mail_takes_hostile_values_for_text(version: str, value: str, release: Release, tmp_path: Path) -> None:
    text = render(version, release, "llmmon.email.html", data(*[hostile(value)] * 25), tmp_path, "html")
    page = Page(text)
    assert page.tags <= {"html", "head", "meta", "title", "body", "h2", "h3", "div", "p", "b", "table", "tr", "td", "a"}
    assert page.attributes <= {"lang", "charset", "style", "href"}
    assert {link.partition("#")[0] for link in page.links} == {"https://alertmanager.example.org/"}
    assert ": 25 models" in text
    assert len(text) < 200_000
    subject = render(version, release, "llmmon.email.subject", data(hostile(value)), tmp_path)
    assert len(subject) < 300
    assert not re.search(r"[\x00-\x1f\u2028\u202e]", subject)
    plain = render(version, release, "llmmon.email.text", data(hostile(value)), tmp_path)
    assert len(plain) < 20_000
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u2028\u202e]", plain)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_silence_is_for_the_values_as_they_are(version: str, release: Release, tmp_path: Path) -> None:
    """Read as a browser reads an address, to which a plus is a plus, and then as Alertmanager reads matchers."""
    value = 'a "b" \\ + c&d|e'
    alert = {**ALERT, "labels": {"alertname": "A", "model": value}}
    expected = '{alertname="A",model="a \\"b\\" \\\\ + c&d|e"}'
    text = render(version, release, "llmmon.slack.text", data(alert), tmp_path)
    (address,) = re.findall(r"<(https://alertmanager[^|]+)\|Silence>", text)
    assert unquote(address.partition("filter=")[2]) == expected
    page = Page(render(version, release, "llmmon.email.html", data(alert), tmp_path, "html"))
    (link,) = [link for link in page.links if "silences" in link]
    assert unquote(link.partition("filter=")[2]) == expected


# -- through Alertmanager itself

_SENT = {"ok": True, "result": {"message_id": 1, "date": 1, "chat": {"id": -5, "type": "group"}}}
# What the channels answer when they have taken a message.
CHANNELS = {
    "POST /slack": Answer(body=b"ok", content_type=None),
    "POST /discord": Answer(status=204),
    "POST /bot1:a/sendMessage": Answer(body=json.dumps(_SENT).encode()),
    "POST /pagerduty": Answer(status=202),
}

needs_own_mounts = pytest.mark.skipif(
    not services.can_have_own_mounts(),
    reason="Debian's Alertmanager needs its templates, and this machine lets no test show it any",
)


@needs_own_mounts
@pytest.mark.parametrize("version", VERSIONS)
def test_channels_get_what_they_take(version: str, server: Server, tmp_path: Path) -> None:
    server.answers.update(CHANNELS)
    labels = [{**LABELS, "model": f"{number} {text}", "team": text} for number, text in enumerate(HOSTILE.values())]
    with (
        running.mailbox() as mailbox,
        running.alertmanager(
            version,
            tmp_path,
            "--web.external-url=http://alertmanager.example.org:9093",
            "--web.route-prefix=/",
            llmmon_receivers={
                "slack": {"webhook_url": f"{server.url}/slack", "channel": "#llm"},
                "discord": {"webhook_url": f"{server.url}/discord"},
                "telegram": {"secrets": {"bot_token": "1:a"}, "config": {"chat_id": -5, "api_url": server.url}},
                "email": {"to": "a@example.org", "from": "b@example.org", "smarthost": mailbox.address, "tls": "none"},
            },
            llmmon_alertmanager_route={"group_wait": "1s", "group_interval": "1s"},
        ) as service,
    ):
        running.send(service, *labels, annotations={"summary": HOSTILE["html"], "description": HOSTILE["long"]})
        assert wait_for(lambda: (len(server.requests) >= 3 and mailbox.messages) or None, 15), service.log.read_text()
    sent = {request.path: request.json for request in server.requests}
    (attachment,) = sent["/slack"]["attachments"]
    assert sent["/slack"]["channel"] == "#llm"
    assert attachment["color"] == "danger"
    assert attachment["title"] == f"[FIRING:{len(HOSTILE)}] LLMHighFailureRatio llm-auth-proxy (critical)"
    assert attachment["title_link"] == "http://alertmanager.example.org:9093/#/alerts?receiver=slack"
    assert "&lt;script&gt;" in attachment["text"]
    (embed,) = sent["/discord"]["embeds"]
    assert sent["/discord"]["content"].startswith(f"[FIRING:{len(HOSTILE)}] LLMHighFailureRatio")
    assert (
        len(sent["/discord"]["content"]) <= 2000,
        len(embed["title"]) <= 256,
        len(embed["description"]) <= 4096,
    ) == (
        True,
        True,
        True,
    )
    assert len(sent["/bot1:a/sendMessage"]["text"]) <= 4096
    (mail,) = mailbox.messages
    assert mail["Subject"] == f"[FIRING:{len(HOSTILE)}] LLMHighFailureRatio llm-auth-proxy (critical)"
    parts = {part.get_content_type(): part.get_content() for part in mail.iter_parts()}
    assert sorted(parts) == ["text/html", "text/plain"]
    assert "script" not in Page(parts["text/html"]).tags
    assert "<script>alert(1)</script>" in parts["text/plain"]
    assert "since " in parts["text/plain"]


@needs_own_mounts
@pytest.mark.parametrize("version", VERSIONS)
def test_a_storm_through_alertmanager(version: str, server: Server, tmp_path: Path) -> None:
    """200 models at once: one message a channel, which the channel takes."""
    server.answers.update(CHANNELS)
    alerts = storm()
    receivers = {
        "slack": {"webhook_url": f"{server.url}/slack"},
        "discord": {"webhook_url": f"{server.url}/discord"},
        "telegram": {"secrets": {"bot_token": "1:a"}, "config": {"chat_id": -5, "api_url": server.url}},
        "pagerduty": {"secrets": {"routing_key": "k"}, "config": {"url": f"{server.url}/pagerduty"}},
    }
    with running.alertmanager(
        version,
        tmp_path,
        llmmon_receivers=receivers,
        llmmon_alertmanager_route={"group_wait": "2s", "group_interval": "5m"},
    ) as service:
        # In no order, as rules find them; all at once, or the group's waiting time would be over before the last.
        shuffled = sorted(alerts, key=lambda alert: str(alert["labels"]["model"])[::-1])
        firing = [{key: alert[key] for key in ("labels", "annotations", "generatorURL")} for alert in shuffled]
        service.client.send("POST", "/api/v2/alerts", firing)
        assert wait_for(lambda: len(server.requests) >= len(receivers) or None, 20), service.log.read_text()
    sent_to = {request.path: request.json for request in server.requests}
    assert len(server.requests) == len(sent_to) == len(receivers)
    texts = {
        "slack": sent_to["/slack"]["attachments"][0]["text"],
        "discord": sent_to["/discord"]["embeds"][0]["description"],
        "telegram": sent_to["/bot1:a/sendMessage"]["text"],
        "pagerduty": sent_to["/pagerduty"]["payload"]["custom_details"]["firing"],
    }
    for channel, text in texts.items():
        assert len(text) <= 4096, channel
        assert ": 200 of 210 models" in text, channel
        assert "Silence all 200" in text, channel
        assert text.rstrip().endswith("… (200 in all)"), channel
        models = [int(number) for number in re.findall(r"family-(\d+)", text)]
        assert list(dict.fromkeys(models)) == list(range(199, 199 - len(set(models)), -1)), channel
        assert unquote(re.findall(r"filter=([^|>\s]+)", text)[0]) == (
            '{alertname="LLMHighFailureRatio",job="llm-auth-proxy",severity="critical"}'
        )
    assert sent_to["/bot1:a/sendMessage"].get("parse_mode", "") == ""


@needs_own_mounts
@pytest.mark.parametrize("language", ["en", "ko"])
def test_google_chat_gets_a_text_whatever_it_looks_like(language: str, server: Server, tmp_path: Path) -> None:
    """Alertmanager makes of what is a number or a list in YAML one, and reads its parts as templates again."""
    apis.serve(server)
    looks = {
        **HOSTILE,
        "a number": "1",
        "a list": "[a, b]",
        "a dictionary": "{a: b}",
        "a comment": "# a",
        "a key": "a: b:",
    }
    with running.alertmanager(
        SHIPPED["alertmanager"],
        tmp_path,
        llmmon_language=language,
        llmmon_receivers={"google_chat": apis.receivers(server.url)["google_chat"]},
        llmmon_alertmanager_route={"group_by": ["name"], "group_wait": "1s", "group_interval": "5m"},
    ) as service:
        for name, value in looks.items():
            labels = {"name": name, "alertname": value, "job": value, "severity": value, "model": value}
            running.send(service, labels, annotations={"summary": value, "description": value})
        assert wait_for(lambda: len(server.requests) >= len(looks) or None, 20), service.log.read_text()
    assert len(server.requests) == len(looks)
    for request in server.requests:
        assert request.json["text"].startswith({"en": "*[FIRING:1] ", "ko": "*[발생:1] "}[language])
        assert "evil" not in request.json["text"] or "](" not in request.json["text"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("severity", "pagerduty", "opsgenie"),
    [("critical", "critical", "P1"), ("warning", "warning", "P3"), ("info", "info", "P5"), ("page", "error", "P3")],
)
def test_how_urgent_it_is(
    version: str, severity: str, pagerduty: str, opsgenie: str, release: Release, tmp_path: Path
) -> None:
    content = data({**ALERT, "labels": {**LABELS, "severity": severity}})
    said = [
        render(version, release, f"llmmon.{name}", content, tmp_path)
        for name in ("pagerduty.severity", "opsgenie.priority")
    ]
    assert said == [pagerduty, opsgenie]
