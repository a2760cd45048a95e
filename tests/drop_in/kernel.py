"""A real Jupyter kernel on zmqlite: `python -m zmqlite.compat tests/drop_in/kernel.py`.

Needs jupyter_client and ipykernel. The kernel starts, executes, streams its output, is interrupted and restarted; both
sides are on zmqlite. Ends with exit code 1 and says where when one of them fails.
"""

from __future__ import annotations

import sys
from typing import Any

import zmq
from jupyter_client.manager import start_new_kernel

WAIT_S = 60


def expect(what: str, found: Any, wanted: Any) -> None:
    """End the program when something is not as it should be."""
    if found != wanted:
        sys.exit(f"{what}: {found!r}, not {wanted!r}")
    print(f"{what}: {found!r}")


def execute(client: Any, code: str, interrupt: Any = None) -> tuple[str, str]:
    """Run code in the kernel; what it wrote to stdout, and the status of its reply.

    interrupt is called as soon as it has written something.
    """
    written: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        if message["header"]["msg_type"] == "stream":
            written.append(message["content"]["text"])
            if interrupt is not None and len(written) == 1:
                interrupt()

    reply = client.execute_interactive(code, timeout=WAIT_S, output_hook=hear)
    return "".join(written), str(reply["content"]["status"])


def main() -> None:
    """Start, execute, stream, interrupt, restart, shut down."""
    expect("this side", zmq.Socket.__module__, "zmqlite.socket")
    manager, client = start_new_kernel(startup_timeout=WAIT_S)
    try:
        expect("the kernel", execute(client, "import zmq; print(zmq.Socket.__module__)"), ("zmqlite.socket\n", "ok"))
        expect("streams", execute(client, "for n in range(3): print(n, flush=True)"), ("0\n1\n2\n", "ok"))
        many = execute(client, "print('x' * 1_000_000)")
        expect("a large output", (len(many[0]), many[1]), (1_000_001, "ok"))
        waits = "print('waiting', flush=True)\nimport time\nfor _ in range(6000): time.sleep(0.01)"
        expect("is interrupted", execute(client, waits, manager.interrupt_kernel), ("waiting\n", "error"))
        execute(client, "name = 1")
        manager.restart_kernel(now=False)
        client.wait_for_ready(timeout=WAIT_S)
        expect("is restarted", execute(client, "print('name' in globals())"), ("False\n", "ok"))
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    expect("is alive after shutdown", manager.is_alive(), False)


if __name__ == "__main__":
    main()
