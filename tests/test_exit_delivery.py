"""With a live peer everything that was accepted before an ordinary exit arrives, whatever way the exit goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import bind_wildcard
from exit_children import LARGE, SMALL, child_code, everything

import zmqlite as zmq

# Each is what a program does from its first socket to its end.
EXITS = {
    "falling off the end": """
        socket = send_everything(zmq.Context(), *SENDING)
    """,
    "sys.exit": """
        socket = send_everything(zmq.Context(), *SENDING)
        sys.exit(0)
    """,
    "an exception": """
        socket = send_everything(zmq.Context(), *SENDING)
        sys.stderr = open(os.devnull, "w")
        raise RuntimeError
    """,
    "close()": """
        send_everything(zmq.Context(), *SENDING).close()
    """,
    "with blocks": """
        with zmq.Context() as context, send_everything(context, *SENDING):
            pass
    """,
    "an exception in with blocks": """
        sys.stderr = open(os.devnull, "w")
        with zmq.Context() as context, send_everything(context, *SENDING):
            raise RuntimeError
    """,
    "destroy()": """
        context = zmq.Context()
        socket = send_everything(context, *SENDING)
        context.destroy()
    """,
    "term()": """
        context = zmq.Context()
        send_everything(context, *SENDING).close()
        context.term()
    """,
    "nothing but dropped references": """
        def work():
            send_everything(zmq.Context(), *SENDING)
        work()
    """,
    "an atexit handler that sends": """
        def work():
            global socket
            socket = send_everything(zmq.Context.instance(), *SENDING)
        atexit.register(work)
        zmq.Context.instance()
    """,
    "a thread that sends until the end": """
        def work():
            global socket
            socket = send_everything(zmq.Context(), *SENDING)
        threading.Thread(target=work).start()
    """,
    "a child of multiprocessing, fork": """
        context = zmq.Context()
        run_process("fork", send_from_process, *SENDING)
    """,
    "a child of multiprocessing, spawn": """
        run_process("spawn", send_from_process, *SENDING)
    """,
    "a child of multiprocessing, forkserver": """
        run_process("forkserver", send_from_process, *SENDING)
    """,
    "a forked child that returns": """
        context = zmq.Context()
        if os.fork() == 0:
            socket = send_everything(zmq.Context(), *SENDING)
        else:
            os.wait()
    """,
    "a forked child that calls sys.exit": """
        context = zmq.Context()
        if os.fork() == 0:
            socket = send_everything(zmq.Context(), *SENDING)
            sys.exit(0)
        os.wait()
    """,
}


# And this is what multiprocessing imports as the main module, also in the children that it makes.
MAIN = """
import ast, exit_children, multiprocessing, os, sys
import zmqlite as zmq

def work():
    pass

if __name__ == "__main__":
    multiprocessing.set_forkserver_preload(["exit_children"])
    process = multiprocessing.get_context("forkserver").Process(target=work)
    process.start()
    process.join()
    sys.exit(process.exitcode)
socket = exit_children.send_everything(zmq.Context(), *ast.literal_eval(os.environ["SENDING"]))
"""


@pytest.fixture
def receive_from_child(
    context: zmq.Context[Any], run_child: Callable[..., Any], tmp_path: Path
) -> Callable[..., list[bytes]]:
    """Run a child that sends to SENDING; returns what came by its end. The child has sent before the first is read."""

    def receive(transport: str, code: str, **names: object) -> list[bytes]:
        received: list[bytes] = []
        sent = tmp_path / "sent"
        with context.socket(zmq.PULL) as receiver, ThreadPoolExecutor(1) as executor:
            receiver.rcvhwm = 1
            receiver.rcvbuf = 1 << 16
            names["SENDING"] = (bind_wildcard(receiver, transport), str(sent))
            child = executor.submit(run_child, child_code(code, **names))
            while not sent.exists() and not child.done():
                time.sleep(0.001)
            # What the child wrote before it ended is in the system's buffers or here: it takes no time to come.
            while len(received) < SMALL + LARGE and (receiver.poll(1000) or not child.done()):
                if receiver.poll(0):
                    received += receiver.recv_many(timeout=0)
            ended = child.result()
        assert ended.signal is None, ended.stderr
        assert len(received) == SMALL + LARGE, ended
        return received

    return receive


@pytest.mark.parametrize("way", EXITS)
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_everything_accepted_before_an_exit_arrives(
    way: str, transport: str, receive_from_child: Callable[..., list[bytes]]
) -> None:
    """Thousands of short messages, and large ones whose buffers libzmq reads in place while Python shuts down."""
    assert receive_from_child(transport, EXITS[way]) == everything()


def test_what_the_main_module_of_a_forkserver_child_sends_arrives(
    receive_from_child: Callable[..., list[bytes]], tmp_path: Path
) -> None:
    """A child that imports the main module before multiprocessing forgets its finalisers has our exit all the same."""
    path = tmp_path / "main.py"
    path.write_text(MAIN)
    code = """
        os.environ["SENDING"] = repr(SENDING)
        __file__ = MAIN
        exec(compile(open(MAIN).read(), MAIN, "exec"))
    """
    assert receive_from_child("ipc", code, MAIN=str(path)) == everything()
