"""The digest of a container's description, by which a look sees what is asked for, covers all of the description."""

from __future__ import annotations

import re

import yaml

from tests.support.collection import REPOSITORY

ROLE = REPOSITORY / "collections" / "llmmon" / "roles" / "container"
# How the task is done, and not what the container is.
NOT_OF_THE_CONTAINER = {
    "__llmmon_container_suffix",
    "__llmmon_container_state",
    "__llmmon_container_answers_meanwhile",
    "llmmon_start_timeout",
}


def variables(text: str) -> set[str]:
    return set(re.findall(r"\b(?:__)?llmmon_\w+", text))


def test_the_digest_covers_every_variable_of_the_description() -> None:
    (block,) = yaml.safe_load((ROLE / "tasks" / "describe.yml").read_text())
    description = next(task["community.docker.docker_container"] for task in block["block"])
    digest = yaml.safe_load((ROLE / "vars" / "main.yml").read_text())["__llmmon_containers_shared"]
    asked_for = variables(yaml.safe_dump(description)) - NOT_OF_THE_CONTAINER
    assert len(asked_for) > 5
    # The filter adds what is of one container, and its memory.
    assert asked_for <= variables(digest) | {"__llmmon_container", "__llmmon_container_memory"}
    # What is written there and not in a variable counts as well.
    assert "/tasks/describe.yml" in digest
