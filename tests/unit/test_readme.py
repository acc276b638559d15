"""The README says the same in both languages, leads somewhere, and shows what is really printed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.told import Told, told_line
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.tries import Try

from docs import overview
from tests.demo import view
from tests.demo.overview import COLUMNS, COST, Alert, Message, Model, Number
from tests.support import rendering
from tests.support.collection import REPOSITORY
from tests.testbed.gateway import FAILING_MODEL
from tests.unit import test_korean_docs as korean_docs

ENGLISH, KOREAN = "README.md", "README.ko.md"
SINGLE = REPOSITORY / "inventories" / "single"


# What a run of the demo had.
_GROWN = tuple(value / 16 for value in range(1, 17))
_MOMENT = 1_795_905_758.0
DEMO = view.Seen(
    moment=_MOMENT,
    numbers=[
        Number("Requests", tuple(2.15 * value for value in _GROWN)),
        Number("Failed", (0.1,) * 16),
        Number("P95 of the slowest model", (None, None, *[0.2] * 14)),
        Number("Tokens", tuple(65.8 * value for value in _GROWN)),
        Number(COST, tuple(0.5668 * value for value in _GROWN)),
    ],
    models=[
        Model(name, dict(zip(COLUMNS, values, strict=True)))
        for name, *values in (
            (FAILING_MODEL, 0.21, 1.0, None, None),
            ("mock-large", 0.86, 0.0, 0.2, 0.3414),
            ("mock-small", 1.07, 0.0, 0.076, 0.2254),
        )
    ],
    alerts=[
        Alert(
            "LLMHighFailureRatio", "critical", "llm-auth-proxy", FAILING_MODEL, True, _MOMENT - 114, 60,
            '100% of the requests for model "always-fails" at llm-auth-proxy failed in the last 5 minutes'
            " (threshold 20%).",
        )
    ],
    message=Message(
        _MOMENT - 49,
        "[FIRING:1] LLMHighFailureRatio llm-auth-proxy (critical)",
        "*Too many LLM requests fail*: 1 of 3 models\n"
        '100% of the requests for model "always-fails" at llm-auth-proxy failed in the last 5 minutes'
        " (threshold 20%).\n"
        "fires since 2026-11-28 22:41 UTC: model=always-fails\n"
        "First check: Open the dashboard: does one model fail or all of them, at one gateway or at all?\n"
        "<https://github.com/llmmon/llmmon/blob/main/docs/runbooks/LLMHighFailureRatio.md|Runbook> · "
        "<http://localhost:3000/d/llmmon-operations?var-job=llm-auth-proxy&amp;var-model=always-fails|Dashboard> · "
        f"<http://localhost:9090/graph?g0.expr={'x' * 100}|Prometheus> · "
        f"<http://localhost:9093/#/silences/new?filter={'x' * 100}|Silence>\n",
    ),
    has_traffic=True,
)  # fmt: skip


@dataclass(frozen=True)
class Section:
    """A heading, and what comes below it until the next one."""

    level: int
    title: str
    blocks: tuple[str, ...]
    tables: tuple[tuple[int, int], ...]
    code: frozenset[str]


@cache
def text(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


@cache
def sections(name: str) -> list[Section]:
    """The page in parts; the first has no heading when the page does not begin with one."""
    pieces = re.split(r"(```[^\n]*\n.*?```\n)", text(name), flags=re.DOTALL)
    # What a block has in it is neither heading nor table: it is marked and put back.
    blocks = pieces[1::2]
    marked = "\x00".join(pieces[0::2])
    found, used = [], 0
    for level, title, body in re.findall(r"^(#+) ([^\n]+)\n(.*?)(?=^#+ |\Z)", marked, flags=re.DOTALL | re.MULTILINE):
        count = body.count("\x00")
        found.append(
            Section(
                len(level),
                title,
                tuple(blocks[used : used + count]),
                tables(body),
                frozenset(re.findall(r"`([^`]+)`", body)),
            )
        )
        used += count
    return found


def tables(body: str) -> tuple[tuple[int, int], ...]:
    """Rows and columns of each table."""
    found = []
    for table in re.findall(r"(?:^\|.*\|\n)+", body, flags=re.MULTILINE):
        widths = {len(re.sub(r"`[^`]*`", "", row).strip("|").split("|")) for row in table.splitlines()}
        assert len(widths) == 1, table
        found.append((len(table.splitlines()), widths.pop()))
    return tuple(found)


def commands(block: str) -> list[str]:
    """The lines of a block without the words that explain them."""
    return [re.sub(r"\s+#.*", "", line) for line in block.splitlines()[1:-1]]


# -- two languages


def test_both_languages_have_the_same_headings_in_order() -> None:
    levels = [section.level for section in sections(ENGLISH)]
    assert len(levels) > 10
    assert [section.level for section in sections(KOREAN)] == levels


def pairs() -> list[Any]:
    return [
        pytest.param(english, korean, id=english.title)
        for english, korean in zip(sections(ENGLISH), sections(KOREAN), strict=False)
    ]


@pytest.mark.parametrize(("english", "korean"), pairs())
def test_a_section_has_the_same_commands_and_tables_in_both_languages(english: Section, korean: Section) -> None:
    assert [commands(block) for block in korean.blocks] == [commands(block) for block in english.blocks]
    assert korean.tables == english.tables
    assert korean.code == english.code


def test_the_korean_page_is_korean() -> None:
    titles = [section.title for section in sections(KOREAN)]
    assert all(re.search("[가-힣]", title) for title in titles[1:]), titles


def test_the_korean_page_speaks_as_the_guide_in_korean_does() -> None:
    """Politely, and with the words of its glossary."""
    page = korean_docs.words(text(KOREAN))
    assert korean_docs.IMPOLITE.findall(page) == []
    others = [
        name
        for row in korean_docs.rows(korean_docs.PAGES["glossary.md"], "한국어")
        for name in row[3].split(", ")
        if name
    ]
    assert others
    assert [name for name in others if name in page] == []


# -- links


def links(name: str) -> list[str]:
    found: list[str] = korean_docs.LINK.findall(text(name))
    return found


@pytest.mark.parametrize("name", [ENGLISH, KOREAN, "docs/troubleshooting.md"])
def test_every_link_leads_somewhere(name: str) -> None:
    assert links(name)
    for link in links(name):
        path, _, anchor = link.partition("#")
        target = (REPOSITORY / name).parent / path if path else REPOSITORY / name
        assert target.exists(), link
        assert not anchor or anchor in korean_docs.anchors(target.read_text(encoding="utf-8")), link


def test_each_page_leads_to_the_other() -> None:
    assert KOREAN in links(ENGLISH)
    assert ENGLISH in links(KOREAN)


# -- commands


def test_the_clone_line_has_the_address_that_the_collection_names() -> None:
    galaxy = yaml.safe_load(text("collections/llmmon/galaxy.yml"))
    clones = [command[2] for command in korean_docs.commands(text(ENGLISH)) if command[:2] == ["git", "clone"]]
    assert clones == [f"{galaxy['repository']}.git"]


@pytest.mark.parametrize("name", [ENGLISH, "docs/troubleshooting.md"])
def test_every_command_can_be_copied(name: str) -> None:
    """Playbooks, their options and variables, targets of make, and files are there."""
    found = list(korean_docs.commands(text(name)))
    assert found or name != ENGLISH
    assert {" ".join(command): faults for command in found if (faults := list(korean_docs.faults(command)))} == {}


def test_every_playbook_is_in_the_table() -> None:
    shipped = {f"`playbooks/{path.name}`" for path in (REPOSITORY / "playbooks").glob("*.yml")}
    # Every other one begins with it; nobody runs it.
    assert shipped - {"`playbooks/preflight.yml`"} == {row[0] for row in korean_docs.rows(text(ENGLISH), "playbook")}


@pytest.mark.parametrize("name", [ENGLISH, "docs/troubleshooting.md"])
def test_every_variable_is_one_of_llmmon(name: str) -> None:
    named = set(re.findall(r"\bllmmon_[a-z_]+\b", text(name)))
    assert named
    assert named <= set(korean_docs.specified())
    # What is said with -e in a sentence, such as `-e lines=200`.
    assert set(re.findall(r"-e ([a-z_]+)=", text(name))) <= set(korean_docs.specified()) | korean_docs.short_names()


# -- sample output


def printed(**facts: Any) -> str:
    """What a deployment of inventories/single ends with, all of its values set."""
    gateways = rendering.load(SINGLE / "group_vars" / "llmmon" / "main.yml")["llmmon_gateways"]
    gateways[0] |= {"targets": ["gateway.example.org:8000"], "bearer_token": "made-up"}
    (host,) = rendering.load(SINGLE / "hosts.yml")["llmmon"]["hosts"]
    status = REPOSITORY / "roles" / "status"
    variables: dict[str, Any] = (
        rendering.role_variables()
        | rendering.role_variables(REPOSITORY / "roles" / "alertmanager")
        | rendering.role_variables(status)
        | {
            "llmmon_gateways": gateways,
            "llmmon_slack_webhook_url": "https://hooks.example.org/x",
            "llmmon_grafana_url": "https://grafana.example.org",
            "llmmon_prometheus_external_url": "https://prometheus.example.org",
            "llmmon_alertmanager_external_url": "https://alertmanager.example.org",
            "inventory_hostname": host,
            "role_path": str(rendering.ROLE),
        }
    )
    templar = Templar(loader=DataLoader(), variables=variables)
    jobs = templar.template(trust_as_template("{{ __llmmon_prometheus_asked.targets.jobs }}"))
    rules = [yaml.safe_load(content) for content in rendering.render_rules(llmmon_gateways=gateways).values()]
    dashboards = [path.name for path in (REPOSITORY / "roles" / "grafana" / "files" / "dashboards").glob("*.json")]
    # When a configuration was made is all that is made up.
    made = {
        "prometheus": "20260102T030405.000000Z",
        "alertmanager": "20260102T030354.000000Z",
        "grafana": "20260102T030421.000000Z",
    }
    services = templar.template(trust_as_template("{{ __llmmon_services }}"))
    people = templar.template(trust_as_template("{{ __llmmon_people | list }}"))
    told = Told({"127.0.0.1:9093": ["nobody", *people]}, own=True)
    templar.available_variables = variables | {
        "__llmmon_proof": {
            "services": [service | {"running_release": made[service["name"]]} for service in services],
            "targets": {"up": len(jobs), "total": len(jobs), "targets": [{"job": job} for job in sorted(jobs)]},
            "rules": {"total": sum(len(g["rules"]) for file in rules for g in file["groups"]), "pending": 0},
            "grafana": {"samples": 1, "dashboards": dashboards},
            "receivers": {"line": told_line(told, dict.fromkeys(told.people, ""), {}, required=True)},
        },
        **facts,
    }
    template = (status / "templates" / "summary.txt.j2").read_text(encoding="utf-8")
    return str(templar.template(trust_as_template(template)))


@pytest.mark.parametrize("name", [ENGLISH, KOREAN])
def test_the_sample_of_a_deployment_is_what_it_prints(name: str) -> None:
    samples = [block for section in sections(name) for block in section.blocks if "scrape targets:" in block]
    assert samples == [f"```text\n{printed().rstrip()}\n```\n"]


@pytest.mark.parametrize("name", [ENGLISH, KOREAN])
def test_the_sample_of_the_proof_of_delivery_is_what_it_prints(name: str) -> None:
    (sample,) = [block for section in sections(name) for block in section.blocks if "a synthetic one" in block]
    line = told_line(
        Told({"": ["slack"]}, own=True), {"slack": ""}, {"slack": Try("2026-01-02T03:05:06Z", True, "")}, required=True
    )
    lines = printed(__llmmon_delivery={"reached": ["slack"], "seconds": 1.1, "line": line}).splitlines()
    assert commands(sample) == [said for said in lines if said.startswith(("alerts:", "receivers:"))]


@pytest.fixture
def in_utc() -> Iterator[None]:
    """Times as the samples have them, wherever the test runs."""
    with pytest.MonkeyPatch.context() as context:
        context.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_utc")
@pytest.mark.parametrize("name", [ENGLISH, KOREAN])
def test_the_sample_of_the_demo_is_what_it_prints(name: str) -> None:
    (sample,) = [block for section in sections(name) for block in section.blocks if "LLM overview at" in block]
    assert sample == "\n".join(["```text", *view.lines(DEMO, FAILING_MODEL), "```", ""])


# -- the picture


@pytest.mark.parametrize(("page", "picture"), [(ENGLISH, overview.ENGLISH), (KOREAN, overview.KOREAN)])
def test_each_page_shows_its_picture_as_it_is_drawn(page: str, picture: overview.Picture) -> None:
    path = overview.FOLDER / picture.name
    assert str(path.relative_to(REPOSITORY)) in links(page)
    assert path.read_text(encoding="utf-8") == overview.draw(picture), "python -m docs.overview draws it anew"


@pytest.mark.parametrize("picture", [overview.ENGLISH, overview.KOREAN])
def test_no_words_leave_their_box(picture: overview.Picture) -> None:
    for box in picture.boxes:
        room = box.width - 2 * overview.PADDING
        assert overview.text_width(box.title, overview.TITLE_SIZE) <= room, box.title
        for line in box.lines:
            assert overview.text_width(line, overview.TEXT_SIZE) <= room, line
