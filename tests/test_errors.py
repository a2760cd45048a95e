"""One tree of errors, and messages that name the call, the argument, the cause and the code."""

from __future__ import annotations

import copy
import errno
import pickle
import sys
import warnings
from typing import Any

import pytest

import zmqlite
from zmqlite import errors
from zmqlite._native import ffi, lib
from zmqlite.errors import (
    ZL_EFORKED,
    Again,
    ContextTerminated,
    ForkedError,
    InterruptedSystemCall,
    NotDone,
    SocketInUse,
    ZMQBaseError,
    ZMQBindError,
    ZMQError,
    ZMQVersionError,
    error_from_errno,
    raise_errno,
)

ETERM = 156384765
EFSM = 156384763


def libzmq_text(number: int) -> str:
    """What libzmq calls an errno."""
    text: bytes = ffi.string(lib.zmq_strerror(number))
    return text.decode()


def test_zmq_error_has_errno_and_the_words_of_libzmq() -> None:
    """ZMQError(errno) is as pyzmq's: .errno, .strerror, str() and repr()."""
    error = ZMQError(errno.EINVAL)
    assert error.errno == errno.EINVAL
    assert error.strerror == str(error) == libzmq_text(errno.EINVAL)
    assert repr(error) == f"ZMQError('{libzmq_text(errno.EINVAL)}')"
    assert str(ZMQError(EFSM)) == libzmq_text(EFSM)


def test_zmq_error_with_a_message() -> None:
    """A message replaces libzmq's words; alone it leaves the errno None."""
    both = ZMQError(errno.EINVAL, "no such luck")
    assert (both.errno, both.strerror, str(both)) == (errno.EINVAL, "no such luck", "no such luck")
    alone = ZMQError("no such luck")
    assert (alone.errno, str(alone)) == (None, "no such luck")
    keyword = ZMQError(errno=errno.EINVAL, msg="named")
    assert (keyword.errno, str(keyword)) == (errno.EINVAL, "named")


def test_zmq_error_without_errno_takes_the_current_one() -> None:
    """ZMQError() is about the call that just failed."""
    assert lib.zmq_ctx_term(ffi.NULL) == -1
    assert ZMQError().errno == errno.EFAULT


def test_strerror_can_be_replaced() -> None:
    """Programs add to .strerror before they raise again, and str() shows it."""
    error = ZMQError(errno.EINVAL)
    error.strerror += " (of mine)"
    assert str(error).endswith(" (of mine)")


@pytest.mark.parametrize("cls", [Again, ContextTerminated, InterruptedSystemCall, SocketInUse, ForkedError])
def test_fixed_errors_ignore_their_arguments(cls: type[ZMQError]) -> None:
    """The errno of Again and its like is their own, whatever they are given."""
    for error in (cls(), cls(5), cls(5, "unheard"), cls(errno=5, msg="unheard")):
        assert error.errno == cls.errno != 5
        assert "unheard" not in str(error)


@pytest.mark.parametrize(
    ("number", "cls", "shown"),
    [
        (errno.EAGAIN, Again, errno.EAGAIN),
        (ETERM, ContextTerminated, ETERM),
        (errno.EINTR, InterruptedSystemCall, errno.EINTR),
        (errno.EBUSY, SocketInUse, errno.EBUSY),
        (ZL_EFORKED, ForkedError, errno.ENOTSOCK),
        (errno.EADDRINUSE, ZMQError, errno.EADDRINUSE),
        (EFSM, ZMQError, EFSM),
        (12345, ZMQError, 12345),
    ],
)
def test_errno_becomes_its_class(number: int, cls: type, shown: int) -> None:
    """Each errno has one class, with or without an argument to show."""
    for error in (error_from_errno(number, "recv()"), error_from_errno(number, "bind", "tcp://*:1")):
        assert type(error) is cls
        assert error.errno == shown
    with pytest.raises(cls):
        raise_errno(number, "recv()")


def test_tree_is_that_of_pyzmq() -> None:
    """What programs catch catches what it did."""
    for cls in (Again, ContextTerminated, InterruptedSystemCall, SocketInUse, ForkedError):
        assert issubclass(cls, ZMQError)
    assert issubclass(InterruptedSystemCall, InterruptedError)
    for base in (ZMQError, ZMQBindError, NotDone):
        assert issubclass(base, ZMQBaseError)
    assert issubclass(ZMQVersionError, NotImplementedError)
    assert issubclass(zmqlite.DraftFDWarning, RuntimeWarning)


def test_message_has_call_argument_cause_and_code() -> None:
    """The text of libzmq stays in the message, for programs that look for it."""
    error = error_from_errno(errno.EADDRINUSE, "bind", "tcp://*:5555")
    assert str(error) == f"bind('tcp://*:5555'): {libzmq_text(errno.EADDRINUSE)} (EADDRINUSE)"
    assert error.strerror == libzmq_text(errno.EADDRINUSE)
    assert str(error_from_errno(errno.EAGAIN, "recv()")) == f"recv(): {libzmq_text(errno.EAGAIN)} (EAGAIN)"
    assert str(error_from_errno(errno.EAGAIN, "recv")) == f"recv(): {libzmq_text(errno.EAGAIN)} (EAGAIN)"


@pytest.mark.parametrize(
    ("number", "call", "hint"),
    [
        (EFSM, "send()", "recv() first"),
        (EFSM, "recv_multipart()", "send() first"),
        (156384764, "connect('udp://x')", "does not work over that transport"),
        (156384766, "connect('tcp://x')", "no I/O thread"),
        (errno.ENOTSOCK, "recv()", "the socket is closed"),
        (errno.EHOSTUNREACH, "send()", "no connected peer has that routing id"),
        (errno.EOPNOTSUPP, "recv()", "cannot receive"),
        (errno.EPROTONOSUPPORT, "connect('x://y')", "see has()"),
    ],
)
def test_message_helps_where_the_code_alone_does_not(number: int, call: str, hint: str) -> None:
    """Codes that leave one guessing carry a hint, for the call that it is about."""
    text = str(error_from_errno(number, call))
    assert hint in text
    assert libzmq_text(number) in text


def test_hint_of_the_caller_wins() -> None:
    """A hint replaces the usual one, and an empty one leaves none."""
    assert str(error_from_errno(EFSM, "send()", hint="because")).endswith("(EFSM): because")
    assert str(error_from_errno(EFSM, "send()", hint="")).endswith("(EFSM)")


def test_unknown_errno_is_shown_as_a_number() -> None:
    """An errno without a name does not break the message."""
    assert "(errno 12345)" in str(error_from_errno(12345, "send()"))


def test_long_argument_is_cut() -> None:
    """An argument of a megabyte does not make a message of a megabyte."""
    text = str(error_from_errno(errno.EINVAL, "send()", b"x" * 1_000_000))
    assert text.startswith("send(b'xxx")
    assert len(text) < 400


ALL = [
    ZMQError(errno.EINVAL),
    ZMQError(errno.EINVAL, "text"),
    ZMQError("text"),
    Again(),
    ContextTerminated(),
    InterruptedSystemCall(),
    SocketInUse(),
    ForkedError(),
    ZMQBindError("no port"),
    NotDone(),
    error_from_errno(errno.EAGAIN, "recv()"),
    error_from_errno(errno.EADDRINUSE, "bind", "tcp://*:5555"),
    error_from_errno(EFSM, "send()", hint="because"),
    error_from_errno(errno.EBUSY, "send()"),
    ZMQVersionError("9.9", "Something"),
]


@pytest.mark.parametrize("error", ALL, ids=repr)
@pytest.mark.parametrize("duplicate", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy])
def test_errors_can_be_pickled_and_copied(error: Any, duplicate: Any) -> None:
    """A process pool hands an error back as it was."""
    made = duplicate(error)
    assert type(made) is type(error)
    assert (str(made), repr(made)) == (str(error), repr(error))
    assert getattr(made, "errno", None) == getattr(error, "errno", None)


def test_making_an_error_asks_libzmq_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recv() that finds nothing must be cheap, so the words are looked up when somebody reads them."""
    asked = []
    monkeypatch.setattr(errors, "strerror", lambda number: asked.append(number) or "words")
    error = error_from_errno(errno.EAGAIN, "recv()")
    assert asked == []
    assert str(error) == "recv(): words (EAGAIN)"
    assert asked == [errno.EAGAIN]
    assert str(error) == "recv(): words (EAGAIN)"
    assert asked == [errno.EAGAIN]


def test_again_has_its_errno_in_args() -> None:
    """Programs look at error.args[0], as pyzmq has it."""
    assert error_from_errno(errno.EAGAIN, "recv()").args == (errno.EAGAIN,)
    assert error_from_errno(errno.EINVAL, "recv()").args == (errno.EINVAL,)


def test_error_prints_when_the_modules_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end of the interpreter the modules are taken down; an error that is printed then says its number."""
    error = error_from_errno(errno.EADDRINUSE, "bind", "tcp://*:5555")
    for module in ("zmqlite._native", "zmqlite.constants"):
        monkeypatch.setitem(sys.modules, module, None)
    number = errno.EADDRINUSE
    assert str(error) == f"bind('tcp://*:5555'): error {number} (errno {number})"


def test_version_error_names_both_versions() -> None:
    """What is lacking, since when it exists, and what is linked."""
    error = ZMQVersionError("9.9", "Something")
    assert str(error) == f"Something requires libzmq >= 9.9, have {zmqlite.zmq_version()}"
    assert (error.min_version, error.msg, error.version) == ("9.9", "Something", zmqlite.zmq_version())


def test_draft_fd_warning_says_how_to_silence_it() -> None:
    """The warning has a text of its own, or the one it is given."""
    with warnings.catch_warnings():
        assert "simplefilter" in str(zmqlite.DraftFDWarning())
        assert str(zmqlite.DraftFDWarning("mine")) == "mine"


def test_strerror_is_that_of_libzmq() -> None:
    """zmqlite.strerror() knows the errnos of the system and of libzmq."""
    assert zmqlite.strerror(EFSM) == libzmq_text(EFSM)
    assert zmqlite.strerror(errno.EAGAIN) == libzmq_text(errno.EAGAIN)
