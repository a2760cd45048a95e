"""Authenticators, asked without a network: what they answer. And certificate files."""

from __future__ import annotations

import asyncio
import importlib
import logging
import tempfile
from pathlib import Path
from typing import Any

from probe import Probe, snippet

KEY = bytes(range(32))
QUIET = logging.Logger("quiet", logging.CRITICAL + 1)


class Answers:
    """In the place of the socket that the questions come from: logs status and user id of each answer."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe

    def send_multipart(self, parts: list[bytes]) -> None:
        """Log an answer."""
        self.probe.say((parts[2], parts[4]))

    def close(self) -> None:
        """Do nothing."""


def auth(p: Probe) -> Any:
    """The library's zmq.auth."""
    return importlib.import_module(f"{p.zmq.__name__}.auth")


def authenticator(p: Probe) -> Any:
    """One that answers into the log."""
    made = auth(p).Authenticator(p.context, log=QUIET)
    made.zap_socket = Answers(p)
    return made


def ask(made: Any, mechanism: bytes, *credentials: bytes, domain: bytes = b"", address: bytes = b"192.0.2.1") -> None:
    """Ask as libzmq does."""
    question = [b"1.0", b"1", domain, address, b"", mechanism, *credentials]
    try:
        asyncio.run(made.handle_zap_message(question))
    except Exception as error:  # Compared: a client that is not answered waits.
        made.zap_socket.probe.say(error)


@snippet
def auth_null(p: Probe) -> None:
    """Everybody, unless an address is denied, or others are allowed."""
    made = authenticator(p)
    ask(made, b"NULL")
    made.allow("192.0.2.1")
    ask(made, b"NULL")
    ask(made, b"NULL", address=b"192.0.2.2")
    p.attempt(made.deny, "192.0.2.3")
    made = authenticator(p)
    made.deny("192.0.2.1")
    ask(made, b"NULL")
    ask(made, b"NULL", address=b"192.0.2.2")
    p.attempt(made.allow, "192.0.2.3")


@snippet
def auth_plain(p: Probe) -> None:
    """Names and passwords by domain; a socket without a domain is one of "*"."""
    made = authenticator(p)
    ask(made, b"PLAIN", b"admin", b"secret")
    made.configure_plain("*", {"admin": "secret"})
    made.configure_plain("own", {"bob": "b"})
    for domain, user, password in (
        (b"", b"admin", b"secret"),
        (b"", b"admin", b"wrong"),
        (b"", b"nobody", b"secret"),
        (b"own", b"bob", b"b"),
        (b"own", b"admin", b"secret"),
    ):
        ask(made, b"PLAIN", user, password, domain=domain)
    made.deny("192.0.2.1")
    ask(made, b"PLAIN", b"admin", b"secret")


@snippet
def auth_plain_in_a_domain_without_rules(p: Probe) -> None:
    """Whether the passwords of "*" are those of all other domains."""
    made = authenticator(p)
    made.configure_plain("*", {"admin": "secret"})
    ask(made, b"PLAIN", b"admin", b"secret", domain=b"other")


@snippet
def auth_plain_with_no_passwords_left(p: Probe) -> None:
    """configure_plain({}) after there were some."""
    made = authenticator(p)
    made.configure_plain("*", {"admin": "secret"})
    made.configure_plain("*", None)
    ask(made, b"PLAIN", b"admin", b"secret")
    made.configure_plain("*", {})
    ask(made, b"PLAIN", b"admin", b"secret")


@snippet
def auth_users_with_a_nul(p: Probe) -> None:
    """libzmq tells receivers the user id up to there."""
    made = authenticator(p)
    made.configure_plain("*", {"admin\0x": "secret"})
    ask(made, b"PLAIN", b"admin\0x", b"secret")


@snippet
def auth_questions_that_are_none(p: Probe) -> None:
    """Too few frames, another version, credentials of another number."""
    made = authenticator(p)
    made.configure_curve("*", auth(p).CURVE_ALLOW_ANY)
    made.configure_plain("*", {"admin": "secret"})
    for frames in ([b"1.0", b"1", b""], [b"2.0", b"1", b"", b"192.0.2.1", b"", b"NULL"]):
        asyncio.run(made.handle_zap_message(frames))
    ask(made, b"PLAIN", b"admin")
    ask(made, b"CURVE")
    ask(made, b"CURVE", KEY, KEY)


@snippet
def auth_curve_keys_of_a_wrong_size(p: Probe) -> None:
    """libzmq sends none."""
    made = authenticator(p)
    made.configure_curve("*", auth(p).CURVE_ALLOW_ANY)
    ask(made, b"CURVE", b"short")


@snippet
def auth_unknown_mechanisms(p: Probe) -> None:
    """One that is none, where no address is allowed, and where this one is."""
    made = authenticator(p)
    ask(made, b"OTHER")
    made.allow("192.0.2.1")
    ask(made, b"OTHER")


@snippet
def auth_gssapi(p: Probe) -> None:
    """Everybody whose principal libzmq tells."""
    ask(authenticator(p), b"GSSAPI", b"bob")


@snippet
def auth_curve_anybody(p: Probe) -> None:
    """CURVE_ALLOW_ANY, and without a rule nobody."""
    made = authenticator(p)
    ask(made, b"CURVE", KEY)
    made.configure_curve("*", auth(p).CURVE_ALLOW_ANY)
    ask(made, b"CURVE", KEY)
    ask(made, b"CURVE", KEY, domain=b"other")
    p.say(made.allow_any)


def folder_with(p: Probe, folder: str) -> bytes:
    """Write a certificate; the client's key."""
    public, _ = auth(p).create_certificates(folder, "client")
    z85 = importlib.import_module(f"{p.zmq.__name__}.utils.z85")
    return bytes(z85.decode(auth(p).load_certificate(public)[0]))


@snippet
def auth_curve_folder(p: Probe) -> None:
    """Those whose certificate is there."""
    made = authenticator(p)
    with tempfile.TemporaryDirectory() as folder:
        key = folder_with(p, folder)
        made.configure_curve("*", folder)
        ask(made, b"CURVE", KEY)
        made.curve_user_id = lambda key: "client"
        ask(made, b"CURVE", key)


@snippet
def auth_curve_folder_of_another_domain(p: Probe) -> None:
    """Whether the certificates of "*" are those of all other domains."""
    made = authenticator(p)
    made.curve_user_id = lambda key: "client"
    with tempfile.TemporaryDirectory() as folder:
        key = folder_with(p, folder)
        made.configure_curve("*", folder)
        ask(made, b"CURVE", key, domain=b"other")


@snippet
def auth_curve_anybody_in_one_domain(p: Probe) -> None:
    """CURVE_ALLOW_ANY for one domain, and a folder for another."""
    made = authenticator(p)
    made.curve_user_id = lambda key: "client"
    with tempfile.TemporaryDirectory() as folder:
        folder_with(p, folder)
        made.configure_curve("closed", folder)
        made.configure_curve("open", auth(p).CURVE_ALLOW_ANY)
        ask(made, b"CURVE", KEY, domain=b"closed")
        ask(made, b"CURVE", KEY, domain=b"open")


@snippet
def auth_curve_folder_that_changes(p: Probe) -> None:
    """A certificate that comes after configure_curve()."""
    made = authenticator(p)
    made.curve_user_id = lambda key: "client"
    with tempfile.TemporaryDirectory() as folder:
        made.configure_curve("*", folder)
        ask(made, b"CURVE", folder_with(p, folder))


@snippet
def auth_curve_folder_that_is_gone(p: Probe) -> None:
    """configure_curve() again, with a folder that cannot be read: whether the old keys count."""
    made = authenticator(p)
    made.curve_user_id = lambda key: "client"
    with tempfile.TemporaryDirectory() as folder:
        key = folder_with(p, folder)
        made.configure_curve("*", folder)
        made.configure_curve("*", str(Path(folder, "none")))
        ask(made, b"CURVE", key)


@snippet
def auth_curve_folder_with_a_broken_file(p: Probe) -> None:
    """Whether one file that is no certificate keeps all others out."""
    made = authenticator(p)
    made.curve_user_id = lambda key: "client"
    with tempfile.TemporaryDirectory() as folder:
        key = folder_with(p, folder)
        Path(folder, "broken.key").write_text("nothing", encoding="utf-8")
        made.configure_curve("*", folder)
        ask(made, b"CURVE", key)


class Provider:
    """Lets one key in, and logs the domain."""

    def __init__(self, probe: Probe, answer: Any = True, tells: bool = True) -> None:
        self.probe, self.answer, self.tells = probe, answer, tells

    def callback(self, domain: str, key: bytes) -> Any:
        """Log, and answer."""
        if self.tells:
            self.probe.say(domain, len(key))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@snippet
def auth_curve_callback(p: Probe) -> None:
    """An object with a method callback(domain, key); a key is Z85."""
    made = authenticator(p)
    made.curve_user_id = lambda key: "client"
    for answer in (True, False, None):
        made.configure_curve_callback("*", Provider(p, answer))
        ask(made, b"CURVE", KEY)
    made.configure_curve_callback("own", Provider(p))
    ask(made, b"CURVE", KEY, domain=b"own")


@snippet
def auth_curve_callback_that_awaits(p: Probe) -> None:
    """A callback may be a coroutine."""

    class Slow:
        async def callback(self, domain: str, key: bytes) -> bool:
            await asyncio.sleep(0)
            return True

    made = authenticator(p)
    made.curve_user_id = lambda key: "client"
    made.configure_curve_callback("*", Slow())
    ask(made, b"CURVE", KEY)


@snippet
def auth_curve_callback_of_another_domain(p: Probe) -> None:
    """Whether the callback of "*" is that of all other domains."""
    made = authenticator(p)
    made.curve_user_id = lambda key: "client"
    made.configure_curve_callback("*", Provider(p, tells=False))
    ask(made, b"CURVE", KEY, domain=b"other")


@snippet
def auth_curve_callback_that_raises(p: Probe) -> None:
    """The client gets an answer, or none."""
    made = authenticator(p)
    made.configure_curve_callback("*", Provider(p, LookupError()))
    ask(made, b"CURVE", KEY)


@snippet
def auth_curve_callback_and_folder(p: Probe) -> None:
    """A callback for one domain, a folder for another."""
    made = authenticator(p)
    made.curve_user_id = lambda key: "client"
    with tempfile.TemporaryDirectory() as folder:
        key = folder_with(p, folder)
        made.configure_curve("files", folder)
        made.configure_curve_callback("asked", Provider(p))
        ask(made, b"CURVE", KEY, domain=b"asked")
        ask(made, b"CURVE", key, domain=b"files")


@snippet
def auth_networks_and_mapped_addresses(p: Probe) -> None:
    """192.0.2.0/24, and how a server on IPv6 tells an address of IPv4."""
    made = authenticator(p)
    made.allow("192.0.2.0/24", "203.0.113.1")
    ask(made, b"NULL")
    ask(made, b"NULL", address=b"::ffff:203.0.113.1")


@snippet
def certificates(p: Probe) -> None:
    """Paths, keys, metadata; what is none."""
    with tempfile.TemporaryDirectory() as folder:
        public, secret = auth(p).create_certificates(folder, "one", {"name": "text"})
        p.say(Path(public).name, Path(secret).name)
        p.say([len(key) for key in auth(p).load_certificate(secret)], auth(p).load_certificate(public)[1])
        p.say(auth(p).load_certificate(public)[0] == auth(p).load_certificate(secret)[0])
        p.say("name" in Path(secret).read_text(encoding="utf-8"))
        p.say(len(auth(p).load_certificates(folder)))
        p.attempt(auth(p).load_certificates, str(Path(folder, "none")))
        Path(folder, "empty.key").write_text("curve\n", encoding="utf-8")
        p.attempt(auth(p).load_certificate, str(Path(folder, "empty.key")))


@snippet
def certificates_that_are_missing(p: Probe) -> None:
    """An OSError, with an errno or without."""
    p.attempt(auth(p).load_certificate, "no such file")


@snippet
def certificates_that_are_there(p: Probe) -> None:
    """Whether a second pair of the same name replaces the first."""
    with tempfile.TemporaryDirectory() as folder:
        auth(p).create_certificates(folder, "one")
        p.attempt(lambda: len(auth(p).create_certificates(folder, "one")))


@snippet
def certificates_that_others_can_read(p: Probe) -> None:
    """The mode of a secret key, and metadata in the public file."""
    with tempfile.TemporaryDirectory() as folder:
        public, secret = auth(p).create_certificates(folder, "one", {"name": "text"})
        p.say(oct(Path(secret).stat().st_mode & 0o077))
        p.say("name" in Path(public).read_text(encoding="utf-8"))


@snippet
def certificates_with_something_else_for_a_key(p: Probe) -> None:
    """A key has 40 characters of Z85."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "one.key")
        path.write_text('curve\n    public-key = "short"\n', encoding="utf-8")
        p.attempt(auth(p).load_certificate, str(path))


@snippet
def auth_twice_in_a_context(p: Probe) -> None:
    """The second cannot be bound."""
    first, second = (auth(p).Authenticator(p.context, log=QUIET) for _ in range(2))
    first.start()
    p.attempt(second.start)
    p.say(second.zap_socket)
    for made in (first, second):
        if made.zap_socket is not None:
            made.zap_socket.close()
