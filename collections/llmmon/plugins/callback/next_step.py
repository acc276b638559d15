# SPDX-License-Identifier: Apache-2.0
"""What to run after the connection to a host was lost, which Ansible itself does not say."""

from __future__ import annotations

DOCUMENTATION = r"""
name: next_step
type: aggregate
short_description: Says what to run next when hosts could not be reached
version_added: 1.0.0
description:
  - A task that handles secrets has its output hidden, also when the connection is lost in it, so that nothing is said
    but that the output has been hidden. No task can say more, since none runs on a host that cannot be reached, and no
    play comes after it when it was the last one.
  - This says at the end which hosts could not be reached and in which step, and what to run next. It says nothing when
    all hosts could be reached.
requirements:
  - C(llmmon.stack.next_step) in C(callbacks_enabled), below C([defaults]) in C(ansible.cfg). A checkout has it.
author:
  - llmmon (@llmmon)
"""

from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

# What happens then, so that nobody is afraid to.
_THEN = {
    "restore": "it first puts back what the interrupted restore left",
    "upgrade": "it first puts back what the interrupted upgrade left",
    "site": "it goes on with what is still missing",
    "uninstall": "it goes on with what is still there",
}


def sentence(host: str, step: str, playbook: Path) -> str:
    """What to do about a host that could not be reached in a step of a playbook."""
    # A playbook of an installed collection is run by its name.
    name = f"llmmon.stack.{playbook.stem}" if "ansible_collections" in playbook.parts else playbook.name
    then = f" (for this host alone with --limit {host}); {_THEN[playbook.stem]}" if playbook.stem in _THEN else ""
    return (
        f"{host} could not be reached, or no longer, in the step {step!r}: ansible {host} -m ansible.builtin.ping"
        " (with the same inventory) says why."
        f" When that succeeds, run {name} again with the same options{then}."
    )


class CallbackModule(CallbackBase):
    """Collects the hosts that cannot be reached, and says the sentences behind everything else."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "llmmon.stack.next_step"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._playbook = Path()
        self._steps: dict[str, str] = {}

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._playbook = Path(playbook._file_name)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._steps[result.host.get_name()] = result.task.get_name()

    def v2_playbook_on_stats(self, stats: Any) -> None:
        # Those in which a task may ignore it are not among these.
        for host in sorted(set(self._steps) & set(stats.dark)):
            self._display.display(sentence(host, self._steps[host], self._playbook), color="bright red")
