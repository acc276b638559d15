"""How a role's template tree becomes files, on the controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.llmmon.stack.plugins.plugin_utils.rendering.tree import render_tree, work_out_once


def render(source: Path, files: dict[str, str | bytes], **variables: Any) -> dict[str, str]:
    for path, content in files.items():
        target = source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return render_tree(Templar(loader=DataLoader(), variables=variables), source, variables)


def test_templates_lose_their_suffix_and_keep_their_place(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a.yml.j2": "a: {{ number }}\n", "deep/er/b.yml.j2": "b: {{ number + 1 }}\n"}
    assert render(tmp_path, files, number=1) == {"a.yml": "a: 1\n", "deep/er/b.yml": "b: 2\n"}


def test_other_files_are_taken_as_they_are(tmp_path: Path) -> None:
    text = "msg: {{ $labels.job }} {% raw %}\r\n  {# no comment #}"
    assert render(tmp_path, {"alerts.yml": text}) == {"alerts.yml": text}


def test_what_renders_to_nothing_is_left_out(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "off.yml.j2": "{% if wanted %}a: 1{% endif %}\n\n",
        "none.yml.j2": "{{ none_there }}",
        "empty.yml": " \n",
        "on.yml.j2": "a: 1",
    }
    assert render(tmp_path, files, wanted=False, none_there=None) == {"on.yml": "a: 1"}


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_the_end_of_a_template_is_kept(end: str, tmp_path: Path) -> None:
    assert render(tmp_path, {"a.j2": f"{{{{ 'x' }}}}{end}"}) == {"a": f"x{end}"}


def test_a_header_changes_the_delimiters(tmp_path: Path) -> None:
    header = "#jinja2: variable_start_string: '[[', variable_end_string: ']]', trim_blocks: True\n"
    files: dict[str, str | bytes] = {"r.yml.j2": header + "expr: [[ name ]] {{ $value }}\n"}
    assert render(tmp_path, files, name="up") == {"r.yml": "expr: up {{ $value }}\n"}


def test_backslashes_and_types_survive(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.j2": "{{ 'a\\\\d' }} \\d+\n",
        "list.j2": "{{ values | to_json }}",
        "number.j2": "{{ 9090 }}",
    }
    assert render(tmp_path, files, values=[1, "2"]) == {
        "a": "a\\d \\d+\n",
        "list": '[1, "2"]',
        "number": "9090",
    }


def test_templates_can_include_each_other(tmp_path: Path) -> None:
    assert render(tmp_path, {"a.j2": "{% include 'part/b' %}!\n", "part/b": "b"}) == {"a": "b!\n", "part/b": "b"}


def test_a_value_of_the_user_is_no_template(tmp_path: Path) -> None:
    assert render(tmp_path, {"a.j2": "p: {{ password }}\n"}, password="{{ 1 + 1 }}") == {  # noqa: S106
        "a": "p: {{ 1 + 1 }}\n"
    }


def test_variables_that_are_templates_are_followed(tmp_path: Path) -> None:
    assert render(tmp_path, {"a.j2": "{{ url }}"}, url=trust_as_template("http://{{ host }}"), host="h") == {
        "a": "http://h"
    }


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("a: {{ llmmon_missing }}\n", "llmmon_missing"),
        ("a: {{ 1 + }}\n", "[Ss]yntax error"),
        ("a: {{ 1 | no_such_filter }}\n", "no_such_filter"),
    ],
)
def test_an_error_names_the_file(template: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(AnsibleError, match=rf"the template .*rules/r\.yml\.j2 cannot be rendered: (.|\n)*{reason}"):
        render(tmp_path, {"rules/r.yml.j2": template})


@pytest.mark.parametrize("name", ["picture.png", "a.yml.j2"])
def test_a_file_that_is_no_text_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(AnsibleError, match=rf"the file .*{name} cannot be read as text"):
        render(tmp_path, {name: b"\xff\xfe\x00"})


def test_what_is_worked_out_once_is_the_same_for_all_that_ask(tmp_path: Path) -> None:
    variables = {
        "__first": trust_as_template("{{ 1000000000 | random }}"),
        # Needs the first.
        "__second": trust_as_template("{{ __first + 1 }}"),
    }
    (tmp_path / "a.j2").write_text("{{ [__first, __second - 1] | unique | length }}")
    templar = Templar(loader=DataLoader(), variables=variables)
    assert render_tree(templar, tmp_path, variables) == {"a": "2"}
    once = work_out_once(templar, variables, ["__first", "__second"])
    assert render_tree(templar, tmp_path, once) == {"a": "1"}
