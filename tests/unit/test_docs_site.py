"""The documentation site has every page, its links hold there, and what is wrong with a built one is seen."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
import yaml

from docs.generate import REPOSITORY
from docs.site import built, pages

ADDRESS = "https://git.example.com/llmmon/blob/main"
FILES = {
    "README.md": "# llmmon\n\n[kinds](docs/gateways.md)\n",
    "README.ko.md": "# llmmon\n",
    "LICENSE": "",
    "docs/gateways.md": "# Gateways\n",
    "docs/calibrate.md": "# Thresholds\n",
    "docs/pictures/overview.svg": "<svg/>",
    "docs/runbooks/README.md": "# Alerts\n\n[two](Two.md), [one](One.md)\n",
    "docs/runbooks/One.md": "# One\n",
    "docs/runbooks/Two.md": "# Two\n",
    "docs/runbooks/Other.md": "# Other\n",
    "docs/ko/index.md": "# 안내서\n",
    "docs/ko/runbooks/One.md": "# One\n",
    "inventories/single/hosts.yml": "",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / "repository" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "repository" / name).write_text(text, encoding="utf-8")
    return tmp_path / "repository"


def toctree(text: str) -> list[str]:
    return text.partition(":hidden:\n\n")[2].partition("```")[0].split()


def test_the_site_has_every_page_of_the_repository() -> None:
    known = pages.pages(REPOSITORY)
    below_docs = {path.relative_to(REPOSITORY) for path in (REPOSITORY / "docs").rglob("*.md")}
    assert {PurePosixPath(path) for path in below_docs} <= set(known)
    assert {PurePosixPath("README.md"), PurePosixPath("CHANGELOG.md")} <= set(known)


def test_a_runbook_keeps_its_address() -> None:
    known = pages.pages(REPOSITORY)
    alerts = {path.stem for path in (REPOSITORY / "docs" / "runbooks").glob("*.md")} - {"README"}
    assert alerts
    for alert in alerts:
        assert known[PurePosixPath(f"docs/runbooks/{alert}.md")] == PurePosixPath(f"runbooks/{alert}.md")


def test_a_runbook_opens_at_the_address_that_messages_link_too(tmp_path: Path) -> None:
    for name in ("runbooks/One.html", "ko/runbooks/One.html", "gateways.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("<html></html>")
    pages.keep_addresses(tmp_path)
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.md/*")}
    assert written == {"runbooks/One.md/index.html", "ko/runbooks/One.md/index.html"}
    assert 'content="0; url=../One.html"' in (tmp_path / "runbooks" / "One.md" / "index.html").read_text()
    assert list(built.faults(tmp_path)) == []


def test_a_folder_opens_with_its_readme(repository: Path) -> None:
    known = pages.pages(repository)
    assert known[PurePosixPath("README.md")] == PurePosixPath("index.md")
    assert known[PurePosixPath("README.ko.md")] == PurePosixPath("index.ko.md")
    assert known[PurePosixPath("docs/runbooks/README.md")] == PurePosixPath("runbooks/index.md")


def test_two_pages_at_one_address_are_refused(repository: Path) -> None:
    (repository / "docs" / "README.md").write_text("# Another\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"would both be index\.md of the site"):
        pages.pages(repository)


@pytest.mark.parametrize(
    ("source", "written", "expected"),
    [
        ("README.md", "[a](docs/gateways.md#kinds)", "[a](gateways.md#kinds)"),
        ("README.md", "[`a`](docs/gateways.md)", "[`a`](gateways.md)"),
        ("README.md", "[a](docs/runbooks)", "[a](runbooks/index.md)"),
        ("README.md", "[a](docs/ko/)", "[a](ko/index.md)"),
        ("README.md", '[a](docs/gateways.md "title")', '[a](gateways.md "title")'),
        ("README.md", "[a][b]\n\n[b]: docs/gateways.md\n", "[a][b]\n\n[b]: gateways.md\n"),
        ("README.md", "![a](docs/pictures/overview.svg)", "![a](pictures/overview.svg)"),
        ("docs/runbooks/One.md", "[a](../../README.md#playbooks)", "[a](../index.md#playbooks)"),
        ("docs/ko/runbooks/One.md", "[a](../../runbooks/One.md)", "[a](../../runbooks/One.md)"),
        ("docs/runbooks/One.md", "![a](../pictures/overview.svg)", "![a](../pictures/overview.svg)"),
        ("docs/gateways.md", "[a](../inventories/single)", f"[a]({ADDRESS}/inventories/single)"),
        ("README.md", "[a](LICENSE)", f"[a]({ADDRESS}/LICENSE)"),
        ("README.md", "[a](#kinds) [b](https://example.com/x.md)", "[a](#kinds) [b](https://example.com/x.md)"),
        ("README.md", "`[a](docs/gateways.md)`", "`[a](docs/gateways.md)`"),
        ("README.md", "```\n[a](docs/gateways.md)\n```\n", "```\n[a](docs/gateways.md)\n```\n"),
        ("README.md", "- x\n  ~~~\n  [a](LICENSE)\n  ~~~\n", "- x\n  ~~~\n  [a](LICENSE)\n  ~~~\n"),
        ("README.md", "```\n`\n```\n[a](docs/gateways.md) `x`", "```\n`\n```\n[a](gateways.md) `x`"),
        # Sphinx refuses what it does not find.
        ("docs/gateways.md", "[a](no-such-page.md)", "[a](no-such-page.md)"),
    ],
)
def test_a_link_leads_to_the_same_in_the_site(repository: Path, source: str, written: str, expected: str) -> None:
    known = pages.pages(repository)
    assert pages.rewritten(written, PurePosixPath(source), known, repository, ADDRESS) == expected


def test_an_index_lists_the_pages_below_it_once_and_in_its_own_order(repository: Path, tmp_path: Path) -> None:
    pages.stage(repository, tmp_path / "site", ADDRESS)
    listed = {
        name: toctree((tmp_path / "site" / name).read_text(encoding="utf-8"))
        for name in ("index.md", "runbooks/index.md", "ko/index.md")
    }
    assert listed == {
        "index.md": ["gateways", "calibrate", "collection/index", "index.ko", "ko/index", "runbooks/index"],
        "runbooks/index.md": ["Two", "One", "Other"],
        "ko/index.md": ["runbooks/One"],
    }
    assert (tmp_path / "site" / "pictures" / "overview.svg").read_text(encoding="utf-8") == "<svg/>"


def test_no_link_of_a_page_leads_nowhere(tmp_path: Path) -> None:
    """Anchors, and what is written in HTML, wait for `make docs-site`."""
    pages.stage(REPOSITORY, tmp_path, ADDRESS)
    staged = sorted(tmp_path.rglob("*.md"))
    lost = [
        f"{page.relative_to(tmp_path)}: {target}"
        for page in staged
        for target in pages.targets(page.read_text(encoding="utf-8"))
        if not (page.parent / target.partition("#")[0]).exists()
    ]
    assert len(staged) == len(pages.pages(REPOSITORY))
    assert not lost


def test_a_default_that_is_computed_is_told_in_words(tmp_path: Path) -> None:
    options = {
        "llmmon_flag": {"type": "bool", "default": "{{ a is match('b') }}", "description": "A flag."},
        "llmmon_text": {"type": "str", "default": "{{ a }}", "description": "A text."},
        "llmmon_number": {"type": "int", "default": 3, "description": "A number."},
        "llmmon_group": {
            "type": "dict",
            "description": ["A group."],
            "options": {"size": {"type": "int", "default": "{{ a }}", "description": ["A size.", "Of it."]}},
        },
    }
    collection = tmp_path / pages.COLLECTION
    for name, text in {
        "galaxy.yml": "name: stack\n",
        "meta/runtime.yml": "{}\n",
        "plugins/modules/one.py": "",
        "roles/one/meta/argument_specs.yml": yaml.safe_dump({"argument_specs": {"main": {"options": options}}}),
    }.items():
        (collection / name).parent.mkdir(parents=True, exist_ok=True)
        (collection / name).write_text(text, encoding="utf-8")
    pages.stage_collection(tmp_path, tmp_path / "staged")
    specification = tmp_path / "staged" / "roles" / "one" / "meta" / "argument_specs.yml"
    found = yaml.safe_load(specification.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    assert found["llmmon_flag"] == {
        "type": "bool",
        "description": ["A flag.", r"Computed by default, V({{ a is match('b'\) }})."],
    }
    assert found["llmmon_group"]["options"]["size"] == {
        "type": "int",
        "description": ["A size.", "Of it.", "Computed by default, V({{ a }})."],
    }
    assert [found[name] for name in ("llmmon_text", "llmmon_number")] == [
        options[name] for name in ("llmmon_text", "llmmon_number")
    ]


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("a.html", '<a href="b.html">', "a.html links to b.html, which is not there"),
        ("a.html", '<a href="index.html#b">', "a.html links to index.html#b, which is not there"),
        ("a.html", '<a href="#b">', "a.html links to #b, which is not there"),
        ("a.html", '<img src="b.png">', "a.html links to b.png, which is not there"),
        ("a.html", '<script src="https://cdn.example.com/a.js">', "a.html loads https://cdn.example.com/a.js"),
        ("a.html", '<link rel="stylesheet" href="//cdn.example.com/a.css">', "a.html loads //cdn.example.com/a.css"),
        ("a.html", '<p style="background: url(https://example.com/a.png)">', "a.html loads https://example.com/a.png"),
        ("a.css", '@import "https://fonts.example.com/a";', "a.css loads https://fonts.example.com/a"),
        ("a.css", "@font-face { src: url('http://example.com/a.woff2') }", "a.css loads http://example.com/a.woff2"),
        (
            "a.svg",
            '<svg><image xlink:href="https://example.com/a.png"/></svg>',
            "a.svg loads https://example.com/a.png",
        ),
    ],
)
def test_a_fault_of_a_built_site_is_named(tmp_path: Path, name: str, text: str, fault: str) -> None:
    (tmp_path / "index.html").write_text("<h1 id='a'>", encoding="utf-8")
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert [found.removesuffix(" from another host") for found in built.faults(tmp_path)] == [fault]


def test_a_good_site_has_no_fault(tmp_path: Path) -> None:
    (tmp_path / "ko").mkdir()
    (tmp_path / "index.html").write_text(
        '<link href="a.css?v=1"><h1 id="라우트"><a name="old"></a><a href="#old"></a><a href="https://example.com/"></a>'
        '<a href="mailto:you@example.com"></a><img src="data:image/png;base64,AAAA">',
        encoding="utf-8",
    )
    (tmp_path / "a.css").write_text("p { background: url(data:image/png;base64,AAAA) }", encoding="utf-8")
    (tmp_path / "ko" / "a.html").write_text('<a href="../index.html#%EB%9D%BC%EC%9A%B0%ED%8A%B8">', encoding="utf-8")
    assert list(built.faults(tmp_path)) == []
