"""doctor: is an endpoint reachable, does it speak ZMTP, and what does it announce?"""

from __future__ import annotations

import dataclasses
import json
import sys

import click

from .formats import write
from .sockets import PERIOD
from .zmtp import Peer, ask

__all__ = ["COMMANDS", "advise"]

_PARTNERS = {
    "PAIR": "PAIR",
    "PUB": "SUB, XSUB",
    "SUB": "PUB, XPUB",
    "XPUB": "SUB, XSUB",
    "XSUB": "PUB, XPUB",
    "REQ": "REP, ROUTER",
    "REP": "REQ, DEALER",
    "DEALER": "REP, DEALER, ROUTER",
    "ROUTER": "REQ, DEALER, ROUTER",
    "PUSH": "PULL",
    "PULL": "PUSH",
    "CLIENT": "SERVER",
    "SERVER": "CLIENT",
    "RADIO": "DISH",
    "DISH": "RADIO",
    "GATHER": "SCATTER",
    "SCATTER": "GATHER",
    "PEER": "PEER",
    "CHANNEL": "CHANNEL",
}


def advise(peer: Peer) -> str:
    """What to do with that, in one sentence."""
    if peer.problem.startswith("no such host"):
        return "The name has no address: is it spelled right, and known to this machine?"
    if not peer.reachable:
        return "Nobody accepts connections there: is the other side running, bound to this address, and let through?"
    if not peer.speaks_zmtp:
        return "Something is there, and it is no ZeroMQ socket: is this the right port?"
    if peer.mechanism == "CURVE":
        return "Connect with CURVE: you need its public key (--curve-server-key), and maybe it needs to know yours."
    if peer.mechanism not in ("NULL", ""):
        return f"Connect with {peer.mechanism}."
    if peer.socket_type in _PARTNERS:
        return f"Connect with a {_PARTNERS[peer.socket_type].replace(', ', ' or ')}."
    return "It is a ZeroMQ socket of a type that this zmqlite does not know."


@click.command(help="Find out what is at ENDPOINT (tcp:// or ipc://): reachable, ZeroMQ, version, mechanism, type.")
@click.argument("endpoint")
@click.option("--timeout", "-t", type=PERIOD, default=5.0, show_default=True, help="For all of it.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
def doctor(endpoint: str, timeout: float, as_json: bool) -> int:
    """Examine an endpoint; 1 when it is not a ZeroMQ socket that one can reach."""
    peer = ask(endpoint, timeout)
    if as_json:
        found = {"endpoint": endpoint, **dataclasses.asdict(peer), "advice": advise(peer)}
        write(json.dumps(found).encode() + b"\n")
    else:
        _show(endpoint, peer)
    return 0 if peer.speaks_zmtp and not peer.problem else 1


def _show(endpoint: str, peer: Peer) -> None:
    rows = [
        ("endpoint", endpoint),
        ("reachable", f"yes, {peer.address} in {peer.connect_ms} ms" if peer.reachable else "no"),
        ("speaks ZMTP", f"yes, {peer.version}" if peer.speaks_zmtp else "no"),
    ]
    if peer.mechanism:
        rows.append(("mechanism", peer.mechanism + (", as its server" if peer.as_server else "")))
    if peer.speaks_zmtp:
        rows.append(("socket type", peer.socket_type or "told only to those that it lets in"))
    rows += sorted(peer.metadata.items())
    if peer.problem:
        rows.append(("problem", peer.problem))
    rows.append(("advice", advise(peer)))
    if not sys.stdout.isatty():
        write("".join(f"{name:<12} {value}\n" for name, value in rows).encode())
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None)
    table.add_column(style="bold")
    table.add_column()
    for row in rows:
        table.add_row(*row)
    Console().print(table)


COMMANDS: dict[str, click.Command] = {"doctor": doctor}
