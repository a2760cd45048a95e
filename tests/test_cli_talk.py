"""The verbs of the `zmqlite` command that send and receive at once: pair, dealer, router, xpub, xsub."""

from __future__ import annotations

import json
import signal

import pytest
from example_rig import Shell, open_stage, read_until

import zmqlite
from zmqlite import cli

pytest.importorskip("click", reason="the verbs need zmqlite[cli]")
pytestmark = pytest.mark.skipif(not zmqlite.has("ipc"), reason="the verbs talk over ipc:// here")

WAIT = ("--timeout", 30)
TIMED_OUT = 3


@pytest.fixture
def shell():
    """Processes of the command, and endpoints between them."""
    with open_stage(kind=Shell) as made:
        yield made


def type_line(process, line):
    """Type a line, as at a terminal: the input stays open."""
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def test_pairs_chat(shell):
    """What one types the other prints, at once, while both inputs stay open."""
    at = shell.endpoint("a")
    left, right = shell.start("pair", "-b", at, *WAIT), shell.start("pair", at, *WAIT)
    type_line(left, "hello")
    read_until(right, "hello")
    type_line(right, "hello yourself")
    read_until(left, "hello yourself")


def test_lines_pass_both_ways_at_once(shell):
    """Ten thousand each way, more than the queues hold: neither side waits for the other to finish."""
    at = shell.endpoint("a")
    lines = "".join(f"{number}\n" for number in range(10_000))
    both = [shell.start("dealer", *side, "-n", 10_000, "--hwm", 10, *WAIT) for side in ((at,), ("-b", at))]
    for side in both:
        side.stdin.write(lines)
        side.stdin.flush()
    # Both inputs stay open until both have all: the system's libzmq may drop what a peer sent before it hung up.
    for side in both:
        assert read_until(side, "9999") == lines.split()
    assert [shell.finish(side) for side in both] == ["", ""]


def test_dealer_asks_a_rep(shell):
    """The first part of a message for a REP is empty; a line shows it as nothing before the tab."""
    at = shell.endpoint("a")
    rep = shell.start("rep", "-b", at, "-n", 2, *WAIT)
    dealer = shell.start("dealer", at, "-m", "--separator", ",", "-n", 2, *WAIT)
    assert shell.finish(dealer, ",one\n,two\n") == ",one\n,two\n"
    assert shell.finish(rep) == "one\ntwo\n"


def test_router_waits_for_its_peer(shell):
    """A message for somebody who is not there yet is kept until he comes; what arrives names its sender."""
    at = shell.endpoint("a")
    router = shell.start("router", "-b", at, "-m", "me", "hello", "-n", 1, *WAIT)
    assert shell.run("dealer", at, "hi", "--routing-id", "me", "-n", 1, *WAIT) == "hello\n"
    assert shell.finish(router) == "me\thi\n"


@pytest.mark.parametrize("arguments", [("router",), ("send", "router")], ids=" ".join)
def test_peer_that_never_comes_is_named(shell, arguments):
    """After the timeout, with its exit code."""
    process = shell.start(*arguments, "-b", shell.endpoint("a"), "-m", "nemo", "x", "-n", 1, "-t", 0.2)
    stderr = process.communicate(timeout=50)[1]
    assert process.returncode == TIMED_OUT
    assert "the time is over: no peer with the routing id b'nemo' is there" in stderr


def test_subscriptions_are_messages(shell):
    """An XSUB sends one, an XPUB sees it and publishes."""
    at = shell.endpoint("a")
    xpub = shell.start("xpub", "-b", at, "--json", *WAIT)
    xsub = shell.start("xsub", at, "-n", 1, "--json", *WAIT)
    type_line(xsub, '"\\u0001news"')
    assert json.loads(xpub.stdout.readline()) == {"parts": ["\1news"]}
    type_line(xpub, '["sport", "-"]')
    type_line(xpub, '["news", "it works"]')
    assert json.loads(shell.finish(xsub, "")) == {"parts": ["news", "it works"]}


def test_input_that_cannot_be_sent_fails(shell):
    """The thread that reads it tells the verb."""
    process = shell.start("pair", "-b", shell.endpoint("a"), "--json", *WAIT)
    stderr = process.communicate("{\n", timeout=50)[1]
    assert (process.returncode, "Expecting property name" in stderr) == (cli.FAILURE, True)


def test_interrupt_ends_it_though_it_reads_its_input(shell):
    """Ctrl-C: 130, though a thread waits for standard input."""
    process = shell.start("pair", "tcp://127.0.0.1:*")
    process.stderr.readline()  # it is bound
    process.send_signal(signal.SIGINT)
    process.wait(timeout=50)
    assert (process.returncode, process.stderr.read()) == (130, "\ninterrupted\n")
