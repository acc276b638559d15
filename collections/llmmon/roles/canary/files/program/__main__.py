# SPDX-License-Identifier: Apache-2.0
"""Starts the canary: Python runs the folder that this file is in, beside which the release puts the package."""

import sys

from canary.program import main

sys.exit(main(sys.argv[1:]))
