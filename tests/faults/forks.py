"""Forks of every kind: the child's old sockets raise, a new context in it works, the parent goes on unharmed.

os.fork() with threads, sockets and messages under way, and multiprocessing's fork, forkserver and spawn.
"""

from __future__ import annotations

import children
from report import Report, percentile

LONG = {"forks": 200}
SHORT = {"forks": 8}

PROMISED_CPU_SECONDS = 0.05
DEADLINE_SECONDS = 300.0

FORK = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # fork() with threads, which is the point
context = zmq.Context()
push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
push.sndhwm = pull.rcvhwm = 0
pull.bind("tcp://127.0.0.1:*")
push.connect(pull.last_endpoint)
report = context.socket(zmq.PULL)
report.bind("tcp://127.0.0.1:*")
waiting = context.socket(zmq.PULL)
start_blocked(waiting, waiting.recv)

def be_child(number):
    for call in (lambda: push.send(b"x"), pull.recv, lambda: pull.recv(zmq.DONTWAIT), lambda: waiting.poll(0)):
        try:
            call()
        except zmq.ZMQError as error:
            assert error.errno in (errno.ENOTSOCK, errno.ENOTSUP), error
        else:
            raise AssertionError("a socket of the parent works in the child")
    with zmq.Context() as mine, mine.socket(zmq.PUSH) as socket:
        socket.connect(ENDPOINT)
        socket.send(b"child %d" % number)

ENDPOINT = report.last_endpoint
used = []
for number in range(FORKS):
    for each in range(10): push.send(b"%d" % (number * 10 + each))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            be_child(number)
            code = 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status, usage = os.wait4(child, 0)
    assert status == 0, status
    used.append(usage.ru_utime + usage.ru_stime)
    assert report.recv() == b"child %d" % number
    assert [int(pull.recv()) for _ in range(10)] == list(range(number * 10, number * 10 + 10))
print(*used)
context.destroy(0)
"""

PROCESSES = """
def main():
    context = zmq.Context.instance()
    pull = context.socket(zmq.PULL)
    pull.bind("tcp://127.0.0.1:*")
    other, feed = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    other.bind("inproc://parent")
    feed.connect("inproc://parent")
    method = multiprocessing.get_context(METHOD)
    for number in range(FORKS):
        process = method.Process(target=send_number, args=(pull.last_endpoint.decode(), number))
        process.start()
        assert pull.recv() == b"%d" % number
        process.join()
        assert process.exitcode == 0, process.exitcode
        feed.send(b"%d" % number)
        assert other.recv() == b"%d" % number
    print(FORKS)
    context.destroy(0)

if __name__ == "__main__":
    import warnings
    warnings.simplefilter("ignore", DeprecationWarning)
    main()
"""


def run(report: Report, forks: int) -> None:
    """Half of the forks by os.fork(), the rest through multiprocessing."""
    ended = children.run(children.child_code(FORK, FORKS=forks // 2), DEADLINE_SECONDS)
    used = [float(text) for text in ended.stdout.split()] if ended.well else []
    report.figure(
        f"os.fork(): {len(used)} of {forks // 2} children refused the parent's sockets, used a context of their own, "
        "and the parent lost no message",
        len(used) == forks // 2,
    )
    if used:
        report.figure(
            f"CPU of a child: at most {1000 * max(used):.1f} ms, median {1000 * percentile(used, 0.5):.1f} ms",
            max(used) < PROMISED_CPU_SECONDS,
        )
    else:
        report.say(ended.stderr[-2000:])
    for method, part in (("fork", 5), ("forkserver", 5), ("spawn", 10)):
        count = max(1, forks // part)
        ended = children.run(children.child_code(PROCESSES, METHOD=method, FORKS=count), DEADLINE_SECONDS)
        done = ended.stdout.strip() or "0"
        text = f"multiprocessing, {method}: {done} of {count} children sent through a context of their own"
        report.figure(text, ended.well and done == str(count))
        if not ended.well:
            report.say(ended.stderr[-2000:])
