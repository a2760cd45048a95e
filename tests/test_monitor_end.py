"""The end of a monitor, for who reads it."""

from __future__ import annotations

from typing import Any

import pytest

import zmqlite as zmq


@pytest.mark.parametrize("end", ["disable_monitor", "close"])
def test_thread_that_reads_a_monitor_is_told_of_its_end(run_child: Any, end: str) -> None:
    """The usual loop: it polls and reads until MONITOR_STOPPED, and closes, while the socket is another thread's."""
    child = run_child(
        f"""
        import threading
        import zmqlite as zmq

        def watch():
            while reader.poll():
                event = zmq.recv_monitor_message(reader)["event"]
                names.append(event.name)
                listening.set()
                if event == zmq.EVENT_MONITOR_STOPPED:
                    break
            reader.close()

        context = zmq.Context()
        socket = context.socket(zmq.ROUTER)
        reader = socket.get_monitor_socket(zmq.EVENT_LISTENING | zmq.EVENT_MONITOR_STOPPED)
        names, listening = [], threading.Event()
        thread = threading.Thread(target=watch)
        thread.start()
        socket.bind("tcp://127.0.0.1:*")
        listening.wait()
        socket.{end}()
        thread.join()
        socket.close()
        context.term()
        print(*names)
        """
    )
    assert (child.exit_code, child.stdout) == (0, "LISTENING MONITOR_STOPPED\n"), child.stderr


@pytest.mark.parametrize("end", ["disable_monitor", "close"])
def test_term_closes_a_stopped_monitor_that_nobody_reads(end: str) -> None:
    """Its socket is open until then, and may be held; it gives no ResourceWarning when it is not."""
    context = zmq.Context()
    dropped, held = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
    dropped.get_monitor_socket()
    reader = held.get_monitor_socket()
    getattr(dropped, end)()
    getattr(held, end)()
    assert not reader.closed
    dropped.close()
    held.close()
    context.term(timeout=20_000)
    assert reader.closed
