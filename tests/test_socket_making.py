"""A thread makes a socket while another ends the context: who comes first, and how the other fares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from zmqlite._backend import BACKEND

# Threads that make a socket, set it up, bind or connect it and receive; at which step each ended is counted.
RACE = """
    import collections, sys, threading
    import zmqlite.compat
    zmqlite.compat.install()
    import zmq

    public, secret = zmq.curve_keypair()
    ends = collections.Counter()

    def serve(context, verb, endpoint):
        socket, step = None, "make"
        try:
            socket = context.socket(zmq.DEALER)
            step = "set up"
            socket.linger = 0
            socket.identity = b"me"
            socket.curve_secretkey = secret
            socket.curve_publickey = public
            socket.curve_server = True
            step = verb
            getattr(socket, verb)(endpoint)
            step = "recv"
            socket.recv()
        except zmq.ZMQError as error:
            ends[step, zmq.Errno(error.errno).name] += 1
        except BaseException as error:
            ends[step, repr(error)] += 1
        finally:
            if socket is not None:
                socket.close()

    def race(rounds):
        for verb, endpoint in [
            ("bind", "tcp://127.0.0.1:*"), ("bind", "inproc://here"),
            ("connect", "tcp://127.0.0.1:1"), ("connect", "inproc://here"),
        ]:
            for _ in range(rounds):
                context = zmq.Context()
                thread = threading.Thread(target=serve, args=(context, verb, endpoint))
                thread.start()
                context.term()
                thread.join()
        print(dict(ends))
"""


@pytest.mark.skipif(BACKEND != "c", reason="with cffi each call gives up the GIL, as in pyzmq's own cffi backend")
def test_a_thread_that_makes_a_socket_is_not_overtaken_by_term(run_child: Callable[..., Any]) -> None:
    """As with pyzmq it comes to its first wait, and ends there with ETERM, before the thread that started it runs on.

    A thread that wants the GIL is made to wait until it is given up: no call on the way gives it up.
    """
    child = run_child(RACE + "    sys.setswitchinterval(60)\n    race(7)")
    assert (child.exit_code, child.stderr) == (0, "")
    assert child.stdout.strip() == str({("recv", "ETERM"): 28})


def test_term_in_the_midst_of_making_a_socket_ends_both_threads(run_child: Callable[..., Any]) -> None:
    """Wherever it comes, the socket is refused or its next call raises ETERM, and term() returns."""
    child = run_child(RACE + "    sys.setswitchinterval(1e-6)\n    race(50)")
    assert (child.exit_code, child.stderr) == (0, "")
    ends = eval(child.stdout)
    assert sum(ends.values()) == 200
    refused = {("make", "ENOTSUP")}
    assert {end for end in ends if end[1] != "ETERM"} <= refused
