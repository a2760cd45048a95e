"""zmqlite.log: records as messages, loggers with topics, and the command that shows them."""

from __future__ import annotations

import io
import logging
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import zmqlite as zmq
from zmqlite.log.handlers import PUBHandler, TopicLogger

WAIT_MS = 20_000


@pytest.fixture
def logger() -> logging.Logger:
    """A logger of this test's own, that passes everything."""
    made = logging.Logger("test", logging.DEBUG)
    made.propagate = False
    return made


@pytest.fixture
def watch(context: zmq.Context[Any]) -> Callable[..., Any]:
    """Make a handler, and a SUB that misses nothing: the handler's XPUB was told of its subscription."""

    def make(**options: Any) -> tuple[PUBHandler, Any]:
        publisher, subscriber = context.socket(zmq.XPUB), context.socket(zmq.SUB)
        for socket in (publisher, subscriber):
            socket.rcvtimeo, socket.linger = WAIT_MS, 0
        port = publisher.bind_to_random_port("tcp://127.0.0.1")
        subscriber.subscribe(b"")
        subscriber.connect(f"tcp://127.0.0.1:{port}")
        assert publisher.recv() == b"\x01"
        return PUBHandler(publisher, **options), subscriber

    return make


def test_records_are_topic_and_text(watch: Callable[..., Any], logger: logging.Logger) -> None:
    """The topic is the level; a prefix with :: adds to it; the root topic comes first."""
    handler, subscriber = watch()
    logger.addHandler(handler)
    logger.info("plain %d", 1)
    assert subscriber.recv_multipart() == [b"INFO", b"plain 1\n"]
    logger.warning("a.b::text::more")
    topic, text = subscriber.recv_multipart()
    assert topic == b"WARNING.a.b"
    assert text.startswith(b"WARNING test_log.py:")
    assert text.endswith(b"- text::more\n")
    for root in ("root", b"root"):
        handler.root_topic = root
        logger.info("x::y")
        assert subscriber.recv_multipart() == [b"root.INFO.x", b"y\n"]
    assert handler.root_topic == "root"


def test_root_topic_can_be_given_at_first(watch: Callable[..., Any], logger: logging.Logger) -> None:
    """PUBHandler(socket, root_topic="r")."""
    handler, subscriber = watch(root_topic="r")
    logger.addHandler(handler)
    logger.info("x")
    assert subscriber.recv_multipart()[0] == b"r.INFO"


def test_formatters_are_for_a_level_or_for_all(watch: Callable[..., Any], logger: logging.Logger) -> None:
    """setFormatter(formatter, level), setFormatter(formatter); a level of the program's own is formatted, too."""
    handler, subscriber = watch()
    logger.addHandler(handler)
    logger.log(25, "between")
    assert b"test_log.py" in subscriber.recv_multipart()[1]
    handler.setFormatter(logging.Formatter("D %(message)s"), logging.DEBUG)
    logger.debug("1")
    logger.info("2")
    assert [subscriber.recv_multipart()[1] for _ in range(2)] == [b"D 1", b"2\n"]
    handler.setFormatter(logging.Formatter("A %(message)s"))
    logger.debug("3")
    logger.log(25, "4")
    assert [subscriber.recv_multipart()[1] for _ in range(2)] == [b"A 3", b"A 4"]


def test_the_record_itself_is_left_alone(watch: Callable[..., Any], logger: logging.Logger) -> None:
    """Other handlers see the topic in the message, as it was given."""
    handler, _ = watch()
    other = io.StringIO()
    logger.addHandler(handler)
    logger.addHandler(logging.StreamHandler(other))
    logger.info("topic::text")
    assert other.getvalue() == "topic::text\n"


def test_a_message_that_is_no_str_and_one_that_does_not_format(
    watch: Callable[..., Any], logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anything with a str() is published; a wrong argument goes to handleError(), and nothing is raised."""
    handler, subscriber = watch()
    logger.addHandler(handler)
    failed: list[logging.LogRecord] = []
    monkeypatch.setattr(handler, "handleError", failed.append)
    logger.info("%d", "x")
    logger.info({"a": 1})
    assert subscriber.recv_multipart() == [b"INFO", b"{'a': 1}\n"]
    assert [record.args for record in failed] == [("x",)]


def test_handler_binds_an_endpoint(context: zmq.Context[Any]) -> None:
    """PUBHandler(endpoint, context) makes a PUB; without a context it makes one."""
    handler = PUBHandler("inproc://log", context)
    assert (handler.ctx, handler.socket.type) == (context, zmq.PUB)
    handler.socket.close()
    own = PUBHandler("inproc://log")
    assert own.ctx is not context
    own.socket.close()
    own.ctx.term()
    with pytest.raises(zmq.ZMQError) as caught:
        PUBHandler("nonsense://x", context)
    assert caught.value.errno == zmq.EPROTONOSUPPORT


@pytest.mark.parametrize("method", ["debug", "info", "warning", "error", "critical", "exception"])
def test_topic_logger_methods_take_a_topic_first(watch: Callable[..., Any], method: str) -> None:
    """Each logs at its own level, and the record names the caller."""
    handler, subscriber = watch()
    handler.setFormatter(logging.Formatter("%(funcName)s %(message)s"))
    logger = TopicLogger("test", logging.DEBUG)
    logger.addHandler(handler)
    getattr(logger, method)("a.b", "text %s", "x")
    level = "ERROR" if method == "exception" else method.upper()
    topic, text = subscriber.recv_multipart()
    assert topic == f"{level}.a.b".encode()
    assert text.splitlines()[0] == b"test_topic_logger_methods_take_a_topic_first text x"
    logger.log(logging.INFO, "c", "text")
    assert subscriber.recv_multipart() == [b"INFO.c", b"test_topic_logger_methods_take_a_topic_first text"]


def test_handler_from_dict_config(context: zmq.Context[Any]) -> None:
    """logging.config makes it of a socket."""
    import logging.config

    publisher = context.socket(zmq.PUB)
    handler = {"class": "zmqlite.log.handlers.PUBHandler", "interface_or_socket": publisher, "root_topic": "r"}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"zmq": handler},
            "loggers": {"zmqlite-test": {"handlers": ["zmq"]}},
        }
    )
    made: Any = logging.getLogger("zmqlite-test").handlers[0]
    logging.getLogger("zmqlite-test").handlers.clear()
    assert (made.socket, made.root_topic) == (publisher, "r")


def show(options: list[str], messages: list[list[bytes]]) -> list[str]:
    """What `python -m zmqlite.log` prints for messages, until Ctrl-C."""
    with zmq.Context() as context, context.socket(zmq.XPUB) as publisher:
        publisher.rcvtimeo, publisher.linger = WAIT_MS, 0
        port = publisher.bind_to_random_port("tcp://127.0.0.1")
        command = [sys.executable, "-m", "zmqlite.log", *options, f"tcp://127.0.0.1:{port}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            publisher.recv()
            for message in messages:
                publisher.send_multipart(message)
            lines = [process.stdout.readline() for _ in messages]
            process.send_signal(signal.SIGINT)
            rest, said = process.communicate(timeout=20)
            assert (process.returncode, rest, said) == (0, "", "")
        finally:
            process.kill()
            process.communicate()
    return [line.rstrip("\n") for line in lines]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one child there")
def test_command_shows_what_is_published() -> None:
    """Topic and text; only what begins with --topic; Ctrl-C ends it well."""
    messages = [[b"INFO", b"plain\n"], [b"root.WARNING.a", b"\xff\n"]]
    assert show([], messages) == ["INFO | plain", "root.WARNING.a | \ufffd"]
    assert show(["--topic", "root"], [[b"root.A", b"1"], [b"root.B", b"2"]]) == ["root.A | 1", "root.B | 2"]
    aligned = show(["--align", "--separator", " - ", "--timestamp", "--dateformat", "now"], messages[::-1])
    assert aligned == ["now root.WARNING.a - \ufffd", "now INFO.       .  - plain"]
