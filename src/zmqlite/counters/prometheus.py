"""Counters of sockets for Prometheus; the extra `zmqlite[prometheus]` brings prometheus_client.

from zmqlite.counters.prometheus import export

socket = context.socket(zmq.PUSH, socket_class=CountingSocket)
export(socket, "jobs")
prometheus_client.start_http_server(9000)      # zmqlite_messages_sent_total{socket="jobs",type="PUSH"} 42.0
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

if find_spec("prometheus_client") is None:
    raise ModuleNotFoundError(
        "zmqlite.counters.prometheus needs prometheus_client: pip install 'zmqlite[prometheus]'",
        name="prometheus_client",
    )
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from zmqlite.counters import Tally

__all__ = ["SocketCollector", "export"]

_HELP = {
    "messages_sent": "Messages that libzmq took.",
    "bytes_sent": "Bytes of the messages that libzmq took.",
    "messages_received": "Messages that were received.",
    "bytes_received": "Bytes of the messages that were received.",
    "sends_refused": "Sends that found no room, or nobody there.",
    "connections": "Connections that came up.",
    "disconnections": "Connections that were lost.",
    "connect_retries": "Attempts to connect that failed and were put off.",
    "handshakes_failed": "Peers that were refused, or refused us.",
    "accepts_failed": "Connections that the system could not accept.",
    "events_dropped": "Monitor events that were lost, and are in no counter.",
}


class SocketCollector(Collector):
    """Tells Prometheus the counters of sockets, labelled with their name and type.

    A socket that is gone is told no more.
    """

    def __init__(self) -> None:
        self._sockets: weakref.WeakValueDictionary[str, Tally] = weakref.WeakValueDictionary()

    def add(self, socket: Tally, name: str) -> None:
        """Tell of one more socket.

        Args:
            socket: made with socket_class=CountingSocket, of whichever kind.
            name: the label `socket`; each name once.

        Raises:
            TypeError: the socket does not count.
            ValueError: another socket that is still there has the name.
        """
        if not isinstance(socket, Tally):
            raise TypeError(
                f"export() takes a CountingSocket, got {socket!r}: make it with socket_class=CountingSocket"
            )
        if self._sockets.get(name, socket) is not socket:
            raise ValueError(f"export(): another socket is named {name!r}")
        self._sockets[name] = socket

    def collect(self) -> Iterator[Any]:
        """The counters as metrics; called by Prometheus's registry."""
        found = [(name, one.type.name, one.counters.read()) for name, one in sorted(self._sockets.items())]
        for counter, text in _HELP.items():
            metric = CounterMetricFamily(f"zmqlite_{counter}", text, labels=["socket", "type"])
            for name, kind, values in found:
                metric.add_metric([name, kind], values[counter])
            yield metric


_collectors: weakref.WeakKeyDictionary[CollectorRegistry, SocketCollector] = weakref.WeakKeyDictionary()


def export(socket: Tally, name: str, registry: CollectorRegistry = REGISTRY) -> None:
    """Tell Prometheus a socket's counters.

    Args:
        socket: made with socket_class=CountingSocket, of whichever kind.
        name: the label `socket`.
        registry: of prometheus_client; its default one.

    Raises:
        TypeError, ValueError: as SocketCollector.add().
    """
    collector = _collectors.get(registry)
    if collector is None:
        collector = _collectors[registry] = SocketCollector()
        registry.register(collector)
    collector.add(socket, name)
