#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Say which settings fit nothing that Prometheus has recorded."""

from __future__ import annotations

DOCUMENTATION = r"""
module: prometheus_advice
short_description: Say which settings fit nothing that Prometheus has recorded
version_added: 1.0.0
description:
  - Asks Prometheus one question for each check, and returns the sentences of those that were answered otherwise than
    expected. Nothing fails because of them, since a model may simply not have been asked for yet.
  - A check of something that no series matches says nothing as long as there are no such series at all.
attributes:
  check_mode:
    support: full
    details: Reads only.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  checks:
    description: The checks, as P(llmmon.stack.advice_checks#filter) returns them.
    type: list
    elements: dict
    required: true
    suboptions:
      query:
        description: What Prometheus is asked, in PromQL.
        type: str
        required: true
      expected:
        description: Whether it should find something.
        type: bool
        required: true
      sentence:
        description:
          - What to say otherwise. Of what was found although nothing was expected there is a sentence for each, in
            which labels stand in braces such as C({job}), and the value is C({value}).
        type: str
        required: true
      known:
        description: What there is to choose from, in PromQL, named at the end of the sentence.
        type: str
      label:
        description: The label that names it.
        type: str
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
author:
  - llmmon (@llmmon)
seealso:
  - plugin: llmmon.stack.advice_checks
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Say which thresholds are about models that there are not
  llmmon.stack.prometheus_advice:
    url: http://127.0.0.1:9090
    checks:
      - query: last_over_time(job_model:llm_requests:rate5m{model=~"gpt-4o.*"}[1d])
        expected: true
        sentence: no model matches gpt-4o.*
        known: group by (model) (last_over_time(job_model:llm_requests:rate5m[1d]))
        label: model
"""

RETURN = r"""
sentences:
  description: What there is to say, in the order of the checks.
  returned: always
  type: list
  elements: str
  sample: ["no model matches gpt-4o.*; known are llama, qwen3"]
"""

import re
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import http_arguments, http_client
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient, HttpError

# Label values come from whoever calls the gateway.
NAMES = 20
LENGTH = 60
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a1-\u1fff\u2e80-\ufdff]")
_PLACE = re.compile(r"\{(\w+)\}")

Sample = dict[str, Any]


def shown(text: str) -> str:
    """A label's value in one line, cut to a readable length."""
    clean = _UNPRINTABLE.sub("?", text)
    return clean if len(clean) <= LENGTH else f"{clean[: LENGTH - 3]}..."


def known_names(samples: list[Sample], label: str) -> str:
    """The values of a label, the first of them if there are many."""
    names = sorted({sample["metric"].get(label, "") for sample in samples} - {""})
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return ", ".join(map(shown, names[:NAMES])) + more


def filled_in(sentence: str, sample: Sample) -> str:
    """A sentence with the labels and the value of what was found."""
    values = {**sample["metric"], "value": f"{float(sample['value'][1]):g}"}
    return _PLACE.sub(lambda place: shown(values.get(place[1], "")), sentence)


def advice(client: HttpClient, check: dict[str, Any]) -> list[str]:
    """The sentences of one check; none when all is as expected.

    Raises HttpError when Prometheus does not answer.
    """
    found = _ask(client, check["query"])
    if not check["expected"]:
        return [filled_in(check["sentence"], sample) for sample in found]
    if found:
        return []
    if not check.get("known"):
        return [check["sentence"]]
    names = known_names(_ask(client, check["known"]), check["label"])
    return [f"{check['sentence']}; known are {names}"] if names else []


def _ask(client: HttpClient, query: str) -> list[Sample]:
    found: list[Sample] = client.get("/api/v1/query", query=query)["data"]["result"]
    return found


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            **http_arguments(),
            "checks": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "query": {"type": "str", "required": True},
                    "expected": {"type": "bool", "required": True},
                    "sentence": {"type": "str", "required": True},
                    "known": {"type": "str"},
                    "label": {"type": "str"},
                },
                "required_together": [("known", "label")],
            },
        },
        supports_check_mode=True,
    )
    client = http_client(module)
    try:
        sentences = [sentence for check in module.params["checks"] for sentence in advice(client, check)]
    except HttpError as error:
        module.fail_json(msg=f"Prometheus cannot be asked whether settings fit: {error}")
    module.exit_json(changed=False, sentences=sentences)


if __name__ == "__main__":
    main()
