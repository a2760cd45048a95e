"""Coverage-guided fuzzing of every parser of ours: Z85, certificates, ZAP, monitor events, endpoints, option values.

With atheris where it is installed, for so many seconds each; else Hypothesis makes the inputs, without coverage. Only
documented exceptions may come out, and what parses must come back the same.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import children
from report import Report

LONG = {"seconds": 600}
SHORT = {"seconds": 0}

SHORT_INPUTS = 100
AT_ONCE = 2


def parse_z85(data: bytes) -> None:
    """Both ways give the same back."""
    from zmqlite import z85

    try:
        decoded = z85.decode(data)
    except ValueError:
        decoded = None
    if decoded is not None and z85.encode(decoded) != data:
        raise AssertionError(f"decode({data!r}) is {decoded!r}, which encodes to {z85.encode(decoded)!r}")
    if len(data) % 4 == 0 and z85.decode(z85.encode(data)) != data:
        raise AssertionError(data)


def parse_certificate(data: bytes) -> None:
    """A file in ZPL, as a peer may have handed it over."""
    import zmqlite as zmq
    from zmqlite.curve import load_public_key

    with tempfile.NamedTemporaryFile(prefix="zmqlite-fuzz-") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(data)
        file.flush()
        for load in (load_public_key, zmq.KeyPair.load):
            try:
                load(file.name)
            except ValueError:
                continue


def parse_zpl(data: bytes) -> None:
    """The same text, without a file; what can be written is read back the same."""
    from zmqlite import zpl

    text = data.decode("utf-8", "surrogateescape")
    try:
        found = zpl.parse(text)
    except ValueError:
        found = []
    for path, value, _ in found:
        try:
            lines = zpl.format_section("section", {path[-1]: value or ""})
        except ValueError:
            continue
        again = zpl.parse("\n".join(lines))
        if [one[:2] for one in again] != [(("section",), None), (("section", path[-1]), value or "")]:
            raise AssertionError(f"{lines!r} is read as {again!r}")


def _cut(data: bytes, longest: int) -> list[bytes]:
    """Frames: the byte before each tells its size."""
    frames, rest = [], data
    while rest:
        size = rest[0] % (longest + 1)
        frames.append(rest[1 : 1 + size])
        rest = rest[1 + size :]
    return frames


class Answers(list):  # type: ignore[type-arg]
    """In place of the socket that a ZAP handler answers on."""

    send_multipart = list.append


def parse_zap(data: bytes) -> None:
    """A question as a ROUTER gets it: one answer, which lets nobody in but those who may."""
    from zmqlite.auth import Authenticator

    frames = _cut(data, 40)
    answers = Answers()
    authenticator: Any = Authenticator(answers)  # it does not look at its context until it is started
    authenticator.log = logging.getLogger("fuzz")
    authenticator.log.disabled = True
    authenticator.zap_socket = answers
    authenticator.deny("192.0.2.1", "2001:db8::/32")
    authenticator.configure_plain("*", {"user": "secret"})
    authenticator.configure_curve_callback("*", lambda domain, key: key == b"0" * 40)
    try:
        authenticator._handle_envelope(frames).send(None)
    except StopIteration:
        pass
    else:
        raise AssertionError("it waits for something")
    if len(answers) != (b"" in frames):
        raise AssertionError(answers)
    for answer in answers:
        envelope, question = frames[: frames.index(b"") + 1], frames[frames.index(b"") + 1 :]
        version, request_id, code, _, user, metadata = answer[len(envelope) :]
        wrong = answer[: len(envelope)] != envelope or version != b"1.0" or request_id != [*question, b"", b""][1]
        if code == b"200":
            mechanism, credentials = question[5], question[6:]
            known = {b"NULL": [], b"PLAIN": [b"user", b"secret"], b"CURVE": [bytes(32)]}
            wrong |= question[0] != b"1.0" or credentials != known.get(mechanism, credentials)
        else:
            wrong |= code != b"400" or bool(user) or bool(metadata)
        if wrong:
            raise AssertionError((question, answer))


def parse_monitor(data: bytes) -> None:
    """Frames of an event: cut where a byte says so."""
    import zmqlite as zmq

    try:
        event = zmq.parse_monitor_message(_cut(data, 19))
    except RuntimeError:
        return
    if not {"event", "value", "endpoint"} <= set(event):
        raise AssertionError(event)


def parse_endpoint(data: bytes) -> None:
    """What bind() and connect() look at before libzmq does."""
    from zmqlite.endpoints import check_endpoint

    for given in (data, data.decode("utf-8", "surrogateescape")):
        try:
            checked = check_endpoint("bind()", given)
        except (ValueError, zmq_error()):
            continue
        if b"\0" in checked:
            raise AssertionError(given)


def parse_option(data: bytes) -> None:
    """Values of options, of each type, for any number."""
    import zmqlite as zmq

    number = int.from_bytes(data[:1], "big")
    values: list[Any] = [data[1:], int.from_bytes(data[1:10], "big", signed=True), data[1:].decode("latin-1")]
    socket = _socket()
    for value in values:
        try:
            socket.set(number, value)
        except (zmq.ZMQError, TypeError, ValueError, OverflowError):
            continue


def zmq_error() -> type[Exception]:
    """ZMQError, imported late: atheris instruments what is imported under its eyes."""
    from zmqlite.errors import ZMQError

    return ZMQError


_kept: list[Any] = []


def _socket() -> Any:
    import zmqlite as zmq

    if not _kept:
        _kept.append(zmq.Context().socket(zmq.DEALER))
    return _kept[0]


PARSERS = {
    "z85": parse_z85,
    "certificate": parse_certificate,
    "zpl": parse_zpl,
    "zap": parse_zap,
    "monitor": parse_monitor,
    "endpoint": parse_endpoint,
    "option": parse_option,
}
SEEDS = {
    "z85": [b"HelloWorld", b"0" * 40, bytes(32)],
    "certificate": [b'metadata\ncurve\n    public-key = "' + b"0" * 40 + b'"\n    secret-key = "' + b"1" * 40 + b'"\n'],
    "zpl": [b'#x\na\n    b = "c"\n  d=e\n'],
    "zap": [
        b"".join(
            bytes([len(frame)]) + frame
            for frame in (b"way", b"", b"1.0", b"7", b"domain", address, b"id", mechanism, *credentials)
        )
        for address in (b"192.0.2.1", b"198.51.100.7", b"2001:db8::1")
        for mechanism, *credentials in (
            (b"NULL",),
            (b"PLAIN", b"user", b"secret"),
            (b"PLAIN", b"user", b"other"),
            (b"CURVE", bytes(32)),
            (b"CURVE", b"k" * 32),
            (b"GSSAPI", b"somebody"),
        )
    ],
    "monitor": [b"\x06\x01\x00\x00\x00\x00\x00\x05tcp:/", b"\x08" + bytes(8) + b"\x08" + bytes(8) + b"\x01a\x01b"],
    "endpoint": [b"tcp://*:5555", b"ipc://x", b"tcp://[::1]:*", b"ws://x:1/path", b"udp://239.0.0.1:5", b"inproc://a"],
    "option": [bytes([number]) + b"\x01\0\0\0" for number in range(0, 120, 7)],
}


def fuzz(parser: str, seconds: int) -> None:
    """Fuzz a parser with atheris in this process, until the seconds are over; a finding ends it."""
    import atheris

    with atheris.instrument_imports(include=["zmqlite"]):
        import zmqlite
        import zmqlite.auth
        import zmqlite.curve
        import zmqlite.monitor
        import zmqlite.z85
    assert zmqlite
    with tempfile.TemporaryDirectory() as name:
        for number, seed in enumerate(SEEDS[parser]):
            Path(name, f"seed-{number}").write_bytes(seed)
        limits = [f"-max_total_time={seconds}", "-max_len=400", f"-artifact_prefix={name}/", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *limits, name], PARSERS[parser])
        atheris.Fuzz()


def try_inputs(parser: str) -> None:
    """Try inputs that Hypothesis makes, and changed seeds."""
    from hypothesis import HealthCheck, example, given, settings
    from hypothesis import strategies as some

    changed = some.builds(
        lambda seed, place, data: seed[:place] + data + seed[place + len(data) :],
        some.sampled_from(SEEDS[parser]),
        some.integers(0, 60),
        some.binary(max_size=6),
    )
    checked = given(some.one_of(some.binary(max_size=100), changed))(PARSERS[parser])
    for seed in SEEDS[parser]:
        checked = example(seed)(checked)
    chosen = settings(
        max_examples=SHORT_INPUTS, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    chosen(checked)()
    print(f"tried {SHORT_INPUTS}")


def run(report: Report, seconds: int) -> None:
    """Fuzz each parser for so many seconds; with 0 only Hypothesis's inputs are tried."""
    guided = seconds > 0 and importlib.util.find_spec("atheris") is not None
    if seconds > 0 and not guided:
        report.say("atheris is not installed: inputs of Hypothesis, not guided by coverage")

    def start(parser: str) -> children.Ended:
        call = f"fuzz({parser!r}, {seconds})" if guided else f"try_inputs({parser!r})"
        return children.run(f"import sys; sys.path[:0] = {sys.path!r}; import parsers; parsers.{call}", seconds + 120)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for parser, ended in zip(PARSERS, pool.map(start, PARSERS)):
            said = re.search(r"(?:number_of_executed_units: |tried )(\d+)", ended.stdout + ended.stderr)
            text = f"{parser}: {int(said[1]) if said else 0:,} inputs"
            report.figure(f"{text}, {'0 findings' if ended.well else ended.stderr[-1500:]}", ended.well)
