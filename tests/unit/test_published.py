"""The checkers that look at the collection as its users get it find what they are there for."""

from __future__ import annotations

import pytest

from tests.published import checks

MODULE = '''\
#!/usr/bin/python
"""A module."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cut
short_description: A module whose description is cut in two
version_added: 0.1.0
description: It does nothing.
options:
  port:
    description: A port.
    type: dict
    suboptions:
      variable: {description: The variable which sets it, for messages., type: str}
author:
  - Nobody (@nobody)
"""
EXAMPLES = ""
RETURN = ""

from datetime import UTC

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    module = AnsibleModule(argument_spec={"port": {"type": "dict", "options": {"variable": {"type": "str"}}}})
    module.exit_json(zone=UTC)


if __name__ == "__main__":
    main()
'''
FILTER = '''\
"""A filter."""


class FilterModule:
    def filters(self):
        return {"silent": str}
'''
FILES = {
    "galaxy.yml": "{namespace: of, name: faults, version: 0.1.0, readme: README.md, authors: [Nobody], tags: [a-b],\n"
    " repository: https://example.org/faults}\n",
    "README.md": "# Faults\n",
    "meta/runtime.yml": "requires_ansible: '>=2.19.0'\n",
    "plugins/modules/cut.py": MODULE,
    "plugins/module_utils/__init__.py": "",
    "plugins/filter/silent.py": FILTER,
    "changelogs/config.yaml": "{title: Faults, changes_format: combined, sections: [[bugfixes, Bugfixes]]}\n",
    "changelogs/fragments/one.yml": "nonsense: [Something.]\n",
    "changelogs/changelog.yaml": "{ancestor: null, releases: {}}\n",
}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> checks.Published:
    """A collection with a fault for each checker."""
    source = tmp_path_factory.mktemp("source")
    for name, text in FILES.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text, encoding="utf-8")
    return checks.publish(source, tmp_path_factory.mktemp("published"))


def what_it_says(check: str, collection: checks.Published) -> str:
    with pytest.raises(checks.Refused) as refused:
        checks.CHECKS[check](collection)
    return str(refused.value)


def test_a_description_that_a_comma_cuts_and_a_filter_without_documentation_are_found(faulty: checks.Published) -> None:
    said = what_it_says("ansible-test sanity", faulty)
    assert "plugins/modules/cut.py:0:0: invalid-documentation: DOCUMENTATION.options.port.suboptions.variable" in said
    assert "plugins/filter/silent.py:0:0: missing-documentation" in said


def test_what_galaxy_would_refuse_is_found(faulty: checks.Published) -> None:
    assert "a-b" in what_it_says("galaxy-importer", faulty)


def test_python_newer_than_that_of_the_hosts_is_found(faulty: checks.Published) -> None:
    assert "datetime.UTC" in what_it_says("vermin", faulty)


def test_a_section_of_the_changelog_that_does_not_exist_is_found(faulty: checks.Published) -> None:
    assert "nonsense" in what_it_says("antsibull-changelog", faulty)
