"""The verbs of the `zmqlite` command that talk to endpoints: real processes, what they print, how they end."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

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


def test_push_and_pull_lines(shell):
    """Arguments are messages, and so are lines of standard input."""
    at = shell.endpoint("a")
    pull = shell.start("pull", "--bind", at, "--count", 4, *WAIT)
    assert shell.run("push", at, "one", "two words", *WAIT) == ""
    assert shell.finish(shell.start("push", at, *WAIT), "three\nvier äö\n") == ""
    assert shell.finish(pull) == "one\ntwo words\nthree\nvier äö\n"


def test_at_sign_binds(shell):
    """As in czmq: @ before an endpoint binds, > connects."""
    at = shell.endpoint("a")
    pull = shell.start("pull", f"@{at}", "-n", 1, *WAIT)
    shell.run("push", f">{at}", "x", *WAIT)
    assert shell.finish(pull) == "x\n"


def test_wildcard_binds_and_says_where(shell):
    """The port that was chosen is on stderr."""
    pull = shell.start("pull", "tcp://127.0.0.1:*", "-n", 1, *WAIT)
    said = pull.stderr.readline()
    endpoint = re.fullmatch(r"bound to (tcp://127\.0\.0\.1:\d+)\n", said)[1]
    shell.run("push", endpoint, "x", *WAIT)
    assert shell.finish(pull) == "x\n"


def test_multipart_travels_in_every_format(shell):
    """Lines have a tab between parts; JSON keeps what is not text, as base64; hex shows every byte."""
    at = shell.endpoint("a")
    expected = {
        "lines": "a\\xff\tb\n",
        "json": '{"parts": [{"base64": "Yf8="}, "b"]}\n',
        "hex": f"frame 1 of 2, 2 bytes\n00000000  {'61 ff':<47}  |a.|\n"
        f"frame 2 of 2, 1 bytes\n00000000  {'62':<47}  |b|\n",
    }
    for form, text in expected.items():
        pull = shell.start("pull", "-b", at, "-n", 1, "--format", form, *WAIT)
        shell.finish(shell.start("push", at, "--json", *WAIT), '{"parts": [{"base64": "Yf8="}, "b"]}\n')
        assert shell.finish(pull) == text


def test_raw_copies_bytes(shell):
    """Standard input is one message, and a message is written as it is."""
    at = shell.endpoint("a")
    data = bytes(range(256)) * 10
    pull = subprocess.Popen([*shell.command("pull"), "-b", at, "-n", "1", "-f", "raw"], stdout=subprocess.PIPE)
    push = [*shell.command("push"), at, "-f", "raw", "-t", "30"]
    subprocess.run(push, input=data, check=True, timeout=50)
    assert pull.communicate(timeout=50)[0] == data


def test_separator_splits_and_joins(shell):
    """-m makes the parts of a line the parts of a message."""
    at = shell.endpoint("a")
    pull = shell.start("pull", "-b", at, "-n", 2, "--json", *WAIT)
    shell.run("push", at, "-m", "a", "b c", *WAIT)
    shell.finish(shell.start("push", at, "-m", "--separator", ";", *WAIT), "d;e\n")
    assert [json.loads(line)["parts"] for line in shell.finish(pull).splitlines()] == [["a", "b c"], ["d", "e"]]


def test_publisher_waits_for_its_subscriber(shell):
    """So that nothing is lost in a script; a subscription is a prefix."""
    at = shell.endpoint("a")
    pub = shell.start("pub", "-b", at, "noise", "news 1", "news 2", *WAIT)
    assert shell.run("sub", at, "-s", "news", "-n", 2, *WAIT) == "news 1\nnews 2\n"
    assert shell.finish(pub) == ""


def test_requests_are_answered(shell):
    """rep echoes, or says what it is told; req prints the replies."""
    at = shell.endpoint("a")
    rep = shell.start("rep", "-b", at, "-n", 2, *WAIT)
    assert shell.run("req", at, "ping", "pong", *WAIT) == "ping\npong\n"
    assert shell.finish(rep) == "ping\npong\n"
    rep = shell.start("rep", "-b", at, "yes", "sir", "-n", 1, *WAIT)
    assert shell.run("req", at, "ready?", "--json", *WAIT) == '{"parts": ["yes", "sir"]}\n'


def test_any_type_sends_and_receives(shell):
    """A ROUTER shows the routing id that a DEALER set."""
    at = shell.endpoint("a")
    router = shell.start("recv", "router", "-b", at, "-n", 1, *WAIT)
    shell.run("send", "dealer", at, "hello", "--routing-id", "me", *WAIT)
    assert shell.finish(router) == "me\thello\n"


def test_count_repeats_and_rate_limits(shell):
    """Ten messages of one argument, at most 50 a second, take at least the time of nine gaps."""
    at = shell.endpoint("a")
    sub = shell.start("record", "sub", at, "-", "-n", 10, *WAIT)
    began = time.monotonic()
    shell.run("pub", "-b", at, "x", "-n", 10, "--rate", 50, *WAIT)
    assert time.monotonic() - began >= 9 / 50
    stdout, stderr = sub.communicate(timeout=50)
    lines = [json.loads(line) for line in stdout.splitlines()]
    assert [line["parts"] for line in lines] == [["x"]] * 10
    assert lines[0]["at"] == 0 <= lines[-1]["at"]
    assert stderr == "10 messages recorded\n"


@pytest.mark.parametrize(
    "arguments", [("pull", "-b"), ("push",), ("sub",), ("req",), ("rep", "-b"), ("monitor", "-b")], ids=lambda a: a[0]
)
def test_timeout_has_an_exit_code_of_its_own(shell, arguments):
    """3: scripts tell silence from failure; a push that nobody takes is not delivered."""
    verb, *options = arguments
    sent = ["x"] if verb in ("push", "req") else []
    process = shell.start(verb, *options, shell.endpoint("nobody"), *sent, "--timeout", 0.2)
    stderr = process.communicate(timeout=50)[1]
    assert process.returncode == TIMED_OUT
    assert stderr.startswith(f"python -m zmqlite {verb}: the time is over: ")
    assert stderr.count("\n") == 1  # nothing is left over that the exit would complain about


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("push",), cli.USAGE, "Missing argument 'ENDPOINT'"),
        (("send", "pigeon", "tcp://x:1"), cli.USAGE, "'pigeon' is not one of 'pair', 'pub'"),
        (("proxy", "router", "dealer:tcp://x:1"), cli.USAGE, "'router' is not TYPE:ENDPOINT"),
        (("pull", "tcp://127.0.0.1:99999"), cli.FAILURE, "a port is a number from 1 to 65535"),
        (("doctor", "udp://127.0.0.1:1"), cli.FAILURE, "doctor takes tcp://host:port or ipc:///path"),
        (("pull", "inproc://x", "--curve-any"), cli.USAGE, "give its --curve-key"),
        (("doctor", "tcp://127.0.0.1:99999"), cli.FAILURE, "a port is a number from 1 to 65535"),
        (("pull", "ipc://x", "--count", "-1"), cli.USAGE, "-1 is not in the range x>=0"),
        (("pull", "ipc://x", "--timeout", "nan"), cli.USAGE, "'nan' is no time: 0 to"),
        (("pull", "ipc://x", "--timeout", "1e99"), cli.USAGE, "'1e99' is no time: 0 to"),
        (("push", "ipc://x", "a", "--rate", "0"), cli.USAGE, "0.0 is not in the range x>0"),
        (("push", "ipc://x", "a", "--separator", ""), cli.USAGE, "at least one character"),
        (("proxy", "pull:@ipc://x", "push:@ipc://y", "--stats", "0"), cli.USAGE, "'0' is no time"),
        (("monitor", "tcp://127.0.0.1:1", "--until", "doom"), cli.USAGE, "'doom' is no event: accepted, "),
    ],
)
def test_mistakes_are_told(shell, arguments, code, said):
    """In a line that names the argument, without a traceback."""
    process = shell.start(*arguments)
    stdout, stderr = process.communicate(timeout=50)
    assert (process.returncode, stdout, "Traceback" in stderr) == (code, "", False)
    assert said in stderr


def test_json_that_is_none_is_told(shell):
    """A line of standard input that cannot be sent fails."""
    process = shell.start("push", "inproc://x", "--json")
    stderr = process.communicate("{\n", timeout=50)[1]
    assert (process.returncode, "Expecting property name" in stderr) == (cli.FAILURE, True)


def test_interrupt_ends_a_verb(shell):
    """Ctrl-C: 130, and no traceback."""
    pull = shell.start("rep", "tcp://127.0.0.1:*")
    pull.stderr.readline()  # it is bound
    pull.send_signal(signal.SIGINT)
    stderr = pull.communicate(timeout=50)[1]
    assert (pull.returncode, stderr) == (130, "\ninterrupted\n")


def test_proxy_forwards_captures_and_counts(shell):
    """Requests through it are answered; what passes is captured; the counters are those of libzmq."""
    front, back, copies = (shell.endpoint(name) for name in ("front", "back", "copies"))
    captured = shell.start("pull", "-b", copies, "-n", 2, "--json", *WAIT)
    proxy = shell.start(
        *("proxy", f"router:@{front}", f"dealer:@{back}", "--capture", f"push:{copies}", "--stats", 0.05, "--json")
    )
    rep = shell.start("rep", back, "-n", 1, *WAIT)
    assert shell.run("req", front, "hello", *WAIT) == "hello\n"
    shell.finish(rep)
    assert [json.loads(line)["parts"][-1] for line in shell.finish(captured).splitlines()] == ["hello", "hello"]
    for line in proxy.stdout:
        counters = json.loads(line)
        if counters["frontend_messages_out"]:
            break
    assert counters["frontend_messages_in"] == counters["backend_messages_out"] > 0
    assert counters["frontend_bytes_out"] == counters["backend_bytes_in"] > 0
    proxy.send_signal(signal.SIGINT)
    proxy.communicate(timeout=50)
    assert proxy.returncode == 130


def test_proxy_ends_after_its_duration(shell):
    """By itself, and well."""
    proxy = shell.start("proxy", f"pull:@{shell.endpoint('a')}", f"push:@{shell.endpoint('b')}", "--duration", 0.1)
    stdout, stderr = proxy.communicate(timeout=50)
    assert (proxy.returncode, stdout, stderr) == (0, "", "forwarding\n")


def test_monitor_prints_events(shell, context):
    """What happens, where, in order, until the event that is waited for."""
    pull = context.socket(zmqlite.PULL)
    port = pull.bind_to_random_port("tcp://127.0.0.1")
    said = shell.run("monitor", f"tcp://127.0.0.1:{port}", "--type", "push", "--until", "handshake_succeeded", *WAIT)
    events = [re.split(r" {2,}", line.strip())[1:] for line in said.splitlines()]
    assert [event[0] for event in events] == ["connect delayed", "connected", "handshake succeeded"]
    assert {event[1] for event in events} == {f"tcp://127.0.0.1:{port}"}


def test_monitor_prints_json(shell):
    """With errno and words for it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        said = shell.run("monitor", closed, "--until", "connect_retried", "--json", *WAIT)
    last = json.loads(said.splitlines()[-1])
    assert (last["event"], last["endpoint"]) == ("CONNECT_RETRIED", closed)
    assert last["detail"] == f"next try in {last['value']} ms"


def test_record_and_replay(shell, tmp_path):
    """What was recorded is sent again: the same messages, the pauses that they had, or none."""
    at, path = shell.endpoint("a"), tmp_path / "stream.jsonl"
    recorder = shell.start("record", "sub", at, path, "-n", 3, *WAIT)
    shell.run("pub", "-b", at, "a", "b", "c", "--rate", 10, *WAIT)
    assert recorder.communicate(timeout=50)[1] == "3 messages recorded\n"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["parts"] for line in lines] == [["a"], ["b"], ["c"]]
    assert 0 == lines[0]["at"] < lines[1]["at"] < lines[2]["at"]
    for speed in (2, 0):
        pull = shell.start("pull", "-b", at, "-n", 3, *WAIT)
        replay = shell.start("replay", path, "push", at, "--speed", speed, *WAIT)
        assert shell.finish(pull) == "a\nb\nc\n"
        assert replay.communicate(timeout=50)[1] == "3 messages replayed\n"


def test_replay_names_the_line_that_is_wrong(shell, tmp_path):
    """And fails."""
    path = tmp_path / "bad.jsonl"
    path.write_text('{"at": 0, "parts": ["x"]}\n{"parts": 7}\n', encoding="utf-8")
    pull = shell.start("pull", "-b", shell.endpoint("a"), "-n", 1, *WAIT)
    process = shell.start("replay", path, "push", shell.endpoint("a"), *WAIT)
    stderr = process.communicate(timeout=50)[1]
    assert process.returncode == cli.FAILURE
    assert "line 2 is no recorded message" in stderr
    pull.kill()


def test_curve_keys_come_from_files(shell, tmp_path):
    """keygen's files: the server lets in who is in its directory of clients, and nobody else."""
    if not zmqlite.has("curve"):
        pytest.skip("this libzmq has no CURVE")
    (tmp_path / "clients").mkdir()
    for name in ("server", "friend", "stranger"):
        shell.run("keygen", name, "-d", tmp_path)
    (tmp_path / "friend.key").rename(tmp_path / "clients" / "friend.key")
    at = shell.endpoint("a")
    server = shell.start(
        *("rep", "-b", at, "-n", 1, "--curve-key", tmp_path / "server.key_secret"),
        *("--curve-clients", tmp_path / "clients", *WAIT),
    )
    client = ("req", at, "psst", "--curve-server-key", tmp_path / "server.key", "--curve-key")
    stranger = shell.start(*client, tmp_path / "stranger.key_secret", "-t", 1)
    stranger.communicate(timeout=50)
    assert stranger.returncode == TIMED_OUT
    assert shell.run(*client, tmp_path / "friend.key_secret", *WAIT) == "psst\n"
    assert shell.finish(server) == "psst\n"


def test_reader_that_leaves_early_ends_the_verb(shell):
    """As in `zmqlite pull ... | head -1`."""
    at = shell.endpoint("a")
    pull = shell.start("pull", "-b", at, *WAIT)
    shell.run("push", at, "one", *WAIT)
    read_until(pull, "one")
    pull.stdout.close()
    shell.run("push", at, "two", *WAIT)
    assert pull.wait(timeout=50) == cli.FAILURE
    assert pull.stderr.read() == ""


@pytest.mark.skipif(shutil.which("sh") is None, reason="a POSIX shell closes the streams")
@pytest.mark.parametrize(
    ("arguments", "closed", "code"),
    [
        (("push", "ENDPOINT", *WAIT), "<&-", 0),
        (("pair", "-b", "ENDPOINT", "-n", 0, *WAIT), "<&-", 0),
        (("pull", "-b", "ENDPOINT", "-t", 0.1), ">&-", TIMED_OUT),
        (("doctor", "ENDPOINT"), ">&-", cli.FAILURE),
        (("info",), ">&-", 0),
        (("doctor", "nonsense"), "2>&-", cli.FAILURE),
    ],
)
def test_closed_streams_are_empty_ones(shell, arguments, closed, code):
    """A shell may close them: nothing to send, nobody to tell, and no traceback."""
    words = [shell.endpoint("a") if word == "ENDPOINT" else str(word) for word in arguments]
    command = ["sh", "-c", f'exec "$@" {closed}', "sh", *shell.command(words[0]), *words[1:]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_is_printed(shell, name):
    """A script for the shell that names the program."""
    said = shell.run("completion", name)
    assert "_ZMQLITE_COMPLETE" in said


def test_completion_completes_verbs_and_options():
    """What the script asks the program, it answers: every verb, and each verb's options."""
    code = "import sys; from zmqlite.cli import main; sys.argv[0] = 'zmqlite'; sys.exit(main([]))"

    def complete(words):
        asked = {"_ZMQLITE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, env={**os.environ, **asked}, capture_output=True, text=True, timeout=50, check=True
        )
        return {line.partition(",")[2] for line in done.stdout.splitlines()}

    assert {*cli.VERBS, *cli.SHELL_VERBS} <= complete("zmqlite ")
    assert complete("zmqlite re") == {"recv", "rep", "replay", "record", "req"}
    assert "--curve-server-key" in complete("zmqlite push --curve")
    assert complete("zmqlite keygen --") == {"--help", "--directory", "--metadata", "--json"}
    assert "--rounds" in complete("zmqlite bench --ro")


def test_missing_extra_is_told(run_child):
    """Without click the verbs say what to install, and info still works; without rich what needs it says so, too."""
    child = run_child(
        """
        import sys
        sys.modules["click"] = None
        from zmqlite.cli import main
        print(main(["push", "tcp://127.0.0.1:1"]), main(["info", "--json"]))
        del sys.modules["click"]
        sys.modules["rich"] = None
        sys.stdout.isatty = lambda: True
        print(main(["doctor", "tcp://127.0.0.1:1"]))
        """
    )
    click_is_missing, rich_is_missing = child.stderr.splitlines()
    assert click_is_missing == "zmqlite push needs click: pip install 'zmqlite[cli]'"
    assert rich_is_missing == "zmqlite doctor needs rich: pip install 'zmqlite[cli]'"
    assert child.stdout.endswith("1 0\n1\n")


def test_every_verb_has_help_and_is_listed(shell):
    """The command's own help names each verb of this file, and each has one of its own."""
    listed = shell.run("--help")
    from zmqlite.cli_verbs.app import commands

    assert set(commands()) == set(cli.SHELL_VERBS)
    for verb, summary in cli.SHELL_VERBS.items():
        assert summary in " ".join(listed.split())
        assert shell.run(verb, "--help").startswith(f"Usage: python -m zmqlite {verb} ")
