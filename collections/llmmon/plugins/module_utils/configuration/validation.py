# SPDX-License-Identifier: Apache-2.0
"""Validate a whole configuration tree with the tools of the images that will read it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients import thanos_bucket
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine, EngineError
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.parallel import parallel_map
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import OWN


class TreeRefused(StackError):
    """The new tree is not fit to run. ``words`` is the whole output of the tool."""

    def __init__(self, message: str, words: str) -> None:
        super().__init__(message)
        self.words = words


@dataclasses.dataclass(frozen=True)
class Validator:
    """A tool of an image that must succeed over the tree; ``%s`` in the command is the release's directory."""

    image: str
    image_variable: str
    command: list[str]
    # The engine's network in which it runs, and names that it knows there; without one it reaches nothing.
    network: str = ""
    etc_hosts: dict[str, str] = dataclasses.field(default_factory=dict)


# Tools whose words take some explaining.
_GISTS = {thanos_bucket.TOOL: thanos_bucket.why_not_read}


class Validation:
    """All validators of a tree, run as the user ``user`` (``uid:gid``) that the service runs as."""

    def __init__(self, validators: list[Validator], user: str) -> None:
        self._validators = validators
        self._user = user
        self._engine: Optional[Engine] = None

    def hindrance(self) -> Optional[str]:
        """Why this host cannot validate as it is, None when it can: it has no engine, or an image is missing."""
        if not self._validators:
            return None
        try:
            self._engine = engine = Engine()
            missing = [tool.image for tool in self._validators if not engine.has_image(tool.image)]
        except EngineError as error:
            return str(error)
        return f"the host has no image {missing[0]} yet" if missing else None

    def run(self, directory: Path, mounted_at: Path) -> bool:
        """Run every validator over a release; False when there is none, TreeRefused with the tool's own words.

        All at once, since a container takes longer to start than its tool to read; the first that refuses is heard.
        """
        if not self._validators:
            return False
        try:
            engine = self._engine or Engine()
        except EngineError as error:
            raise TreeRefused(f"{error} (the image is set by {self._validators[0].image_variable})", "") from error

        def check(validator: Validator) -> None:
            self._check(engine, validator, directory, str(mounted_at))

        parallel_map(len(self._validators), check, self._validators)
        return True

    def _check(self, engine: Engine, validator: Validator, directory: Path, mounted_at: str) -> None:
        image = validator.image
        own = Path(mounted_at).parent / OWN
        try:
            engine.pull(image)
            result = engine.run_tool(
                image,
                [part.replace("%s", mounted_at) for part in validator.command],
                directory=str(directory),
                mounted_at=mounted_at,
                user=self._user,
                network=validator.network,
                etc_hosts=validator.etc_hosts,
                # Files of the user's that the configuration may name.
                **({"beside": str(own)} if own.is_dir() else {}),
            )
        except EngineError as error:
            raise TreeRefused(f"{error} (the image is set by {validator.image_variable})", "") from error
        if result.exit_code != 0:
            words = result.output.replace(mounted_at + "/", "").strip()
            raise TreeRefused(
                f"{validator.command[0]} of {image} refuses the new configuration, and what was running stays as it is:"
                f" {_GISTS.get(validator.command[0], gist_of_tool)(words)}",
                words,
            )


def gist_of_tool(words: str) -> str:
    """What is wrong, without the tool's progress messages."""
    telling = []
    for line in (line.strip() for line in words.splitlines()):
        # amtool says it in the line that begins with "Checking", promtool in lines of their own.
        _, failed, reason = line.partition("FAILED:")
        if failed:
            telling.append(reason.strip())
        elif "SUCCESS" not in line and not line.startswith(("Checking", "Found:", "- ")):
            telling.append(line)
    return ("; ".join(line for line in telling if line) or words)[:2000]
