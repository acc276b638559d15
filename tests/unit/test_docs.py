"""The English pages: links lead somewhere, and misspelled words are found. test_korean_docs.py has the others."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import OPERATION_JOURNAL

from tests.support.collection import REPOSITORY
from tests.unit import test_korean_docs as korean_docs

CODESPELL = Path(sys.executable).with_name("codespell")
PAGES = sorted(
    path
    for folder in ("docs", "tests")
    for path in (REPOSITORY / folder).rglob("*.md")
    if korean_docs.KOREAN not in path.parents
) + sorted(REPOSITORY.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for link in korean_docs.LINK.findall(korean_docs.prose(page.read_text(encoding="utf-8"))):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (
            anchor and target.suffix == ".md" and anchor not in korean_docs.anchors(target.read_text(encoding="utf-8"))
        ):
            dead.append(link)
    assert dead == []


def test_there_are_many_pages() -> None:
    """Or the test above would say nothing."""
    assert len(PAGES) > 70
    assert {"README.md", "SECURITY.md", "second-day.md", "LLMTargetDown.md"} <= {page.name for page in PAGES}


def test_a_misspelled_word_is_found_on_every_page_that_is_english(tmp_path: Path) -> None:
    """By the settings of this repository, which `make lint` takes."""
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    names = ["README.md", "docs/operations/backup.md", "roles/one/tasks/main.yml", "docs/ko/index.md", "README.ko.md"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("It is rec" + "ieved.\n", encoding="utf-8")
    done = subprocess.run([CODESPELL], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 65, done.stderr
    assert sorted(line.split(":")[0] for line in done.stdout.splitlines()) == sorted(f"./{name}" for name in names[:3])


def test_the_pages_agree_on_the_journal() -> None:
    """Which file it is, and that the one of a restore is never deleted; that of an upgrade in one case alone."""
    pages = {
        name: " ".join((REPOSITORY / "docs" / "operations" / f"{name}.md").read_text(encoding="utf-8").split())
        for name in ("restore", "upgrade", "uninstall")
    }
    for name, text in pages.items():
        assert f"/{OPERATION_JOURNAL}`" in text, name
        assert set(re.findall(r"[\w-]+\.json`", text)) == {f"{OPERATION_JOURNAL}`"}, name
    assert "Never delete the journal of a restore" in pages["restore"]
    assert "The journal of a restore is never deleted" in pages["upgrade"]
    told = {name: len(re.findall(r"\bdelete it\b", text)) for name, text in pages.items()}
    assert told == {"restore": 0, "upgrade": 1, "uninstall": 0}
    assert "Only here is the journal" in pages["upgrade"]
