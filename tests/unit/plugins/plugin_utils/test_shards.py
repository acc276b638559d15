"""Gateways spread over hosts: each on as many as asked for, about as many on each, and as few moves as can be."""

from __future__ import annotations

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.shards import hosts_of, shard_gateways

HOSTS = [f"scraping-{number}" for number in range(1, 6)]
GATEWAYS = [{"name": f"gateway-{number}"} for number in range(200)]


def placed(hosts: list[str], replicas: int) -> dict[str, set[str]]:
    return {gateway["name"]: set(hosts_of(gateway["name"], hosts, replicas)) for gateway in GATEWAYS}


@pytest.mark.parametrize("replicas", [1, 2, 3, 5])
def test_each_gateway_is_on_exactly_so_many_hosts(replicas: int) -> None:
    assert {len(hosts) for hosts in placed(HOSTS, replicas).values()} == {replicas}
    by_host = {host: shard_gateways(GATEWAYS, host, HOSTS, replicas) for host in HOSTS}
    assert sum(map(len, by_host.values())) == replicas * len(GATEWAYS)
    assert all(found == [gateway for gateway in GATEWAYS if gateway in found] for found in by_host.values())


def test_every_host_comes_to_the_same_whatever_order_it_has_the_others_in() -> None:
    assert placed(HOSTS, 2) == placed(HOSTS[::-1], 2) == placed(HOSTS[2:] + HOSTS[:2], 2)


def test_no_host_has_far_more_than_its_part() -> None:
    counts = [len(shard_gateways(GATEWAYS, host, HOSTS, 2)) for host in HOSTS]
    assert max(counts) < 1.3 * 2 * len(GATEWAYS) / len(HOSTS), counts


def test_a_host_that_joins_takes_one_place_of_a_gateway_at_most_and_moves_nothing_else() -> None:
    before, after = placed(HOSTS[:-1], 2), placed(HOSTS, 2)
    for name in before:
        joined = after[name] - before[name]
        assert joined <= {HOSTS[-1]}
        assert len(before[name] - after[name]) == len(joined)
    assert sum(before[name] != after[name] for name in before) < 1.3 * 2 * len(GATEWAYS) / len(HOSTS)


def test_a_host_that_leaves_is_replaced_by_one_and_a_replica_stays() -> None:
    before, after = placed(HOSTS, 2), placed(HOSTS[1:], 2)
    for name in before:
        assert before[name] - after[name] <= {HOSTS[0]}
        assert before[name] & after[name], "nobody who has scraped it goes on"


def test_fewer_hosts_than_replicas_have_all() -> None:
    assert shard_gateways(GATEWAYS, "one", ["one"], 2) == GATEWAYS
