"""`ansible-test`, with this environment in place of those that it makes for each of its tests.

It would download an installer of pip and then packages without checksums. What they need is in requirements.txt.
Run it like `ansible-test`, in a collection's directory below `ansible_collections/`.
"""

from __future__ import annotations

import sys

from ansible_test._internal import main
from ansible_test._internal.commands import sanity
from ansible_test._internal.host_configs import VirtualPythonConfig


def this_environment(*_: object, **__: object) -> VirtualPythonConfig:
    """The environment of this program, whatever was asked for."""
    return VirtualPythonConfig(version="{}.{}".format(*sys.version_info), path=sys.executable)


if __name__ == "__main__":
    sanity.create_sanity_virtualenv = this_environment
    sanity.check_sanity_virtualenv_yaml = lambda _: True
    # It leaves filters out, because one file may hold several. Here each has a file of its own with its documentation.
    sanity.MULTI_FILE_PLUGINS = ()
    main()
