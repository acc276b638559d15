"""Presets of the user's own: where they lie, which of two counts, and what is said before any host is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import (
    gateway_presets,
    own_directory_problems,
    preset_kinds,
    preset_problems,
    problems_of_preset,
)

GATEWAYS = [{"name": "a", "kind": "litellm"}, {"name": "b", "kind": "house"}]


@pytest.fixture
def shipped(tmp_path: Path) -> str:
    """The role's folder, with two kinds."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    for kind in ("canonical", "litellm"):
        (folder / f"{kind}.yml").write_text(f"requests: [{{metrics: [{kind}_total]}}]\n")
    return str(folder)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The user's folder, with one kind."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "house.yml").write_text("requests: [{metrics: [house_total]}]\n")
    return folder


def requests(presets: dict[str, Any]) -> dict[str, str]:
    return {kind: preset["requests"][0]["metrics"][0] for kind, preset in presets.items()}


def test_kinds_of_both_folders_are_known(shipped: str, own: Path) -> None:
    assert preset_kinds(shipped, str(own)) == ["canonical", "house", "litellm"]
    assert preset_kinds(shipped) == ["canonical", "litellm"]
    assert requests(gateway_presets(GATEWAYS, shipped, str(own))) == {
        "house": "house_total",
        "litellm": "litellm_total",
    }
    assert preset_problems(GATEWAYS, shipped, str(own)) == []


def test_a_folder_that_is_not_there_is_named(shipped: str, own: Path) -> None:
    (problem,) = preset_problems(GATEWAYS, shipped, f"{own}-gone")
    assert problem == (
        f"llmmon_presets_directory: there is no folder {own}-gone on the controller; a relative name is looked for"
        " beside the inventory"
    )


def test_a_kind_that_comes_with_llmmon_is_replaced_only_when_the_file_says_so(shipped: str, own: Path) -> None:
    (own / "litellm.yml").write_text("requests: [{metrics: [mine_total]}]\n")
    (problem,) = own_directory_problems(str(own), shipped)
    assert problem == (
        f"llmmon_presets_directory: {own}/litellm.yml has the name of a kind that comes with llmmon; give it another"
        " name, or write replaces_shipped: true into it, and llmmon's own preset is not used"
    )
    (own / "litellm.yml").write_text("replaces_shipped: true\nrequests: [{metrics: [mine_total]}]\n")
    assert preset_problems(GATEWAYS, shipped, str(own)) == []
    assert requests(gateway_presets(GATEWAYS, shipped, str(own)))["litellm"] == "mine_total"


def test_a_file_that_replaces_nothing_is_refused(shipped: str, own: Path) -> None:
    """It was written for another release, or its name is misspelt: the kind that it means keeps llmmon's preset."""
    (own / "lite_llm.yml").write_text("replaces_shipped: true\nrequests: [{metrics: [mine_total]}]\n")
    (problem,) = own_directory_problems(str(own), shipped)
    assert problem.endswith("no kind lite_llm comes with llmmon; known are canonical, litellm")


@pytest.mark.parametrize("value", ["1", "'true'", "litellm"])
def test_replaces_is_true_or_left_out(tmp_path: Path, value: str) -> None:
    path = tmp_path / "own.yml"
    path.write_text(f"replaces_shipped: {value}\nrequests: [{{metrics: [mine_total]}}]\n")
    assert problems_of_preset(path) == ["must say replaces_shipped: true, or leave it out"]


@pytest.mark.parametrize("name", ["house2.yaml", "house2.json"])
def test_a_file_that_would_not_be_read_is_named(shipped: str, own: Path, name: str) -> None:
    (own / name).write_text("requests: [{metrics: [house_total]}]\n")
    (own / "README.md").touch()
    (problem,) = preset_problems(GATEWAYS, shipped, str(own))
    assert problem == f"llmmon_presets_directory: {own}/{name} is not read; the name of a preset ends in .yml"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("requests: [", "is not valid YAML"),
        ("---\n", "maps nothing: it needs at least one of requests, tokens,"),
        (
            "requests: [{metrics: [x_total]}]\nrequest: []\n",
            "has a key that means nothing: request; known are requests,",
        ),
        ("requests: [{metrics: [x_total]}]\n1: []\n", "has a key that means nothing: 1; known are requests,"),
    ],
)
def test_all_of_the_users_files_are_checked_used_or_not(shipped: str, own: Path, content: str, problem: str) -> None:
    (own / "unused.yml").write_text(content)
    (found,) = preset_problems(GATEWAYS, shipped, str(own))
    assert found.startswith(f"the preset {own}/unused.yml {problem}")


def test_a_file_that_cannot_be_read_is_named(shipped: str, own: Path) -> None:
    (own / "linked.yml").symlink_to(own / "gone.txt")
    (found,) = preset_problems(GATEWAYS, shipped, str(own))
    assert found == f"the preset {own}/linked.yml cannot be read: No such file or directory"
    with pytest.raises(AnsibleFilterError, match=r"linked\.yml cannot be read"):
        gateway_presets([{"name": "a", "kind": "linked"}], shipped, str(own))


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        ("tokens: [{metrics: [my tokens]}]", "gives tokens a name that no metric can have: my tokens"),
        ("tokens: [{metrics: ['x_total{a=1}']}]", "gives tokens a name that no metric can have: x_total{a=1}"),
        (
            "latency: {metrics: [x_seconds_bucket], unit: seconds}",
            "must name the histogram of latency without its suffix: x_seconds_bucket",
        ),
        (
            "tokens: [{metrics: [x], matchers: type=input}]",
            'has matchers of tokens that are not of the form label="value", other!~"a|b": type=input',
        ),
        (
            """tokens: [{metrics: [x], matchers: 'a="b" c="d"'}]""",
            'has matchers of tokens that are not of the form label="value", other!~"a|b": a="b" c="d"',
        ),
        (
            """failures: {all: [{metrics: [x], matchers: 'code=~"[45"'}]}""",
            "has a matcher of failures.all that does not compile, [45: unterminated character set at position 0",
        ),
        ("labels: {model: [my model]}", "takes model from what no label can be called: my model"),
        ("labels: {model: [1]}", "takes model from what no label can be called: 1"),
    ],
)
def test_what_promtool_would_refuse_on_the_host_is_said_before(tmp_path: Path, part: str, problem: str) -> None:
    path = tmp_path / "own.yml"
    path.write_text(f"requests: [{{metrics: [x_total]}}]\n{part}\n")
    assert problems_of_preset(path) == [problem]


def test_matchers_of_every_form_are_right(tmp_path: Path) -> None:
    path = tmp_path / "own.yml"
    path.write_text("""requests: [{metrics: [x_total], matchers: 'a="b, c", d!="", e=~"4..|\\\\d+", f !~ "x"'}]\n""")
    assert problems_of_preset(path) == []
