"""Where zmqlite differs from pyzmq on purpose: each has a line in docs/differences.md.

After a difference the two may be in different states: the rest of the sequence is not compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

EINVAL, ENOTSOCK, ENOENT, EPROTONOSUPPORT, EMFILE = (f"ZMQError(errno={number})" for number in (22, 88, 2, 93, 24))
TYPE, VALUE, ATTRIBUTE, OVERFLOW = (f"{name}Error(errno=None)" for name in ("Type", "Value", "Attribute", "Overflow"))
ENOTSUP, EFSM, AGAIN = "ZMQError(errno=95)", "ZMQError(errno=156384763)", "Again(errno=11)"
RUNTIME = "RuntimeError(errno=None)"
TERMINATED = "ContextTerminated(errno=156384765)"
BUFFER = "BufferError(errno=None)"


class Difference(NamedTuple):
    """One reason, and the calls that it explains."""

    reason: str
    explains: Callable[[Any, str, str], bool]


def method(call: list[Any]) -> str:
    """The method of a socket that is called; "" for anything else."""
    return str(call[2]) if call[0] == "call" else ""


def multipart(call: list[Any]) -> bool:
    """Whether a call sends several parts."""
    return call[0] == "serialized" or method(call) == "send_multipart"


def refused(result: str) -> bool:
    """Whether an argument was refused."""
    return result in (EINVAL, TYPE, VALUE, OVERFLOW, BUFFER)


def option(call: list[Any]) -> str:
    """The option that a call is about, in small letters."""
    if call[0] in ("set", "get", "context_set", "context_get"):
        return str(call[2][1]).lower()
    if call[0] in ("setattr", "getattr", "context_setattr", "context_getattr"):
        return str(call[2]).lower()
    return str(call[3][0][1]).lower() if method(call) in ("set_string", "get_string") else ""


DIFFERENCES = [
    Difference(
        "of two reasons to refuse a call, the other one is told",
        lambda call, theirs, ours: (refused(ours) and theirs in (ENOTSOCK, ENOTSUP, EFSM, AGAIN))
        or (refused(theirs) and ours in (ENOTSOCK, ENOTSUP, EFSM))
        or (call[0] == "getattr" and (theirs, ours) == (ENOTSOCK, ATTRIBUTE))
        or (call[0].startswith("context_") and refused(ours) and theirs in (RUNTIME, TYPE, OVERFLOW))
        or (multipart(call) and refused(ours) and refused(theirs)),
    ),
    Difference(
        "defaults for sockets are checked when they are given",
        lambda call, theirs, ours: call[0] == "context_setattr" and theirs == "None" and refused(ours),
    ),
    Difference(
        "a linger that is none is refused",
        lambda call, theirs, ours: call[0] in ("close", "destroy") and theirs == "None" and refused(ours),
    ),
    Difference(
        "bind_to_random_port() is for transports with ports, and names what is wrong",
        lambda call, theirs, ours: call[0] == "random_port" and refused(ours) and theirs != "'int'",
    ),
    Difference(
        "the wrong type is a TypeError everywhere",
        lambda call, theirs, ours: theirs in (VALUE, ATTRIBUTE) and ours == TYPE,
    ),
    Difference(
        "values are checked against the option's range",
        lambda call, theirs, ours: call[0] in ("set", "setattr", "context_set", "context_setattr")
        and theirs == "None"
        and refused(ours),
    ),
    Difference(
        "options that cannot be set are refused before the value is looked at",
        lambda call, theirs, ours: call[0] in ("set", "setattr") and theirs in (TYPE, OVERFLOW) and ours == EINVAL,
    ),
    Difference(
        "endpoints are checked before libzmq sees them",
        lambda call, theirs, ours: call[0] in ("attach", "with_bind")
        and ours == EINVAL
        and theirs in (ENOENT, EPROTONOSUPPORT, "<SocketContext>"),
    ),
    Difference(
        "HWM is an option like any other",
        lambda call, theirs, ours: option(call) == "hwm" and theirs in (EINVAL, ATTRIBUTE),
    ),
    Difference(
        "a terminated context is a ContextTerminated",
        lambda call, theirs, ours: call[0].startswith("context_") and (theirs, ours) == (RUNTIME, TERMINATED),
    ),
    Difference(
        "a closed socket in a poller is never ready",
        lambda call, theirs, ours: call[0] in ("zmq_poll", "poller_poll") and "tuple(0, " in theirs,
    ),
    Difference(
        "CURVE keys can be read back",
        lambda call, theirs, ours: bool(re.match("curve_(server|public|secret)key", option(call)))
        and theirs in (EINVAL, ATTRIBUTE),
    ),
    Difference(
        "track=True gives a tracker, and nothing else does",
        lambda call, theirs, ours: method(call) == "send" and {theirs, ours} == {"None", "<MessageTracker>"},
    ),
    Difference(
        "a negative type of socket is a number that libzmq refuses",
        lambda call, theirs, ours: call[0] == "new_socket" and (theirs, ours) == (TYPE, EINVAL),
    ),
    Difference(
        "MAX_SOCKETS counts whenever it is set",
        lambda call, theirs, ours: call[0] == "new_socket" and ours == EMFILE,
    ),
    Difference(
        "None takes SOCKS_PROXY and PLAIN_PASSWORD back",
        lambda call, theirs, ours: option(call) in ("socks_proxy", "plain_username", "plain_password")
        and (theirs, ours) == (TYPE, "None"),
    ),
    Difference(
        "the type of a socket cannot be set",
        lambda call, theirs, ours: call[0] == "setattr" and option(call) == "type" and ours == ATTRIBUTE,
    ),
    Difference(
        "an endpoint of any length can be read back",
        lambda call, theirs, ours: theirs == ATTRIBUTE and (len(str(call[-1])) > 255 or call[0] == "detach_last"),
    ),
    Difference(
        "a property that a frame does not have is EINVAL",
        lambda call, theirs, ours: call[0] == "frame" and call[2] == "set" and (theirs, ours) == (TYPE, EINVAL),
    ),
]


def explain(call: list[Any], theirs: str, ours: str) -> str | None:
    """The reason why two libraries differ in a call; None when there is none."""
    for difference in DIFFERENCES:
        if difference.explains(call, theirs, ours):
            return difference.reason
    return None


def parts_ways(call: list[Any], result: str) -> bool:
    """Whether both told the same and did something else: pyzmq has sent the parts before the one that it refuses."""
    return multipart(call) and refused(result)
