"""SIGINT and SIGTERM in every call that waits, and storms of alarms: seen at once, and no wait begins anew.

The calls are those of tests/test_signals.py.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import children
from report import Report, percentile
from test_signals import SET_UP, TIMED, WAITING

LONG = {"signals": 1000}
SHORT = {"signals": 21}

PROMISED_SECONDS = 0.1
DEADLINE_SECONDS = 400.0

INTERRUPT = """
full.connect(NOBODY)
full.sndhwm = 1
tracker = full.send(bytearray(100000), copy=False, track=True)
full.linger = -1
while full.poll(0, zmq.POLLOUT):
    full.send(b"fill")

class Ended(BaseException): pass
def end(*arguments):
    raise Ended
signal.signal(signal.SIGINT, end)
signal.signal(signal.SIGTERM, end)
unused = zmq.Context()
pending = unused.socket(zmq.PULL)

def interrupt(number):
    global sent
    inside = globals().get(INSIDE)
    if inside is not None: wait_until_inside(inside)
    else: time.sleep(0.03)  # nothing tells that the main thread waits
    sent = time.monotonic()
    os.kill(os.getpid(), number)

for turn in range(TIMES):
    thread = threading.Thread(target=interrupt, args=((signal.SIGINT, signal.SIGTERM)[turn % 2],))
    try:
        thread.start()  # on a busy machine the signal may come before the call
        insist(lambda: CALL)
        print("returned")
    except Ended:
        print(time.monotonic() - sent, flush=True)
    thread.join()
zmq.set_exit_linger(0)
"""

STORM = """
full.connect(NOBODY)
full.sndhwm = 1
tracker = full.send(bytearray(100000), copy=False, track=True)
while full.poll(0, zmq.POLLOUT):
    full.send(b"fill")
receiver.rcvtimeo = full.sndtimeo = 250
count = 0
def handle(*arguments):
    global count
    count += 1
signal.signal(signal.SIGALRM, handle)
signal.setitimer(signal.ITIMER_REAL, INTERVAL, INTERVAL)
for name, call in TIMED.items():
    count, began = 0, time.monotonic()
    try:
        answer = eval(call)
        assert answer in (0, [], ([], [], [])), answer
    except (zmq.Again, zmq.NotDone):
        pass
    seconds = time.monotonic() - began
    print(seconds, count, name.replace(" ", "_"))
signal.setitimer(signal.ITIMER_REAL, 0)
zmq.set_exit_linger(0)
"""


def run(report: Report, signals: int) -> None:
    """Send signals in turns, the same number in every call; then four storms of alarms."""
    latencies: list[float] = []
    times = -(-signals // len(WAITING))
    bad = []
    jobs = []
    for name, (call, inside) in WAITING.items():
        # destroy() and term() end the context even when they are interrupted: each signal needs another process.
        rounds = times if name in ("destroy", "term", "term(timeout=)") else 1
        code = children.child_code(SET_UP, INTERRUPT.replace("CALL", call), INSIDE=inside, TIMES=times // rounds)
        jobs += [(name, code, times // rounds)] * rounds
    with ThreadPoolExecutor(1 if signals >= 500 else 4) as pool:
        for (name, _, count), ended in zip(jobs, pool.map(lambda job: children.run(job[1], DEADLINE_SECONDS), jobs)):
            found = [float(line) for line in ended.stdout.splitlines() if line != "returned"]
            latencies += found
            if not ended.well or len(found) != count:
                bad.append(f"{name}: {ended.signal or ended.code} {ended.stdout[-300:]} {ended.stderr[-500:]}")
    # On a busy machine a thread may run late; the long form is for a quiet one.
    limit = PROMISED_SECONDS if signals >= 500 else 100 * PROMISED_SECONDS
    report.figure(
        f"{len(latencies)} signals in {len(WAITING)} calls: p99 {1000 * percentile(latencies, 0.99):.1f} ms, median "
        f"{1000 * percentile(latencies, 0.5):.1f} ms, at most {1000 * max(latencies):.1f} ms",
        not bad and percentile(latencies, 0.99) < limit,
    )
    for line in bad:
        report.say(line)
    for interval in [0.01, 0.002, 0.0005, 0.0001] if signals >= 500 else [0.001]:
        ended = children.run(children.child_code(SET_UP, STORM, TIMED=TIMED, INTERVAL=interval), DEADLINE_SECONDS)
        lines = [line.split() for line in ended.stdout.splitlines()]
        waited = [float(line[0]) for line in lines]
        alarms = sum(int(line[1]) for line in lines)
        text = f"{len(lines)} waits of 250 ms, an alarm every {1000 * interval:g} ms, {alarms:,}"
        if ended.well and len(lines) == len(TIMED):
            text += f" in all: {1000 * min(waited):.0f} to {1000 * max(waited):.0f} ms"
            report.figure(text, min(waited) > 0.24 and max(waited) < 0.25 + limit)
        else:
            report.figure(f"{text}: {ended.signal or ended.code} {ended.stderr[-1000:]}", False)
