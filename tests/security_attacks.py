"""Attacks on CURVE and ZAP: what a server must not let in, over and over, with an honest client between.

    python tests/security_attacks.py --attacks 10000 --seed 1

Prints how often each kind was tried, and what got through: nothing may. Ends with 1 if something did.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import threading
import time
from collections import Counter
from typing import Any

import zmtp_peer as zmtp

import zmqlite as zmq
from zmqlite.auth.thread import ThreadAuthenticator

DEADLINE_MS = 30_000
CONTROL_EVERY = 50
FORGED = b"forged"
ENDS = (
    zmq.Event.DISCONNECTED,
    zmq.Event.CLOSED,
    zmq.Event.HANDSHAKE_SUCCEEDED,
    zmq.Event.HANDSHAKE_FAILED_AUTH,
    zmq.Event.HANDSHAKE_FAILED_NO_DETAIL,
    zmq.Event.HANDSHAKE_FAILED_PROTOCOL,
)


def take(socket: Any, wait_ms: int = 0) -> bytes | None:
    """A message, or None when there is none within the time.

    poll() alone does not tell: after a handshake libzmq's pipe says that it can be read when all there is in it is the
    user id, so that recv() waits if the client's first message was a forged one.
    """
    socket.poll(wait_ms)
    try:
        message: bytes = socket.recv(zmq.NOBLOCK)
    except zmq.Again:
        return None
    return message


class Target:
    """A CURVE server that knows one client, and everything that may come through it."""

    def __init__(self, context: Any) -> None:
        self.context = context
        self.keys, self.known = zmq.KeyPair.generate(), zmq.KeyPair.generate()
        self.socket = context.socket(zmq.PULL)
        self.socket.linger = 0
        zmq.set_curve_server(self.socket, self.keys, allow_any=not zmq.has("draft"))
        self.port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.allowed: Counter[bytes] = Counter()
        self.accepted: list[bytes] = []
        self.controls = 0
        self._number = 0

    def next_message(self) -> bytes:
        """A message that may come once."""
        self._number += 1
        message = b"honest %d" % self._number
        self.allowed[message] += 1
        return message

    def client(self, keys: Any, server_key: Any = None, port: int | None = None, monitored: bool = False) -> Any:
        """A client with these keys, which connects once; monitored from before that."""
        socket = self.context.socket(zmq.PUSH)
        socket.linger, socket.reconnect_ivl, socket.sndtimeo = 0, -1, DEADLINE_MS
        zmq.set_curve_client(socket, self.keys.public if server_key is None else server_key, keys)
        if monitored:
            socket.get_monitor_socket().rcvtimeo = DEADLINE_MS
        socket.connect(f"tcp://127.0.0.1:{self.port if port is None else port}")
        return socket

    def drain(self, wait_ms: int = 0) -> None:
        """Take what came: each allowed message once, anything else got through."""
        while (message := take(self.socket, wait_ms)) is not None:
            if self.allowed[message] > 0:
                self.allowed[message] -= 1
            else:
                self.accepted.append(message)

    def check(self) -> None:
        """The control: an honest client gets its message through."""
        message = self.next_message()
        with self.client(self.known) as client:
            client.send(message)
            until = time.monotonic() + DEADLINE_MS / 1000
            while self.allowed[message]:
                if time.monotonic() > until:
                    raise TimeoutError("the honest client is no longer served")
                self.drain(100)
        self.controls += 1


class Attacks:
    """The kinds of attack: each method is one, told by its first line."""

    def __init__(self, target: Target, seed: int) -> None:
        self.target = target
        self.random = random.Random(seed)
        self.ended = 0  # connections that the server has ended by itself
        self.middle = zmtp.Listener()
        # A whole session of the known client, as somebody on the wire has recorded it.
        self.recorded = self._in_the_middle(lambda number, frame: [frame], messages=1, patience_s=30)
        if len(self.recorded) != 3:
            raise RuntimeError("the session to be replayed was not recorded")

    def close(self) -> None:
        """End."""
        self.middle.close()

    def _in_the_middle(self, alter: Any, messages: int, patience_s: float = 0.05) -> list[bytes]:
        # The honest client's own messages may come through, once each and as they are.
        with self.target.client(self.target.known, port=self.middle.port) as client:
            for _ in range(messages):
                client.send(self.target.next_message())
            return self.middle.relay(self.target.port, alter, 2 + messages, patience_s)

    def _say(self, *pieces: bytes) -> None:
        self.ended += zmtp.say(self.target.port, *pieces)

    def _bytes(self, size: int) -> bytes:
        return self.random.getrandbits(8 * size).to_bytes(size, "big") if size else b""

    def _flip(self, data: bytes, start: int) -> bytes:
        place = self.random.randrange(start, len(data))
        return data[:place] + bytes([data[place] ^ 1 << self.random.randrange(8)]) + data[place + 1 :]

    def _hello(self) -> bytes:
        return self.recorded[0]

    def _forged_messages(self) -> bytes:
        message = zmtp.command(b"MESSAGE", self._bytes(8 + self.random.randrange(16, 100)))
        return message + zmtp.frame(FORGED) + zmtp.frame(b"\x07MESSAGE" + self._bytes(30))

    def unknown_client_key(self) -> None:
        """A client whose key the authenticator does not know."""
        self._try_client(zmq.KeyPair.generate())

    def wrong_server_key(self) -> None:
        """A known client that takes another server's key for this one's."""
        self._try_client(self.target.known, server_key=zmq.KeyPair.generate().public)

    def _try_client(self, keys: Any, **more: Any) -> None:
        with self.target.client(keys, monitored=True, **more) as client:
            with contextlib.suppress(zmq.Again):  # it has been turned away already
                client.send(FORGED, zmq.NOBLOCK)
            while zmq.recv_monitor_message(client.get_monitor_socket())["event"] not in ENDS:
                pass
            client.disable_monitor()

    def null_downgrade(self) -> None:
        """A client that says it has no security."""
        self._say(*zmtp.null_client(b"PUSH", FORGED))

    def plain_downgrade(self) -> None:
        """A client that says it has a password."""
        hello = zmtp.command(b"HELLO", b"\x05admin\x05admin")
        initiate = zmtp.command(b"INITIATE", zmtp.metadata((b"Socket-Type", b"PUSH")))
        self._say(zmtp.greeting(b"PLAIN"), hello, initiate, zmtp.frame(FORGED))

    def other_mechanism(self) -> None:
        """A mechanism that is none, or CURVE written in another way."""
        names = (b"GSSAPI", b"curve", b"CURVE\0X", b"", b"NULL\0CURVE", self._bytes(20))
        ready = zmtp.command(b"READY", zmtp.metadata((b"Socket-Type", b"PUSH")))
        self._say(zmtp.greeting(self.random.choice(names)), ready, zmtp.frame(FORGED))

    def protocol_1(self) -> None:
        """A peer of ZMTP 1.0, which has no security."""
        old = bytes([len(FORGED) + 1, 0]) + FORGED
        self._say(b"\x01\x00", old) if self.random.random() < 0.5 else self._say(
            b"\xff" + bytes(7) + b"\x01\x7f\x00\x00\x00", old
        )

    def protocol_2(self) -> None:
        """A peer of ZMTP 2.0, which has no security either."""
        self._say(b"\xff" + bytes(7) + b"\x01\x7f\x01" + b"\x08" + b"\x00\x00", zmtp.frame(FORGED))

    def null_commands_in_curve(self) -> None:
        """The greeting of CURVE and then the handshake of NULL."""
        ready = zmtp.command(b"READY", zmtp.metadata((b"Socket-Type", b"PUSH")))
        self._say(zmtp.greeting(b"CURVE", as_server=self.random.randrange(2)), ready, zmtp.frame(FORGED))

    def replayed_session(self) -> None:
        """All that the known client has said once, said again, whole or in part."""
        self._say(zmtp.greeting(b"CURVE"), *self.recorded[: self.random.randrange(1, 4)], self._forged_messages())

    def replayed_initiate(self) -> None:
        """Its INITIATE and messages in answer to a new WELCOME."""
        with zmtp.connect(self.target.port) as connection:
            connection.sendall(zmtp.greeting(b"CURVE") + self._hello())
            said = b""
            while len(zmtp.split_frames(said[zmtp.GREETING_SIZE :])[0]) < 1:
                data = connection.recv(65536)
                if not data:
                    raise RuntimeError("a replayed HELLO is one like any other: it gets its WELCOME")
                said += data
            connection.sendall(self.recorded[1])
            self.ended += zmtp.listen(connection, zmtp.MOMENT_S)[1]

    def replayed_message(self) -> None:
        """A message of the known client twice in its own session."""
        self._in_the_middle(lambda number, frame: [frame] * (2 if number >= 2 else 1), self.random.randrange(1, 3))

    def swapped_messages(self) -> None:
        """Two of its messages in the other order, or one from an older session in their place."""
        held: list[bytes] = []

        def alter(number: int, frame: bytes) -> list[bytes]:
            if number == 2:
                held.append(frame)
                return [self.recorded[2]] if self.random.random() < 0.5 else []
            return [frame, *held] if number == 3 else [frame]

        self._in_the_middle(alter, messages=2)

    def altered_message(self) -> None:
        """One bit of one of its messages, of the box or of the nonce."""
        self._alter(2, 10)

    def altered_handshake(self) -> None:
        """One bit of what is signed or encrypted in its handshake."""
        if self.random.random() < 0.5:
            self._alter(0, zmtp.HELLO_SIZE - 6 - 80)
        else:
            self._alter(1, 20)

    def _alter(self, which: int, start: int) -> None:
        self._in_the_middle(
            lambda number, frame: [self._flip(frame, min(start, len(frame) - 1))] if number == which else [frame], 1
        )

    def cut_or_stretched(self) -> None:
        """One of its frames shorter or longer than it was, its length as it is or as it was."""
        which = self.random.randrange(3)

        def alter(number: int, frame: bytes) -> list[bytes]:
            if number != which:
                return [frame]
            head = 9 if frame[0] & 2 else 2
            body = frame[head:]
            body = body[: self.random.randrange(len(body))] if self.random.random() < 0.5 else body + self._bytes(20)
            announced = None if self.random.random() < 0.7 else len(frame) - head
            return [zmtp.frame(body, flags=frame[0] & 4, announced=announced)]

        self._in_the_middle(alter, messages=1)

    def bad_commands(self) -> None:
        """Commands out of place, unknown ones, and lengths that lie."""
        names = (b"ERROR", b"READY", b"WELCOME", b"INITIATE", b"MESSAGE", b"PING", b"SUBSCRIBE", b"", self._bytes(9))
        said = [
            zmtp.command(self.random.choice(names), self._bytes(self.random.randrange(300)))
            for _ in range(self.random.randrange(1, 5))
        ]
        if self.random.random() < 0.3:
            said.append(zmtp.frame(b"\xff" + self._bytes(5), flags=4))
        if self.random.random() < 0.3:
            said.append(zmtp.frame(b"", flags=4, long=True, announced=self.random.choice([2**63, 2**64 - 1, 2**31])))
        before = [self._hello()] if self.random.random() < 0.5 else []
        self._say(zmtp.greeting(b"CURVE"), *before, *said, self._forged_messages())

    def bad_hello(self) -> None:
        """A HELLO of another version, size or content."""
        body = self._hello()[2:]
        changed = self.random.choice((
            body[:6] + bytes([self.random.randrange(2, 256), 0]) + body[8:], body[:-1], body + b"\0",
            b"\x05HELLO" + self._bytes(194), b"\x05HELLO\x01\x00" + bytes(192), b"\x05HELLO",
        ))  # fmt: skip
        hello = zmtp.frame(changed, flags=self.random.choice((4, 0)))
        self._say(zmtp.greeting(b"CURVE"), hello, self._forged_messages())


class HostileHandler:
    """A ZAP handler that answers with anything but a clean yes, and a NULL server that asks it."""

    def __init__(self, seed: int) -> None:
        self.context = zmq.Context()
        self.random = random.Random(seed)
        self.handler = self.context.socket(zmq.ROUTER)
        self.handler.bind("inproc://zeromq.zap.01")
        self.server = self.context.socket(zmq.PULL)
        self.server.zap_domain = b"global"
        self.port = self.server.bind_to_random_port("tcp://127.0.0.1")
        self.honest = False
        self.asked = self.attacks = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """End."""
        self.context.destroy(linger=0)
        self._thread.join(DEADLINE_MS / 1000)

    def _run(self) -> None:
        try:
            while True:
                request = self.handler.recv_multipart()
                end = request.index(b"") + 1
                self.asked += 1
                good = [b"1.0", request[end + 1], b"200", b"OK", b"user", b""]
                self.handler.send_multipart([*request[:end], *(good if self.honest else self._spoil(good))])
        except zmq.ZMQError:  # the end of the context
            pass

    def _spoil(self, reply: list[bytes]) -> list[bytes]:
        pick = self.random.choice
        kind = self.random.randrange(7)
        if kind == 0:
            return reply[: self.random.randrange(1, 6)]
        if kind == 1:
            return [*reply, b"more"]
        if kind == 2:
            reply[0] = pick((b"", b"1.1", b"1.0\0", b"2.0", b"1.0" * 100))
        elif kind == 3:
            reply[1] = pick((b"", b"2", b"11", b"x" * 256))
        elif kind == 4:
            reply[2] = pick((b"", b"2", b"20", b"2000", b"200 ", b" 200", b"201", b"999", b"\x00\x00\x00", b"OK"))
        elif kind == 5:
            reply[2] = pick((b"300", b"400", b"500"))
        else:
            lengths = b"\xff\xff\xff\xff", b"\x00\x00\x00\x05", b"\x00\x00"
            reply[5] = pick((b"\x05abc", b"\xff", *(b"\x01a" + length + b"b" for length in lengths)))
        return reply

    def attack(self, target: Target) -> None:
        """Let a client in? No."""
        # The message is said when the handshake is over, either way.
        zmtp.say(self.port, *zmtp.null_client(b"PUSH", FORGED), answer_s=0.05)
        self.attacks += 1
        while (message := take(self.server)) is not None:
            target.accepted.append(message)

    def check(self, target: Target) -> None:
        """With an honest answer the same client gets in."""
        self.honest = True
        with zmtp.connect(self.port) as connection:
            greeting, *rest = zmtp.null_client(b"PUSH", b"honest")
            connection.sendall(greeting)
            said = b""
            while b"READY" not in said:
                said += connection.recv(65536) or b"READY"
            connection.sendall(b"".join(rest))
            if take(self.server, DEADLINE_MS) != b"honest":
                raise RuntimeError("the honest answer let nobody in")
        self.honest = False
        while (message := take(self.server)) is not None:
            target.accepted.append(message)
        target.controls += 1


def kinds() -> list[str]:
    """The names of all kinds."""
    own = [name for name in vars(Attacks) if not name.startswith("_") and name != "close"]
    return [*own, "malformed_zap_reply"]


def run(attacks: int, seed: int) -> dict[str, Any]:
    """Try every kind in turn, so many in all.

    Returns:
        tried: how often each kind; accepted: messages that got through; controls: honest ones that did;
        seconds.
    """
    began = time.monotonic()
    tried: Counter[str] = Counter()
    names = kinds()
    context = zmq.Context()
    with ThreadAuthenticator(context) as auth:
        target = Target(context)
        auth.certs["*"] = {target.known.public: True}
        target.check()
        kit, handler = Attacks(target, seed), HostileHandler(seed)
        for number in range(attacks):
            name = names[number % len(names)]
            if name == "malformed_zap_reply":
                handler.attack(target)
            else:
                getattr(kit, name)()
            tried[name] += 1
            target.drain()
            if number % CONTROL_EVERY == CONTROL_EVERY - 1:
                target.check()
                handler.check(target)
        target.check()
        target.drain(wait_ms=200)
        kit.close()
        handler.close()
        target.socket.close()
    context.destroy(linger=0)
    return {
        "attacks": sum(tried.values()),
        "kinds": len(tried),
        "tried": dict(tried),
        "ended by the server": kit.ended,
        "zap questions": handler.asked,
        "accepted": [message.decode("latin-1") for message in target.accepted],
        "controls": target.controls,
        "seconds": round(time.monotonic() - began, 1),
    }


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attacks", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    result = run(arguments.attacks, arguments.seed)
    print(json.dumps(result, indent=4))
    return 1 if result["accepted"] else 0


if __name__ == "__main__":
    sys.exit(main())
