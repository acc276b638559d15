"""The Korean pages say what the English ones and the code say: names, files, commands, messages, numbers and terms."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs import generate

REPOSITORY = Path(__file__).resolve().parents[2]
ENGLISH = REPOSITORY / "docs"
KOREAN = ENGLISH / "ko"
PAGES = {str(path.relative_to(KOREAN)): path.read_text(encoding="utf-8") for path in sorted(KOREAN.rglob("*.md"))}
RUNBOOKS = [name for name in PAGES if name.startswith("runbooks/")]
HEADINGS = {
    "Meaning": "의미",
    "Impact": "영향",
    "Diagnosis": "진단",
    "Mitigation": "조치",
    "Alerts": "알림",
    "Gateways": "게이트웨이",
    "Hosts and GPUs": "호스트와 GPU",
    "The monitoring itself": "모니터링 자체",
}

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# Sentences that end in another way than -니다, -니까 or -시오.
IMPOLITE = re.compile(r"[가-힣]*(?:요|세요|(?<!니)다|자)[.?!](?=\s|$)", re.MULTILINE)
# Common misspellings, and words that are written apart or together by mistake.
MISSPELT = {
    "되요": "돼요",
    "됬": "됐",
    "되서": "돼서",
    "되야": "돼야",
    "안되": "안 되",
    "않되": "안 되",
    "않하": "안 하",
    "않는 다": "않는다",
    "몇일": "며칠",
    "할께": "할게",
    "할수": "할 수",
    "될수": "될 수",
    "볼수": "볼 수",
    "있을때": "있을 때",
    "없을때": "없을 때",
    "할때": "할 때",
    "될때": "될 때",
    "왠만": "웬만",
    "웬지": "왠지",
    "오랫만": "오랜만",
    "금새": "금세",
    "역활": "역할",
    "바램": "바람",
    "갯수": "개수",
    "어플리케이션": "애플리케이션",
    "메세지": "메시지",
    "컨텐츠": "콘텐츠",
    "데이타": "데이터",
    "디렉토리": "디렉터리",
    "리포지토리": "리포지터리",
    "쓰레드": "스레드",
    "써비스": "서비스",
    "화일": "파일",
    "패스워드": "비밀번호",
    "캐쉬": "캐시",
    "업그래이드": "업그레이드",
    "하십시요": "하십시오",
    "주십시요": "주십시오",
    "마십시요": "마십시오",
    "있읍니다": "있습니다",
    "없읍니다": "없습니다",
    "했읍니다": "했습니다",
}
# Names that look like a variable or an alert: what Prometheus is told of backups and by canaries, and the probe.
METRICS = {
    "llmmon_backup_copy_last_success_timestamp_seconds",
    "llmmon_backup_last_success_timestamp_seconds",
    "llmmon_canary_agreement",
    "llmmon_canary_answered_by",
    "llmmon_canary_ledger_damaged",
    "llmmon_canary_never_right",
    "llmmon_canary_requests_total",
}
NO_ALERTS = {"LLMMonDeliveryProbe"}
# A file of the guide that people come from; it is not here.
GUIDE_FILES = {"prometheus.yml"}

every_page = pytest.mark.parametrize("page", PAGES)
every_runbook = pytest.mark.parametrize("page", RUNBOOKS)


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", text)


def words(text: str) -> str:
    """What people read: without code and without where links lead."""
    return SPAN.sub("", LINK.sub(lambda link: link[0].replace(link[1], ""), prose(text)))


def spans(text: str) -> set[str]:
    """The code within sentences."""
    return {" ".join(span.split()) for span in SPAN.findall(prose(text))}


def blocks(text: str, language: str) -> list[str]:
    return [
        "\n".join(line.removeprefix(block[1]) for line in block[3].splitlines())
        for block in FENCE.finditer(text)
        if block[2] == language
    ]


def headings(text: str) -> list[tuple[int, str]]:
    return [(len(marks), title) for marks, title in re.findall(r"^(#+) (.+)$", prose(text), re.MULTILINE)]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for _, title in headings(text)}


def rows(text: str, first: str) -> list[list[str]]:
    """The rows of all tables whose first column is called so."""
    found: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]] if line.startswith("|") else []
        if not cells:
            inside = False
        elif cells[0] == first:
            inside = True
        elif inside and not set(cells[0]) <= set("-:"):
            found.append(cells)
    return found


@cache
def english() -> str:
    """All that is written in English, on one line."""
    pages = [REPOSITORY / "README.md", *(path for path in ENGLISH.rglob("*.md") if KOREAN not in path.parents)]
    return " ".join(" ".join(path.read_text(encoding="utf-8") for path in pages).split())


@cache
def specified() -> dict[str, dict[str, Any]]:
    return {name: option for role in generate.ROLES for name, option in generate.public(role).items()}


def short_names() -> set[str]:
    """What may be said with -e besides variables."""
    names = re.compile(r"extra_variable', '(\w+)'")
    return {name for option in specified().values() for name in names.findall(str(option.get("default", "")))}


def is_there(path: str) -> bool:
    """Whether a file is in the repository. The inventory that is copied has what its model has."""
    mine = re.sub("^inventories/mine(?=/|$)", "inventories/single", path)
    return path.startswith(("files/", "inventories/mine/files/")) or (REPOSITORY / mine).exists()


def names_a_file(name: str) -> bool:
    """Whether a .yml is in the repository: by its path, or by its name as a playbook or a file of the inventory."""
    if "/" in name:
        return is_there(name)
    inventory = {path.name for path in (REPOSITORY / "inventories" / "single").rglob("*.yml")}
    return (REPOSITORY / "playbooks" / name).exists() or name in inventory | GUIDE_FILES


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command: lines of blocks without a language, and code in sentences that starts a program."""
    lines = [line for block in blocks(text, "") for line in block.splitlines() if line.strip()]
    inline = [f"ansible-playbook {span}" if span.startswith("playbooks/") else span for span in sorted(spans(text))]
    programs = ("ansible-playbook ", "make ", "sudo make ", "yamllint ")
    for line in [*lines, *(span for span in inline if span.startswith(programs))]:
        yield shlex.split(line, comments=True)


def faults_of_playbook(arguments: list[str]) -> Iterator[str]:
    playbook, *rest = arguments
    if not (playbook.startswith("playbooks/") and is_there(playbook)):
        yield f"no playbook {playbook}"
        return
    tags = set(re.findall(r"\w+", " ".join(re.findall(r"tags: \[(.*)\]", (REPOSITORY / playbook).read_text()))))
    while rest:
        option = rest.pop(0)
        if option in ("--check", "--diff", "--ask-become-pass"):
            continue
        if option == "-e":
            name = rest.pop(0).partition("=")[0]
            if name not in specified() and name not in short_names():
                yield f"no variable {name}"
        elif option == "--tags":
            yield from (f"no tag {tag}" for tag in set(rest.pop(0).split(",")) - tags)
        elif option == "--limit":
            rest.pop(0)
        else:
            yield f"no option {option}"


def faults(command: list[str]) -> Iterator[str]:
    """What is wrong with a command that somebody would copy."""
    program, *arguments = command[1:] if command[0] == "sudo" else command
    targets = re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    match program:
        case "ansible-playbook":
            yield from faults_of_playbook(arguments)
        case "make":
            yield from (f"no target {target}" for target in arguments if target not in targets)
        case "cp":
            yield from (f"no file {path}" for path in arguments[-2:] if not is_there(path))
        case "export" | "yamllint":
            paths = [argument.partition("=")[2] or argument for argument in arguments]
            yield from (f"no file {path}" for path in paths if "/" in path and not is_there(path))
        case "." | "git" | "cd" | "ssh" | "curl":
            pass
        case _:
            yield f"what is {program}?"


def faults_of_settings(value: Any, option: dict[str, Any], path: str) -> Iterator[str]:
    """Keys of a value that the specification of its variable does not have."""
    options: dict[str, dict[str, Any]] = option.get("options", {})
    for entry in value if isinstance(value, list) else [value]:
        if options and isinstance(entry, dict):
            for key, inner in entry.items():
                if key not in options:
                    yield f"{path}.{key}"
                else:
                    yield from faults_of_settings(inner, options[key], f"{path}.{key}")


@every_page
def test_links_lead_somewhere(page: str) -> None:
    dead = []
    for link in LINK.findall(prose(PAGES[page])):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = (KOREAN / page).parent / path if path else KOREAN / page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            dead.append(link)
    assert dead == []


@every_page
def test_variables_are_variables(page: str) -> None:
    unknown = []
    for name in re.findall(r"(?<!\w)llmmon_[a-z0-9_]+(?:\.[a-z0-9_]+)*", PAGES[page]):
        variable, *keys = name.split(".")
        option = specified().get(variable)
        for key in keys:
            option = (option or {}).get("options", {}).get(key)
        if option is None and name not in METRICS:
            unknown.append(name)
    assert unknown == []


@every_page
def test_settings_are_as_specified(page: str) -> None:
    wrong: list[str] = []
    # A file of the user's own, such as one with rules, says so in its first line.
    for block in (block for block in blocks(PAGES[page], "yaml") if not block.startswith("# inventories/mine/files/")):
        for variable, value in yaml.safe_load(block).items():
            wrong += faults_of_settings(value, specified()[variable], variable)
    assert wrong == []


@every_page
def test_commands_can_be_copied(page: str) -> None:
    wrong = {
        shlex.join(command): found
        for command in commands(PAGES[page])
        if not re.fullmatch(r"[A-Z_]+=.*", command[0]) and (found := list(faults(command)))
    }
    assert wrong == {}


@every_page
def test_playbooks_and_files_are_there(page: str) -> None:
    # What begins with / is on a host.
    names = set(re.findall(r"(?<![\w/.-])[\w.-][\w./-]*\.yml", prose(PAGES[page])))
    names |= {
        span.split()[0] for span in spans(PAGES[page]) if span.startswith(("playbooks/", "inventories/", "roles/"))
    }
    assert sorted(name for name in names if not names_a_file(name)) == []


@every_page
def test_alerts_have_a_runbook(page: str) -> None:
    begins = "LLM|Monitoring|Prometheus|Alertmanager|Alert|Thanos|Host|GPU"
    names = set(re.findall(rf"\b(?:{begins})[A-Z][A-Za-z0-9]+", prose(PAGES[page]))) - NO_ALERTS
    assert sorted(name for name in names if f"runbooks/{name}.md" not in PAGES) == []


@every_page
def test_links_to_runbooks_lead_to_the_korean_ones(page: str) -> None:
    leads = {((KOREAN / page).parent / link.partition("#")[0]).resolve() for link in LINK.findall(prose(PAGES[page]))}
    assert sorted(str(lead) for lead in leads if lead.is_relative_to(ENGLISH / "runbooks")) == []


@every_page
def test_names_of_the_environment_are_those_of_the_english_pages(page: str) -> None:
    names = set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", PAGES[page].replace("YYYYMMDD_HHMMSS", "")))
    assert sorted(name for name in names if name not in english()) == []


@every_page
def test_messages_are_quoted_as_the_english_pages_quote_them(page: str) -> None:
    messages = [message for row in rows(PAGES[page], "보이는 메시지") for message in SPAN.findall(row[0])]
    assert [message for message in messages if message not in english()] == []


@every_page
def test_people_are_spoken_to_politely(page: str) -> None:
    """In one level of politeness: sentences end with -니다, -니까 or -시오."""
    assert IMPOLITE.findall(words(PAGES[page])) == []


def test_words_are_spelled_as_they_should_be() -> None:
    pages = {**PAGES, "README.ko.md": (REPOSITORY / "README.ko.md").read_text(encoding="utf-8")}
    found = [
        (page, wrong, right)
        for page, text in pages.items()
        for wrong, right in MISSPELT.items()
        if wrong in words(text)
    ]
    assert found == []


@every_runbook
def test_a_runbook_has_the_parts_of_its_english_counterpart(page: str) -> None:
    original = (ENGLISH / page).read_text(encoding="utf-8")
    assert headings(PAGES[page]) == [(level, HEADINGS.get(title, title)) for level, title in headings(original)]
    # Items of lists, and rows of tables by the code or the link that they begin with.
    parts = re.compile(r"^ *(?:-|\d\.) |^\| (?:`[^`]+`|\[\w+\]|(?=\w))", re.MULTILINE)
    assert parts.findall(PAGES[page]) == parts.findall(original)
    fenced = [[(block[2], block[3]) for block in FENCE.finditer(text)] for text in (PAGES[page], original)]
    assert fenced[0] == fenced[1]
    assert ("\n먼저: " in PAGES[page]) == ("\nFirst: " in original)


def test_every_runbook_is_there_in_korean() -> None:
    assert sorted(RUNBOOKS) == sorted(str(path.relative_to(ENGLISH)) for path in (ENGLISH / "runbooks").glob("*.md"))


@every_runbook
def test_a_runbook_names_what_its_english_counterpart_names(page: str) -> None:
    """Queries, commands, variables, files, other pages, and numbers: thresholds must not grow old in one language."""
    original = (ENGLISH / page).read_text(encoding="utf-8")
    assert spans(PAGES[page]) == spans(original)
    pages = [{Path(link).name for link in LINK.findall(prose(text))} for text in (PAGES[page], original)]
    assert pages[0] == pages[1]
    numbers = [Counter(re.findall(r"\d+(?:\.\d+)*", words(text))) for text in (PAGES[page], original)]
    assert numbers[1] - numbers[0] == Counter()


def test_the_first_pages_lead_to_all_others() -> None:
    linked = {link for link in LINK.findall(PAGES["index.md"]) if not link.startswith("..")}
    linked |= {f"runbooks/{link}" for link in LINK.findall(PAGES["runbooks/README.md"]) if not link.startswith("..")}
    assert linked == set(PAGES) - {"index.md"}


def test_the_table_of_alerts_says_how_long_and_how_bad_as_the_english_one_does() -> None:
    originals = rows((ENGLISH / "runbooks/README.md").read_text(encoding="utf-8"), "alert")
    told = rows(PAGES["runbooks/README.md"], "알림")
    assert len(told) == len(RUNBOOKS) - 1
    assert [[row[0], *row[2:]] for row in told] == [[row[0], *row[2:]] for row in originals]


def test_all_kinds_are_told_with_their_ports_and_paths() -> None:
    told = {row[0]: row[1] for row in rows(PAGES["gateways.md"], "kind")}
    presets = REPOSITORY / "roles" / "prometheus" / "vars" / "presets"
    originals = {row[0]: row[1] for row in rows((ENGLISH / "gateways.md").read_text(), "kind")}
    # The question mark of what is not confirmed is a part of it.
    assert sorted(told) == sorted(originals)
    assert sorted(kind.strip("`? ") for kind in told) == sorted(path.stem for path in presets.glob("*.yml"))
    assert {
        kind: originals[kind]
        for kind, place in told.items()
        if kind != "`canonical`" and not originals[kind].startswith(place)
    } == {}


@cache
def said() -> dict[str, str]:
    """What the stack itself says in Korean, by where that is written."""
    places = ("roles/prometheus/files/languages/ko.yml", "dashboards/languages/ko.yml")
    texts = {place: (REPOSITORY / place).read_text(encoding="utf-8") for place in places}
    found = {place: "\n".join(entry["ko"] for entry in sentences(text)) for place, text in texts.items()}
    words_of_messages = "roles/alertmanager/files/languages/ko.tmpl"
    return found | {words_of_messages: (REPOSITORY / words_of_messages).read_text(encoding="utf-8")}


def sentences(text: str) -> list[dict[str, str]]:
    content = yaml.safe_load(text)
    found: list[dict[str, str]] = content if isinstance(content, list) else content["sentences"]
    return found


def test_alerts_messages_and_dashboards_use_the_words_of_the_glossary() -> None:
    others = [name for row in rows(PAGES["glossary.md"], "한국어") for name in row[3].split(", ") if name]
    assert [(place, name) for name in others for place, content in said().items() if name in content] == []
    assert {place: found for place, content in said().items() if (found := IMPOLITE.findall(content))} == {}


def test_terms_of_the_glossary_are_used_and_their_other_names_are_not() -> None:
    terms = rows(PAGES["glossary.md"], "한국어")
    text = {page: words(content) for page, content in PAGES.items() if page != "glossary.md"}
    together = " ".join(" ".join([*text.values(), *said().values()]).split())
    assert [row[0] for row in terms if row[0] not in together] == []
    others = [name for row in terms for name in row[3].split(", ") if name]
    assert [(page, name) for name in others for page, content in text.items() if name in content] == []
    assert len({row[1] for row in terms}) == len(terms)
    assert all(row[2].endswith("니다") for row in terms)
