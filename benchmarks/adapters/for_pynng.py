"""pynng: nanomsg's successor, measured where the work is the same."""

from __future__ import annotations

import pynng

from .loops import PythonLoops

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Adapter"]

_KINDS = {"PUSH": "Push0", "PULL": "Pull0", "REQ": "Req0", "REP": "Rep0", "PAIR": "Pair0"}
# nng queues nothing unless told; this is the most that its option takes.
_QUEUE = 8192


class Adapter(PythonLoops):
    """pynng, as it is installed."""

    def describe(self) -> dict[str, Any]:
        """Its version, and that of nng."""
        from importlib.metadata import version

        return {"version": version("pynng"), "libzmq": f"nng {pynng.lib.NNG_MAJOR_VERSION}"}

    def socket(self, kind: str, **options: Any) -> Any:
        """Make a socket. A high-water mark is the length of its queue."""
        socket = getattr(pynng, _KINDS[kind])()
        length = min(options.pop("hwm", _QUEUE), _QUEUE)
        if options:
            raise ValueError(f"pynng has no {', '.join(options)}")
        for name in {"PUSH": ["send"], "PULL": ["recv"], "PAIR": ["send", "recv"]}.get(kind, []):
            setattr(socket, f"{name}_buffer_size", length)
        socket.recv_max_size = 0
        return socket

    def bind(self, socket: Any, endpoint: str) -> str:
        """Listen, on a free port if it ends in :*. Returns the endpoint to dial."""
        listener = socket.listen(endpoint.replace(":*", ":0"))
        if not endpoint.startswith("tcp:"):
            return endpoint
        port = listener.local_address.port
        # In network order.
        return f"tcp://127.0.0.1:{int.from_bytes(port.to_bytes(2, 'little'), 'big')}"

    def connect(self, socket: Any, endpoint: str) -> None:
        """Dial."""
        socket.dial(endpoint, block=True)

    def close(self, sockets: list[Any]) -> None:
        """Close."""
        for socket in sockets:
            socket.close()
