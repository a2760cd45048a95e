"""One library on stage: carries out calls that are given as JSON, and tells what came of each.

A call is [verb, argument, ...]. Contexts, sockets and so on are named by numbers, counted in the order in which they
were made; a number that is too large is taken modulo. Values are [kind, detail]: see Stage.value().
"""

from __future__ import annotations

import contextlib
import enum
import gc
import json
import re
import time
import warnings
from collections.abc import Callable
from typing import Any

_PORT = re.compile(rb"(127\.0\.0\.1|0\.0\.0\.0|\[::\]):\d+")
# What a ROUTER calls a peer that has no name: random, but for the first byte.
_MADE_UP = re.compile(rb"^\0[\0-\xff]{4}(?=\0*$)")


class Skip(Exception):  # noqa: N818 - not an error
    """The call would wait for ever, in either library."""


class Stage:
    """What one sequence of calls made."""

    def __init__(self, zmq: Any, patience_s: float = 0) -> None:
        self.zmq = zmq
        # How much time to give libzmq's own threads after what they finish later.
        self.patience_s = patience_s
        self.contexts: list[Any] = [zmq.Context()]
        self.sockets: list[Any] = []
        self.frames: list[Any] = []
        self.pollers: list[Any] = []
        # inproc name -> how often a socket that was bound to it was closed: libzmq frees such a name some time later.
        self.generations: dict[str, int] = {}
        self.bound: dict[int, set[str]] = {}

    def end(self) -> None:
        """Close everything without waiting."""
        for socket in self.sockets:
            with contextlib.suppress(self.zmq.ZMQError):
                socket.close(0)
        for context in self.contexts:
            context.destroy(linger=0)
        self.sockets.clear()
        self.contexts.clear()
        self.frames.clear()
        self.pollers.clear()
        gc.collect()

    def run(self, call: list[Any]) -> str:
        """Carry out one call and put what came of it into words."""
        verb, *arguments = call
        method: Callable[..., Any] = getattr(self, f"do_{verb}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = method(*arguments)
        except Skip:
            return "skipped"
        except Exception as error:  # whatever a library raises is what is compared
            return f"{type(error).__name__}(errno={getattr(error, 'errno', None)})"
        return self.show(result)

    def show(self, value: Any) -> str:
        """Put a value into words that do not say which library it is from, nor where in memory it is."""
        if value is None or isinstance(value, (bool, float)):
            return repr(value)
        if isinstance(value, str):
            return repr(_PORT.sub(rb"\1:PORT", value.encode("utf-8", "surrogateescape")).decode("utf-8", "replace"))
        if isinstance(value, enum.Enum):
            return f"{type(value).__name__}({value.value})"
        if isinstance(value, int):
            return repr(value)
        if isinstance(value, (bytes, bytearray)):
            text = _MADE_UP.sub(b"\0<id>", _PORT.sub(rb"\1:PORT", bytes(value)))
            return f"{type(value).__name__}({text!r})" if len(text) < 60 else f"{text[:20]!r}..., {len(text)} bytes"
        if isinstance(value, (list, tuple)):
            return f"{type(value).__name__}({', '.join(map(self.show, value))})"
        if isinstance(value, dict):
            return f"dict({', '.join(f'{self.show(key)}: {self.show(item)}' for key, item in value.items())})"
        if isinstance(value, self.zmq.Frame):
            return f"Frame({self.show(value.bytes)})"
        for kind, made in (("socket", self.sockets), ("context", self.contexts)):
            for number, one in enumerate(made):
                if one is value:
                    return f"{kind} {number}"
        return f"<{type(value).__name__.lstrip('_')}>"

    # ---- arguments ----

    def value(self, spec: list[Any]) -> Any:
        """Make a value: ["bytes", 3], ["text", "x"], ["int", 5], ["constant", "PUSH"], ["none", 0], ..."""
        kind, detail = spec
        made: dict[str, Callable[[], Any]] = {
            "bytes": lambda: bytes(range(256)) * (detail // 256) + bytes(range(detail % 256)),
            "raw": lambda: bytes.fromhex(detail),
            "bytearray": lambda: bytearray(detail),
            "memoryview": lambda: memoryview(bytes(detail)),
            "strided": lambda: memoryview(bytes(detail))[::2],
            "text": lambda: detail,
            "int": lambda: detail,
            "float": lambda: detail,
            "bool": lambda: bool(detail),
            "none": lambda: None,
            "list": lambda: [self.value(one) for one in detail],
            "tuple": lambda: tuple(self.value(one) for one in detail),
            "dict": lambda: {"a": detail},
            "object": lambda: object,
            "constant": lambda: getattr(self.zmq, detail),
            "frame": lambda: self.zmq.Frame(bytes(detail)),
            "old frame": lambda: self.frame(detail),
            "endpoint": lambda: self.endpoint(detail),
        }
        return made[kind]()

    def endpoint(self, text: str) -> str:
        """A free name for each life of a bound socket."""
        name = text.partition("inproc://")[2]
        return f"{text}.{self.generations.get(text, 0)}" if name in ("a", "b", "c") else text

    def context(self, number: int) -> Any:
        """The context of a number."""
        return self.contexts[number % len(self.contexts)]

    def socket(self, number: int) -> Any:
        """The socket of a number."""
        if not self.sockets:
            raise Skip
        return self.sockets[number % len(self.sockets)]

    def frame(self, number: int) -> Any:
        """The frame of a number; a new one when none was received."""
        return self.frames[number % len(self.frames)] if self.frames else self.zmq.Frame(b"new")

    def settle(self) -> None:
        """Wait for what nobody can see."""
        time.sleep(self.patience_s)

    def forget(self, socket: Any) -> None:
        """The socket closes: its names are used again as other ones."""
        for name in self.bound.pop(id(socket), ()):
            self.generations[name] = self.generations.get(name, 0) + 1

    # ---- contexts ----

    def do_new_context(self, threads: list[Any]) -> Any:
        """Context(io_threads)."""
        if len(self.contexts) > 3:
            raise Skip
        self.contexts.append(self.zmq.Context(self.value(threads)))
        return self.contexts[-1]

    def do_destroy(self, context: int, linger: list[Any]) -> Any:
        """Context.destroy()."""
        made = self.context(context)
        for socket in self.sockets:
            if socket.context is made:
                self.forget(socket)
        return made.destroy(self.value(linger))

    def do_term(self, context: int) -> Any:
        """Context.term(), when nothing is open."""
        made = self.context(context)
        if any(socket.context is made and not socket.closed for socket in self.sockets):
            raise Skip
        return made.term()

    def do_context_get(self, context: int, option: list[Any]) -> Any:
        """Context.get()."""
        return self.context(context).get(self.value(option))

    def do_context_set(self, context: int, option: list[Any], value: list[Any]) -> Any:
        """Context.set()."""
        return self.context(context).set(self.value(option), self.value(value))

    def do_context_getattr(self, context: int, name: str) -> Any:
        """An attribute of a context."""
        return getattr(self.context(context), name)

    def do_context_setattr(self, context: int, name: str, value: list[Any]) -> Any:
        """Set an attribute of a context: an option of it, or a default of its sockets."""
        return setattr(self.context(context), name, self.value(value))

    # ---- sockets ----

    def do_new_socket(self, context: int, socket_type: list[Any]) -> Any:
        """Context.socket(); nothing that it does may wait."""
        if len(self.sockets) > 11:
            raise Skip
        made = self.context(context).socket(self.value(socket_type))
        self.sockets.append(made)
        made.linger = made.rcvtimeo = made.sndtimeo = 0
        return made

    def do_close(self, socket: int, linger: list[Any]) -> Any:
        """Socket.close()."""
        made = self.socket(socket)
        result = made.close(self.value(linger))
        self.forget(made)
        self.settle()
        return result

    def do_attach(self, verb: str, socket: int, endpoint: list[Any]) -> Any:
        """bind, connect, unbind, disconnect."""
        made, where = self.socket(socket), self.value(endpoint)
        result = getattr(made, verb)(where)
        if verb == "bind" and endpoint[0] == "endpoint":
            self.bound.setdefault(id(made), set()).add(endpoint[1])
        if verb in ("unbind", "disconnect"):
            self.settle()
        return result

    def do_detach_last(self, verb: str, socket: int) -> Any:
        """Unbind or disconnect what LAST_ENDPOINT says."""
        made = self.socket(socket)
        result = getattr(made, verb)(made.last_endpoint.decode())
        self.settle()
        return result

    def do_with_bind(self, socket: int, endpoint: list[Any]) -> Any:
        """The context manager that bind() gives."""
        made = self.socket(socket)
        with made.bind(self.value(endpoint)) as same:
            return [same, made.closed, made.last_endpoint]

    def do_random_port(self, socket: int, endpoint: list[Any]) -> Any:
        """bind_to_random_port()."""
        return type(self.socket(socket).bind_to_random_port(self.value(endpoint))).__name__

    def do_get(self, socket: int, option: list[Any]) -> Any:
        """Socket.get()."""
        number = self.value(option)
        result = self.socket(socket).get(number)
        return "a descriptor" if number == 14 else result

    def do_set(self, socket: int, option: list[Any], value: list[Any]) -> Any:
        """Socket.set(), and what get() says then."""
        made, number, wanted = self.socket(socket), self.value(option), self.value(value)
        made.set(number, wanted)
        return None

    def do_getattr(self, socket: int, name: str) -> Any:
        """An attribute of a socket."""
        result = getattr(self.socket(socket), name)
        if callable(result):
            return "a method"
        return "a descriptor" if name.lower() == "fd" else result

    def do_setattr(self, socket: int, name: str, value: list[Any]) -> Any:
        """Set an attribute of a socket."""
        return setattr(self.socket(socket), name, self.value(value))

    def do_call(self, socket: int, method: str, arguments: list[list[Any]], keywords: dict[str, list[Any]]) -> Any:
        """A method with values: send, recv, poll, subscribe, ..."""
        made = self.socket(socket)
        values = [self.value(one) for one in arguments]
        result = getattr(made, method)(*values, **{name: self.value(one) for name, one in keywords.items()})
        self.keep_frames(result)
        return result

    def do_serialized(self, socket: int, parts: list[Any], flags: list[Any]) -> Any:
        """send_serialized() and recv_serialized()."""
        made = self.socket(socket)
        made.send_serialized(parts, lambda message: [self.value(one) for one in message], self.value(flags))
        return made.recv_serialized(len, self.value(flags))

    def do_recv_into(self, socket: int, buffer: list[Any], nbytes: list[Any], flags: list[Any]) -> Any:
        """recv_into(), and what is in the buffer then."""
        target = self.value(buffer)
        size = self.socket(socket).recv_into(target, nbytes=self.value(nbytes), flags=self.value(flags))
        return [size, bytes(target)]

    def keep_frames(self, result: Any) -> None:
        """Frames that were received can be sent on."""
        for one in result if isinstance(result, list) else [result]:
            if isinstance(one, self.zmq.Frame):
                self.frames.append(one)

    # ---- frames ----

    def do_new_frame(self, data: list[Any], keywords: dict[str, list[Any]]) -> Any:
        """Frame()."""
        options = {name: self.value(one) for name, one in keywords.items()}
        self.frames.append(self.zmq.Frame(self.value(data), **options))
        return self.frames[-1]

    def do_frame(self, frame: int, what: str, arguments: list[list[Any]]) -> Any:
        """An attribute of a frame, or what a method of it returns."""
        made = self.frame(frame)
        if what == "buffer":
            return bytes(made.buffer)
        if what in ("len", "bool", "str"):
            return {"len": len, "bool": bool, "str": lambda one: isinstance(str(one), str)}[what](made)
        found = getattr(made, what)
        return found(*map(self.value, arguments)) if callable(found) else found

    # ---- polling ----

    def do_new_poller(self) -> Any:
        """Poller()."""
        self.pollers.append(self.zmq.Poller())

    def do_poller(self, poller: int, method: str, socket: int, flags: list[Any]) -> Any:
        """register, modify, unregister, in."""
        if not self.pollers:
            raise Skip
        made, thing = self.pollers[poller % len(self.pollers)], self.socket(socket)
        if method == "in":
            return thing in made
        return getattr(made, method)(thing, *([] if method == "unregister" else [self.value(flags)]))

    def do_poller_poll(self, poller: int, timeout: list[Any]) -> Any:
        """Poller.poll(), which may not wait."""
        if not self.pollers:
            raise Skip
        return self.pollers[poller % len(self.pollers)].poll(self.value(timeout))

    def do_zmq_poll(self, sockets: list[int], flags: list[Any]) -> Any:
        """zmq_poll() and select()."""
        made = [self.socket(number) for number in sockets]
        selected = [sorted(map(self.show, found)) for found in self.zmq.select(made, made, made, 0)]
        return [self.zmq.zmq_poll([(one, self.value(flags)) for one in made], 0), selected]

    # ---- the module ----

    def do_function(self, name: str, arguments: list[list[Any]]) -> Any:
        """A function of the module."""
        return getattr(self.zmq, name)(*map(self.value, arguments))


def serve(library: str, lines: Any, out: Any) -> None:
    """Answer one line of JSON, [patience_s, calls], with one: what came of each."""
    import importlib

    zmq = importlib.import_module(library)
    for line in lines:
        patience_s, calls = json.loads(line)
        stage = Stage(zmq, patience_s)
        results = []
        for call in calls:
            results.append(stage.run(call))
            # A crash shows in what was said last.
            print(json.dumps(results[-1]), file=out, flush=True)
        stage.end()
        print("null", file=out, flush=True)


if __name__ == "__main__":
    import os
    import sys

    serve(sys.argv[1], sys.stdin, sys.stdout)
    os._exit(0)
