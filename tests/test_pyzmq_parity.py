"""zmqlite against pyzmq: the same snippets in a process of each. Names and signatures: test_drop_in_api.py.

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
import json
import subprocess
import sys
from pathlib import Path

import pytest

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

DENIED, LET_IN, ADMIN, ANONYMOUS = (
    [f"tuple(b'{status}', b'{user}')"]
    for status, user in ((400, ""), (200, "client"), (200, "admin"), (200, "anonymous"))
)

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
    "closed_socket_in_a_poller": (["list(tuple(0, 1))"], ["list()"], "pyzmq polls standard input instead"),
    # What a message shares its memory with.
    "frames_of_large_buffers_by_default": (
        ["b'Y'"],
        ["b'x'"],
        "by default only bytes go in place, which cannot change; copy=False or a copy_threshold shares any buffer",
    ),
    "writing_into_frames": (["False"], ["True"], "a view of somebody else's bytes object is read-only"),
    "tracking_by_default": (["None"], ["<MessageTracker>"], "copy=None may pass the buffer in place: see there"),
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
    # Who may connect.
    "auth_plain_in_a_domain_without_rules": (
        DENIED,
        ADMIN,
        "what is configured for '*' is for every domain that has no rule of its own, as both document it",
    ),
    "auth_curve_folder_of_another_domain": (DENIED, LET_IN, "'*' is for every domain without a rule"),
    "auth_curve_callback_of_another_domain": (DENIED, LET_IN, "'*' is for every domain"),
    "auth_plain_with_no_passwords_left": (ADMIN, DENIED, "an empty mapping lets nobody in"),
    "auth_users_with_a_nul": (
        ["tuple(b'200', b'admin\\x00x')"],
        DENIED,
        "libzmq would tell receivers that it is the user 'admin'",
    ),
    "auth_curve_keys_of_a_wrong_size": ([VALUE_ERROR], DENIED, "every question is answered"),
    "auth_unknown_mechanisms": (ANONYMOUS, DENIED, "an address alone says nothing about who it is"),
    "auth_curve_anybody_in_one_domain": (LET_IN, DENIED, "CURVE_ALLOW_ANY opens the domain that it is given for"),
    "auth_curve_folder_that_changes": (DENIED, LET_IN, "folders are looked at when a client connects"),
    "auth_curve_folder_that_is_gone": (LET_IN, DENIED, "a folder that cannot be read lets nobody in"),
    "auth_curve_folder_with_a_broken_file": (DENIED, LET_IN, "one bad file keeps nobody else out"),
    "auth_curve_callback_that_raises": (
        ["LookupError(errno=None)"],
        ["tuple(b'500', b'')"],
        "the client is refused, and the authenticator goes on",
    ),
    "auth_curve_callback_and_folder": (DENIED, LET_IN, "each domain has its own rule, of any kind"),
    "auth_networks_and_mapped_addresses": (
        DENIED * 2,
        ANONYMOUS * 2,
        "networks are understood; an IPv4 address is the same however the server's socket tells it",
    ),
    "auth_twice_in_a_context": (["<Socket>"], ["None"], "one that could not start has no socket left open"),
    "certificates_that_are_missing": (
        ["OSError(errno=None)"],
        ["FileNotFoundError(errno=2)"],
        "an OSError that says which",
    ),
    "certificates_that_are_there": (["2"], ["FileExistsError(errno=17)"], "a key is never written over"),
    "certificates_that_others_can_read": (
        ["'0o44'", "False"],
        ["'0o0'", "True"],
        "a secret key is its owner's alone; metadata goes into both files",
    ),
    "certificates_with_something_else_for_a_key": (["tuple(b'short', None)"], [VALUE_ERROR], "keys are checked"),
    # What it costs.
    "multipart_calls_send_and_recv": (
        ["list('send', 'send')"],
        ["list()"],
        "one crossing for the whole message: override send_multipart() and recv_multipart() as well",
    ),
    "reading_an_option_in_mixed_case": (
        ["0"],
        [ATTRIBUTE_ERROR],
        "before CPython 3.12 it would cost every send and recv 20 to 35 ns; setting takes any case everywhere",
    ),
}
if sys.version_info >= (3, 12):
    del DIFFERENCES["reading_an_option_in_mixed_case"]


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
