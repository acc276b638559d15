# SPDX-License-Identifier: Apache-2.0
"""The jobs by which Prometheus scrapes the machines under the models, those of llmmon_hosts."""

from __future__ import annotations

NODE_JOB, GPU_JOB = "host-node", "host-gpu"
