"""Taking the engine's rules away must leave everybody else's: the machine's names are resolved through some."""

from __future__ import annotations

import json

from tests.testbed import netfilter

RULES = """\
-P PREROUTING ACCEPT
-P OUTPUT ACCEPT
-N DOCKER
-N DOCKER-USER
-N DOCKER_OUTPUT
-N MINE
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT
-A FORWARD -o br-lan -j ACCEPT
-A FORWARD -o br-5a2de271b343 -j ACCEPT
-A POSTROUTING -s 10.213.1.0/24 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 110.213.1.0/24 -j MINE
-A DOCKER -i docker0 -j RETURN
-A DOCKER_OUTPUT -d 127.0.0.11/32 -p udp -m udp --dport 53 -j DNAT --to-destination 127.0.0.11:40689
"""


def test_only_an_engine_s_own_chains() -> None:
    assert netfilter.chains_of_engines(RULES) == ["DOCKER", "DOCKER-USER"]


def test_only_rules_that_lead_to_the_engine() -> None:
    assert netfilter.rules_of_engine(RULES, "10.213.") == [
        "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
        "-A FORWARD -o br-5a2de271b343 -j ACCEPT",
        "-A POSTROUTING -s 10.213.1.0/24 ! -o docker0 -j MASQUERADE",
    ]


def test_only_bridges_of_an_engine_with_our_addresses() -> None:
    def interface(name: str, *addresses: str) -> dict[str, object]:
        return {"ifname": name, "addr_info": [{"family": "inet", "local": address} for address in addresses]}

    seen = [
        interface("eth0", "10.213.7.7"),
        interface("docker0", "10.213.1.1"),
        interface("br-5a2de271b343", "10.213.0.1"),
        interface("br-0a2de271b343", "172.18.0.1"),
        interface("br-lan", "10.213.9.1"),
        interface("br-1a2de271b343"),
    ]
    assert netfilter.bridges_in(json.dumps(seen), "10.213.") == ["docker0", "br-5a2de271b343"]
