"""Real images from upstream's registry, wherever one answers, and why one did not come."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.llmmon.stack.plugins.module_utils.clients import image_pull
from ansible_collections.llmmon.stack.plugins.module_utils.clients.image_pull import Cause, PullFailed
from docker.errors import DockerException

from tests.testbed import engine
from tests.testbed.shell import TestbedError, say

# Silence for this long means no; a download that moves may take as long as it likes.
PATIENCE_SECONDS = 8

# What costs time each time it is asked: the other images are not asked for in the same run.
_COSTLY = (image_pull.UNREACHABLE, image_pull.SILENT, image_pull.BROKEN_OFF)
_ADVICE = {
    image_pull.RATE_LIMITED: "it gives images again later, or more of them after 'docker login'",
    image_pull.REFUSED: "sign in by 'docker login' if it should not",
    image_pull.SILENT: "it may do better later",
    image_pull.BROKEN_OFF: "it may do better later",
    image_pull.FAILING: "it may do better later",
}


@dataclass
class Upstream:
    """One run's questions to the registry: nothing of what it answers is remembered for the next run."""

    patience: int = PATIENCE_SECONDS
    _hopeless: Cause | None = field(default=None, init=False)

    def pull(self, name: str) -> str | None:
        """Pull an image; returns why there is none to be had, None when it is there."""
        if self._hopeless:
            return self._hopeless.what
        try:
            image_pull.pull_image(name, self.patience, base_url=engine.SOCKET)
        except PullFailed as failure:
            cause = failure.cause
            if cause in _COSTLY:
                self._hopeless = cause
            advice = f"; {_ADVICE[cause]}" if cause in _ADVICE else ""
            say(f"did not pull {name}: {cause.what} ({failure.words}){advice}")
            return cause.what
        except (DockerException, OSError) as error:
            raise TestbedError(f"The Docker engine at {engine.SOCKET} failed to pull {name}: {error}.") from error
        return None
