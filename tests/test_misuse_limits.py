"""Running out of files, sockets and threads raises, and what was released can be used again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from exit_children import child_code

import zmqlite as zmq

LIMIT = """
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))

    def until_it_fails(make):
        made = []
        for _ in range(1000):
            try:
                made.append(make())
            except zmq.ZMQError as error:
                print(type(error).__name__, errno.errorcode[error.errno])
                return made
        print("never failed")

    def insist_on(make):
        while True:  # libzmq closes descriptors on threads of its own, a moment later
            try:
                return make()
            except zmq.ZMQError as error:
                assert error.errno == errno.EMFILE
"""

# Each prints EMFILE once, and then works again.
OUT_OF_FILES = {
    "contexts with a socket each": """
        sockets = until_it_fails(lambda: zmq.Context().socket(zmq.PULL))
        for socket in sockets:
            socket.close()
            socket.context.term()
        socket = zmq.Context().socket(zmq.PULL)
    """,
    "sockets": """
        context = zmq.Context()
        sockets = until_it_fails(lambda: context.socket(zmq.PULL))
        for socket in sockets:
            socket.close()
        socket = insist_on(lambda: context.socket(zmq.PULL))
    """,
    "tcp binds": """
        context = zmq.Context()
        socket = context.socket(zmq.PULL)
        until_it_fails(lambda: socket.bind("tcp://127.0.0.1:*"))
        socket.close()
        socket = insist_on(lambda: context.socket(zmq.PULL))
        insist_on(lambda: socket.bind("tcp://127.0.0.1:*"))
    """,
    "ipc binds": """
        context = zmq.Context()
        socket = context.socket(zmq.PULL)
        until_it_fails(lambda: socket.bind("ipc://*"))
        socket.close()
        socket = insist_on(lambda: context.socket(zmq.PULL))
        insist_on(lambda: socket.bind("ipc://*"))
    """,
    "connects": """
        context = zmq.Context()
        server, client = context.socket(zmq.PULL), context.socket(zmq.PUSH)
        server.bind("tcp://127.0.0.1:*")
        endpoint = server.last_endpoint
        files = []
        try:
            while True:
                files.append(os.dup(0))
        except OSError:
            os.close(files.pop())
        tell(client.connect, endpoint)
        for file in files: os.close(file)
        insist_on(lambda: client.connect(endpoint))
        client.send(b"x")
        assert server.recv() == b"x"
    """,
    "monitors": """
        context = zmq.Context()
        until_it_fails(lambda: context.socket(zmq.PULL).get_monitor_socket())
        socket = insist_on(lambda: context.socket(zmq.PULL))
        insist_on(lambda: socket.get_monitor_socket())
    """,
    "many I/O threads": """
        until_it_fails(lambda: zmq.Context(100).socket(zmq.PULL))
        socket = zmq.Context().socket(zmq.PULL)
    """,
}


@pytest.mark.parametrize("what", OUT_OF_FILES)
def test_running_out_of_files_raises_and_is_over_when_some_are_closed(what: str, run_child: Callable[..., Any]) -> None:
    """EMFILE, where libzmq aborts."""
    child = run_child(child_code(LIMIT, OUT_OF_FILES[what], "print('went on')"))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == ["ZMQError EMFILE", "went on"]


def test_an_io_thread_that_runs_out_of_files_goes_on_later(run_child: Callable[..., Any]) -> None:
    """Peers that connect while no descriptor is free are served when there are some again."""
    code = """
        context = zmq.Context()
        server = context.socket(zmq.PULL)
        port = server.bind_to_random_port("tcp://127.0.0.1")
        peers = [system_socket.socket() for _ in range(10)]
        files = []
        try:
            while True:
                files.append(os.dup(0))
        except OSError:
            pass
        for peer in peers:
            peer.connect(("127.0.0.1", port))
        for file in files:
            os.close(file)
        print([peer.recv(1) for peer in peers] == 10 * [b"\\xff"])
    """
    child = run_child(child_code(LIMIT, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.strip() == "True"


def test_max_sockets_is_kept_and_term_does_not_abort(run_child: Callable[..., Any]) -> None:
    """libzmq at its limit of sockets aborts in term when an inproc connect still waits for its bind."""
    code = """
        context = zmq.Context()
        context.max_sockets = 3
        sockets = [context.socket(zmq.PUSH) for _ in range(3)]
        tell(context.socket, zmq.PUSH)
        for socket in sockets:
            socket.connect("inproc://nobody")
            socket.send(b"x")
        tell(sockets[0].get_monitor_socket)
        sockets.pop().close()
        sockets.append(context.socket(zmq.PUSH))
        print(context.max_sockets, len(sockets))
        for socket in sockets:
            socket.close(linger=0)
        context.term()
    """
    child = run_child(child_code(code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == ["ZMQError EMFILE", "ZMQError EMFILE", "3 3"]


def test_running_out_of_threads_raises(run_child: Callable[..., Any]) -> None:
    """libzmq aborts when it cannot start its threads."""
    code = """
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (3000, 3000))
        resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))
        context = zmq.Context(1024)
        try:
            context.socket(zmq.PULL)
        except zmq.ZMQError as error:
            print(error.errno in (zmq.EMTHREAD, errno.EMFILE))
        else:
            print(True)
    """
    child = run_child(child_code(code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.split() == ["True"]


def test_pending_inproc_connects_need_neither_sockets_nor_files_at_the_end(run_child: Callable[..., Any]) -> None:
    """libzmq makes a socket for each of them in term, and aborts when it gets none."""
    code = """
        context = zmq.Context()
        sockets = [context.socket(zmq.PUSH) for _ in range(30)]
        for number in range(1000):
            sockets[number % 30].connect(f"inproc://nobody-{number}")
        files = []
        try:
            while True:
                files.append(os.dup(0))
        except OSError:
            pass
        for socket in sockets:
            socket.close(linger=0)
        context.term()
        print("terminated")
    """
    child = run_child(child_code(LIMIT, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.strip() == "terminated"


def test_a_pending_inproc_connect_is_bound_late(context: zmq.Context[Any]) -> None:
    """What stands in for a bind at the end of the context leaves the endpoint alone before."""
    with context.socket(zmq.PUSH) as sender, context.socket(zmq.PULL) as receiver:
        for number in range(3):
            sender.connect(f"inproc://late-{number}")
            sender.send(b"%d" % number)
            receiver.bind(f"inproc://late-{number}")
            assert receiver.recv() == b"%d" % number
            receiver.unbind(f"inproc://late-{number}")
