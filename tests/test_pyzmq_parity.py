"""zmqlite against pyzmq: the same snippets in a process of each, and every public name with what it takes.

The snippets are in tests/parity. What differs on purpose is in DIFFERENCES, and a test fails when it no longer does.
Not compared, because pyzmq would abort, hang or wait for ever:

| what | pyzmq | zmqlite |
|---|---|---|
| two threads in one socket | undefined: libzmq aborts | SocketInUse in the second |
| infinite linger at implicit exit | waits for ever | capped at the exit linger; set_exit_linger(-1) restores it |
| term() of a shadow context | terminates the original | leaves it alone |
| closing a shadow socket | the other object refers to freed memory | the other object is closed, too |
| disable_monitor() | may hang | returns |
| an unread monitor | stops the socket's I/O thread | drained natively, the oldest events are dropped |
| too many open files | libzmq aborts | EMFILE |
| draft socket types | not in its wheels | in the bundled libzmq |
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import pyzmq_names

import zmqlite

PARITY = Path(__file__).parent / "parity"
sys.path.insert(0, str(PARITY))
for path in PARITY.glob("snippets_*.py"):
    importlib.import_module(path.stem)
SNIPPETS = sorted(importlib.import_module("probe").SNIPPETS)
sys.path.remove(str(PARITY))

EINVAL, ENOTSUP, ENOTSOCK, EFAULT = (f"ZMQError(errno={number})" for number in (22, 95, 88, 14))
TYPE_ERROR, ATTRIBUTE_ERROR, VALUE_ERROR = (f"{name}Error(errno=None)" for name in ("Type", "Attribute", "Value"))
RUNTIME_ERROR = "RuntimeError(errno=None)"
TERMINATED = f"ContextTerminated(errno={zmqlite.ETERM.value})"

# snippet: (what pyzmq logs there, what zmqlite logs there, why it is so)
DIFFERENCES: dict[str, tuple[list[str], list[str], str]] = {
    # Checked before libzmq sees it.
    "ports_that_are_none": (
        ["<SocketContext>"] * 2,
        [EINVAL] * 2,
        "libzmq takes the number modulo 65536: a typing error connects to some port",
    ),
    "endpoints_with_a_nul": (["<SocketContext>"], [EINVAL], "C cuts the endpoint at the NUL"),
    "sizes_below_no_limit": (["None"], [EINVAL], "libzmq takes any negative number for no limit; -1 says so"),
    "floats_as_numbers": (
        [EINVAL, EINVAL, "<Socket>", "<Context>"],
        [TYPE_ERROR] * 4,
        "a float is no option, type or number of threads",
    ),
    "negative_socket_type": ([TYPE_ERROR], [EINVAL], "it is a number of the right type, and libzmq refuses it"),
    "context_shadow_of_nonsense": ([VALUE_ERROR] * 3, [TYPE_ERROR] * 3, "the wrong type is a TypeError everywhere"),
    # Errors that say what is wrong.
    "text_of_an_error": (
        ["\"Protocol not supported (addr='foo://x')\""],
        [
            "\"bind('foo://x'): Protocol not supported (EPROTONOSUPPORT): "
            'this libzmq does not have that transport: see has()"'
        ],
        "the call, its argument, the cause, the code",
    ),
    "socket_class_with_a_closed_context": ([EFAULT], [ENOTSUP], "the same as Context.socket() raises"),
    "options_of_a_closed_context": ([RUNTIME_ERROR] * 3, [TERMINATED] * 3, "a ZMQError like any other"),
    "disable_monitor_of_a_closed_socket": ([ENOTSOCK], ["None"], "there is nothing left to do"),
    "closed_socket_in_a_poller": (["list(tuple(0, 1))"], [ENOTSOCK], "pyzmq polls standard input instead"),
    # What a message shares its memory with.
    "frames_of_large_buffers_by_default": (
        ["b'Y'"],
        ["b'x'"],
        "by default only bytes go in place, which cannot change; copy=False or a copy_threshold shares any buffer",
    ),
    "frames_of_tiny_buffers": (
        ["b'Y'", "False"],
        ["b'x'", "True"],
        "up to 32 bytes are copied: libzmq keeps them in the message itself",
    ),
    "writing_into_frames": (["False"], ["True"], "a view of somebody else's bytes object is read-only"),
    "tracking_by_default": (["None"], ["<MessageTracker>"], "copy=None may pass the buffer in place: see there"),
    "multipart_without_copy_and_track": (
        ["<MessageTracker>"],
        ["None"],
        "pyzmq answers for the last part alone; with track=True zmqlite's tracker is about all",
    ),
    # More than pyzmq can.
    "multipart_from_a_generator": ([TYPE_ERROR], ["None"], "any iterable will do"),
    "fast_copies_of_frames": ([ATTRIBUTE_ERROR], ["<Frame>"], "pyzmq's cannot be called from Python"),
    "curve_keys_read_back": (
        [ATTRIBUTE_ERROR],
        ["b'009c61o!#m2NH?C3>iWS5d]J*6CRx17-skh9337x'"],
        "pyzmq gives libzmq a buffer of the wrong size",
    ),
    "context_instance_of_a_subclass_last": (
        ["True", "class Context"],
        ["False", "class Child"],
        "every class has its own; pyzmq's subclasses get the base's when that was asked for first",
    ),
    "ipv6_default_as_an_attribute": (
        ["list(42)", "0"],
        ["list()", "1"],
        "IPV6 is an option of libzmq's context that does the same; BLOCKY is one too, and pyzmq ignores it there",
    ),
    # What it costs.
    "multipart_calls_send_and_recv": (
        ["list('send', 'send')"],
        ["list()"],
        "one crossing for the whole message: override send_multipart() and recv_multipart() as well",
    ),
    "reading_an_option_in_mixed_case": (
        ["0"],
        [ATTRIBUTE_ERROR],
        "a __getattr__() would cost every send and recv 40 ns; setting takes any case, reading lower and upper",
    ),
}


@pytest.fixture(scope="module")
def logs() -> dict[str, dict[str, list[str]]]:
    """What every snippet logs in a process of pyzmq and in one of zmqlite."""
    if importlib.util.find_spec("zmq") is None:
        pytest.skip("pyzmq is not installed")
    libraries = ("zmq", "zmqlite")
    processes = [
        subprocess.Popen(
            [sys.executable, "-X", "faulthandler", str(PARITY), library],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for library in libraries
    ]
    found = {}
    for library, process in zip(libraries, processes):
        try:
            stdout, stderr = process.communicate(timeout=50)
        finally:
            process.kill()
        assert process.returncode == 0, f"{library} ended with {process.returncode}:\n{stderr}"
        found[library] = json.loads(stdout)
    return found


def test_both_run_every_snippet(logs: dict[str, dict[str, list[str]]]) -> None:
    """At least a hundred facts, and nothing is left out."""
    assert len(SNIPPETS) >= 100
    assert sorted(logs["zmq"]) == sorted(logs["zmqlite"]) == SNIPPETS
    assert set(DIFFERENCES) <= set(SNIPPETS)


@pytest.mark.parametrize("name", SNIPPETS)
def test_snippet_logs_the_same(logs: dict[str, dict[str, list[str]]], name: str) -> None:
    """Results, names of exceptions and errnos are pyzmq's; what differs on purpose differs as the table says."""
    theirs, ours = logs["zmq"][name], logs["zmqlite"][name]
    assert theirs, "the snippet says nothing"
    assert "'timed out'" not in ours
    if name not in DIFFERENCES:
        assert ours == theirs
        return
    assert len(ours) == len(theirs)
    differing = [(their, our) for their, our in zip(theirs, ours) if their != our]
    expected_theirs, expected_ours, reason = DIFFERENCES[name]
    assert [our for _, our in differing] == expected_ours, reason
    assert [their for their, _ in differing] == expected_theirs, reason


# ---- names and signatures ----

# Names that say something about pyzmq's own build.
WITHOUT = {
    "__revision__": "the git commit that pyzmq was built from",
    "get_includes": "the headers to compile against pyzmq's Cython",
    "get_library_dirs": "the folder of pyzmq's libzmq",
}
# A parameter whose default is another one, on purpose.
OTHER_DEFAULTS = {
    "copy": (True, None),  # None passes large bytes in place
    "errno": ("ignored", None),  # ignored all the same
    "msg": ("ignored", None),
}


def test_every_name_is_there() -> None:
    """zmq.__all__, and the functions that are not in it."""
    names = {*pyzmq_names.NAMES.split(), *pyzmq_names.FUNCTIONS, *pyzmq_names.CLASSES} - {"SocketContext"}
    missing = {name for name in names - set(WITHOUT) if not hasattr(zmqlite, name)}
    assert missing == set()
    assert {name for name in pyzmq_names.NAMES.split() if name not in WITHOUT} <= {*zmqlite.__all__, *WITHOUT}


def parse(parameters: str) -> list[inspect.Parameter]:
    """Turn what is written as in a lambda into parameters."""
    made = eval(f"lambda {parameters}: 0")
    return list(inspect.signature(made).parameters.values())


def find_mismatches(ours: Any, theirs: str) -> list[str]:
    """What calls of theirs ours would not take, or would take otherwise."""
    mine = list(inspect.signature(ours).parameters.values())
    wanted = parse(theirs)
    if mine and mine[0].name == "self":
        mine, wanted = mine[1:], wanted[1:]
    by_name = {parameter.name: parameter for parameter in mine}
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in mine)
    found = []
    for place, parameter in enumerate(wanted):
        same = by_name.get(parameter.name)
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            if parameter.kind is parameter.VAR_POSITIONAL and all(mine_.kind != parameter.kind for mine_ in mine):
                found.append(f"*{parameter.name} is missing")
            continue
        if same is None:
            if not (takes_any and parameter.kind is parameter.KEYWORD_ONLY):
                found.append(f"{parameter.name} is missing")
            continue
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and (
            mine[place] is not same or same.kind is not parameter.kind
        ):
            found.append(f"{parameter.name} is in another place")
        if parameter.default != same.default:
            if OTHER_DEFAULTS.get(parameter.name) == (parameter.default, same.default):
                continue
            found.append(f"{parameter.name} is {same.default!r} by default, not {parameter.default!r}")
    names = {parameter.name for parameter in wanted}
    found += [
        f"{parameter.name} is needed, too"
        for parameter in mine
        if parameter.name not in names
        and parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    return found


@pytest.mark.parametrize("name", sorted(set(pyzmq_names.FUNCTIONS) - set(WITHOUT)))
def test_function_takes_what_pyzmqs_takes(name: str) -> None:
    """The same parameters in the same places, with the same defaults."""
    function = getattr(zmqlite, name)
    assert callable(function)
    assert not inspect.isclass(function)
    assert find_mismatches(function, pyzmq_names.FUNCTIONS[name]) == []


METHODS = [(cls, name) for cls, members in pyzmq_names.CLASSES.items() for name in members]


def get_class(name: str) -> Any:
    """A class of zmqlite by the name of pyzmq's."""
    module = importlib.import_module("zmqlite.endpoints") if name == "SocketContext" else zmqlite
    return getattr(module, name)


@pytest.mark.parametrize(("class_name", "name"), METHODS, ids=lambda value: value)
def test_method_takes_what_pyzmqs_takes(class_name: str, name: str) -> None:
    """The same kind; the same parameters in the same places, with the same defaults."""
    cls = get_class(class_name)
    theirs = pyzmq_names.CLASSES[class_name][name]
    assert inspect.isclass(cls)
    if name == "errno":
        assert cls.errno == zmqlite.Errno.EAGAIN or cls.errno
        return
    member = inspect.getattr_static(cls, name)
    if theirs is None:
        assert callable(getattr(cls, name))
    elif theirs == "property":
        assert hasattr(type(member), "__get__")
        assert not callable(member)
    elif theirs.startswith("classmethod "):
        assert isinstance(member, classmethod)
        assert find_mismatches(member.__func__, theirs.partition(" ")[2]) == []
    elif name == "__init__" and not inspect.isfunction(member):
        if sys.version_info < (3, 11):
            pytest.skip("before 3.11 CPython finds no signature of a class that is written in C")
        assert find_mismatches(cls, theirs.partition(", ")[2]) == []
    elif name == "__init__" or not name.startswith("__"):
        assert find_mismatches(getattr(cls, name), theirs) == []
    else:
        assert callable(getattr(cls, name))
