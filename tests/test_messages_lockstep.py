"""REQ and REP between threads: a send lets the thread that it wakes run, and is as safe as any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from exit_children import child_code

# How a REQ sends, each with the source of what the REP then has.
SENDS = {
    "short bytes": ("ask.send(b'short')", "[b'short']"),
    "long bytes": ("ask.send(bytes(5000))", "[bytes(5000)]"),
    "bytearray": ("ask.send(bytearray(b'array'))", "[b'array']"),
    "in place": ("ask.send(bytearray(100000), copy=False)", "[bytes(100000)]"),
    "Frame": ("ask.send(zmq.Frame(b'frame'))", "[b'frame']"),
    "send_multipart": ("ask.send_multipart([b'one', b'two'])", "[b'one', b'two']"),
    "send_multipart of one": ("ask.send_multipart([b'one'])", "[b'one']"),
    "SNDMORE": ("ask.send(b'one', zmq.SNDMORE); ask.send(b'two')", "[b'one', b'two']"),
    "send_many": ("ask.send_many([b'one'])", "[b'one']"),
    "send_many of parts": ("ask.send_many([[b'one', b'two']])", "[b'one', b'two']"),
}
every_send = pytest.mark.parametrize("how", SENDS)

# bystander waits in a recv for as long as the test runs.
SET_UP = """
    context = zmq.Context()
    ask, answer, bystander = (context.socket(kind) for kind in (zmq.REQ, zmq.REP, zmq.PULL))
    answer.bind("inproc://answer")
    ask.connect("inproc://answer")
    bystander.bind("inproc://bystander")
    ask.rcvtimeo = answer.rcvtimeo = 10_000

    def wait_in_bystander():
        try:
            bystander.recv()
        except zmq.ContextTerminated:
            pass

    threading.Thread(target=wait_in_bystander, daemon=True).start()
    wait_until_inside(bystander)

    def name(call):
        try:
            call()
        except zmq.ZMQError as error:
            return type(error).__name__ + " " + errno.errorcode.get(error.errno, str(error.errno))
"""


@every_send
def test_questions_and_answers_between_threads_arrive_whole(how: str, run_child: Callable[..., Any]) -> None:
    """Whichever way they are sent: 300 of them, each answered with its own parts, and four pairs at the same time."""
    send, expected = SENDS[how]
    code = f"""
        def echo(answer):
            for _ in range(300):
                answer.send_multipart(answer.recv_multipart())

        def question(ask, results):
            for _ in range(300):
                {send}
                results.append(ask.recv_multipart())

        threads, results = [], []
        for number in range(4):
            ask, answer = context.socket(zmq.REQ), context.socket(zmq.REP)
            ask.rcvtimeo = answer.rcvtimeo = 10_000
            answer.bind(f"inproc://{{number}}")
            ask.connect(f"inproc://{{number}}")
            threads.append(threading.Thread(target=echo, args=(answer,)))
            threads.append(threading.Thread(target=question, args=(ask, results)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(len(results), all(result == {expected} for result in results))
        context.destroy(linger=0)
    """
    child = run_child(child_code(SET_UP, code), timeout=30)
    assert (child.exit_code, child.signal, child.stdout) == (0, None, "1200 True\n"), child.stderr


@every_send
def test_refused_send_leaves_the_socket_usable(how: str, run_child: Callable[..., Any]) -> None:
    """A second question without an answer is EFSM; the first is then answered all the same."""
    send, expected = SENDS[how]
    code = f"""
        def again():
            {send}

        again()
        try:
            again()
        except zmq.ZMQError as error:
            print(error.errno == zmq.EFSM)
        print(answer.recv_multipart() == {expected})
        answer.send(b"answer")
        print(ask.recv())
        ask.close()
        print(ask.closed)
        context.destroy(linger=0)
    """
    child = run_child(child_code(SET_UP, code), timeout=20)
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == ["True", "True", "b'answer'", "True"]


@pytest.mark.parametrize("how", [how for how in SENDS if "many" not in how])  # those return 0 where others raise Again
def test_send_without_a_peer_waits_and_ends_as_ever(how: str, run_child: Callable[..., Any]) -> None:
    """Again at once with DONTWAIT and after SNDTIMEO, ContextTerminated when the context ends under it."""
    code = f"""
        ask = context.socket(zmq.REQ)
        ask.bind("inproc://nobody")

        def send():
            {SENDS[how][0]}

        ask.sndtimeo = 0
        print(name(send))
        ask.sndtimeo = 30
        print(name(send))
        ask.sndtimeo = -1
        names = []
        thread = threading.Thread(target=lambda: names.append(name(send)))
        thread.start()
        wait_until_inside(ask)
        context.destroy(linger=0)
        thread.join()
        print(names[0].split()[0])
        print(name(send).split()[0])
    """
    child = run_child(child_code(SET_UP, code), timeout=20)
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == ["Again EAGAIN", "Again EAGAIN", "ContextTerminated", "ZMQError"]


def test_threads_that_share_a_question_socket_get_exceptions(run_child: Callable[..., Any]) -> None:
    """SocketInUse or EFSM for whoever comes second, also to close(); every question sent is answered."""
    code = """
        sent, answered, wrong = [], [], []
        over = threading.Event()

        def echo():
            while not over.is_set():
                if answer.poll(20):
                    answer.send(answer.recv())

        def work(number):
            for count in range(500):
                data = b"%d/%d" % (number, count)
                for call in (
                    lambda: ask.send(data) or sent.append(data),
                    lambda: answered.append(ask.recv(zmq.DONTWAIT)),
                ):
                    try:
                        call()
                    except zmq.SocketInUse:
                        pass
                    except zmq.ZMQError as error:
                        if error.errno not in (zmq.EFSM, zmq.EAGAIN):
                            wrong.append(error)

        echoing = threading.Thread(target=echo)
        echoing.start()
        threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if len(answered) < len(sent):
            answered.append(ask.recv())
        over.set()
        echoing.join()
        print(wrong, len(sent) > 0, sorted(sent) == sorted(answered))
        context.destroy(linger=0)
    """
    child = run_child(child_code(SET_UP, code), timeout=30)
    assert (child.exit_code, child.signal, child.stdout) == (0, None, "[] True True\n"), child.stderr
