"""Command line of the testbed: `python -m tests.testbed COMMAND`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from tests.testbed import faults, gateway, hosts, lifecycle, sinks, tools, traffic
from tests.testbed.shell import TestbedError


def main() -> int:
    arguments = _parser().parse_args()
    action: Callable[[argparse.Namespace], None] = arguments.action
    try:
        action(arguments)
    except TestbedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.testbed", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start everything that tests need")
    up.add_argument("--for", dest="purpose", choices=("tests", "demo"), default="tests")
    up.set_defaults(action=lambda arguments: lifecycle.up(arguments.purpose))

    down = commands.add_parser("down", help="remove everything that was started")
    down.add_argument("--all", action="store_true", help="delete the caches as well")
    down.set_defaults(action=lambda arguments: lifecycle.down(everything=arguments.all))

    status = commands.add_parser("status", help="say what runs")
    status.set_defaults(action=lambda _: _show(lifecycle.status()))

    programs = commands.add_parser("tools", help="unpack promtool, amtool and the services; needs no engine")
    programs.set_defaults(action=lambda _: _show([str(path) for path in tools.ensure_all()]))

    _add_host(commands.add_parser("host", help="target hosts"))
    helpers = (
        ("gateway", "a real LLM gateway", "gateway", _start_gateway, gateway.stop_gateway),
        ("sinks", "mail and webhook receivers", "sinks", _start_sinks, sinks.stop_sinks),
        ("fault", "a sign-in page at /metrics", "html-metrics", _start_fault, faults.stop_fault),
    )
    for command, purpose, name, start, stop in helpers:
        _add_pair(commands.add_parser(command, help=purpose), name, start, stop)
    _add_traffic(commands.add_parser("traffic", help="steady requests to a gateway"))
    return parser


def _add_host(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="ACTION")
    create = commands.add_parser("create")
    create.add_argument("name")
    create.add_argument("--suite", choices=("bookworm", "trixie"), default="bookworm")
    create.add_argument("--bare", action="store_true", help="without an engine, for roles that install one")
    create.set_defaults(
        action=lambda arguments: _show(
            hosts.create(arguments.name, suite=arguments.suite, bare=arguments.bare).as_dict()
        )
    )
    for verb, action in (("destroy", hosts.destroy), ("restart", lambda name: hosts.restart(name).as_dict())):
        command = commands.add_parser(verb)
        command.add_argument("name")
        command.set_defaults(action=lambda arguments, action=action: _show(action(arguments.name)))
    listing = commands.add_parser("list")
    listing.set_defaults(action=lambda _: _show([host.as_dict() for host in hosts.list_all()]))


def _add_pair(
    parser: argparse.ArgumentParser, name: str, start: Callable[[str], object], stop: Callable[[str], object]
) -> None:
    """Helper services know two verbs."""
    commands = parser.add_subparsers(required=True, metavar="ACTION")
    for verb, action in (("start", start), ("stop", stop)):
        command = commands.add_parser(verb)
        command.add_argument("name", nargs="?", default=name)
        command.set_defaults(action=lambda arguments, action=action: _show(action(arguments.name)))


def _add_traffic(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gateway", default="gateway")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=2, help="requests per second")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--background", action="store_true", help="return at once; it ends by itself")
    how.add_argument("--stop", action="store_true", help="end what runs in the background")
    parser.set_defaults(action=_traffic)


def _traffic(arguments: argparse.Namespace) -> None:
    if arguments.stop:
        _show(traffic.stop())
    elif arguments.background:
        _show(vars(traffic.start(arguments.gateway, arguments.seconds, arguments.rate)))
    else:
        _show(traffic.run(arguments.gateway, arguments.seconds, arguments.rate))


def _start_gateway(name: str) -> dict[str, object]:
    """All about the gateway but its token, which is in a file."""
    found = gateway.start_gateway(name)
    return {"name": found.name, "url": found.url, "target": found.target, "token_file": str(found.token_file)}


def _start_sinks(name: str) -> dict[str, object]:
    found = sinks.start_sinks(name)
    return {**vars(found), "folder": str(found.folder)}


def _start_fault(name: str) -> dict[str, object]:
    return vars(faults.start_html_metrics(name))


def _show(result: object) -> None:
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    sys.exit(main())
