"""Reading a metrics page."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.module_utils.clients.metrics import sample, samples

PAGE = r"""# HELP up Whether it is up.
# TYPE up gauge
up 1
up_total{a="x"} 2
up_total{a="y\n\"z\" \\",b="} 9"} 3.5e+06 1700000000000
"""


def test_the_first_sample() -> None:
    assert sample(PAGE, "up") == 1
    assert sample(PAGE, "up_total") == 2
    assert sample(PAGE, "down") is None


def test_all_samples_with_their_labels() -> None:
    assert samples(PAGE, "up") == [({}, 1)]
    assert samples(PAGE, "up_total") == [({"a": "x"}, 2), ({"a": 'y\n"z" \\', "b": "} 9"}, 3.5e06)]
    assert samples(PAGE, "down") == []
