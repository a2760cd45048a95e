"""Contexts: making, sharing, ending."""

from __future__ import annotations

import copy
import gc
import pickle
import threading

from probe import Probe, snippet


@snippet
def making_a_context(p: Probe) -> None:
    """What Context() takes."""
    for arguments in ((), (0,), (2,), (-1,), ("x",), (None,)):
        context = p.attempt(p.zmq.Context, *arguments)
        if context is not None:
            p.say(context.io_threads)
            context.term()


@snippet
def context_life(p: Probe) -> None:
    """term() and destroy() twice, closed, underlying."""
    context = p.zmq.Context()
    p.say(context.closed, type(context.underlying), context.underlying != 0)
    p.attempt(context.term)
    p.say(context.closed)
    p.attempt(context.term)
    p.attempt(context.destroy)
    p.attempt(context.destroy, linger=5)
    p.attempt(context.socket, p.zmq.PUSH)


@snippet
def socket_class_with_a_closed_context(p: Probe) -> None:
    """Socket(context, type)."""
    context = p.zmq.Context()
    context.term()
    p.attempt(p.zmq.Socket, context, p.zmq.PUSH)


@snippet
def defaults_of_a_closed_context(p: Probe) -> None:
    """They are still there."""
    context = p.zmq.Context()
    context.linger = 5
    context.term()
    p.attempt_get(context, "linger")
    p.attempt_set(context, linger=6)


@snippet
def options_of_a_closed_context(p: Probe) -> None:
    """There is nobody to ask."""
    context = p.zmq.Context()
    context.term()
    p.attempt(context.get, p.zmq.IO_THREADS)
    p.attempt(context.set, p.zmq.IO_THREADS, 1)
    p.attempt_get(context, "io_threads")


@snippet
def context_as_a_context_manager(p: Probe) -> None:
    """It is destroyed at the end, also after an exception."""
    with p.zmq.Context() as context:
        socket = context.socket(p.zmq.PUSH)
        p.say(context.closed)
    p.say(context.closed, socket.closed)
    try:
        with p.zmq.Context() as context:
            raise ValueError
    except ValueError as error:
        p.say(error, context.closed)


@snippet
def context_manager_with_open_sockets_warns(p: Probe) -> None:
    """One ResourceWarning for each socket; none when they were closed."""

    def leave(close: bool) -> None:
        with p.zmq.Context() as context:
            sockets = [context.socket(p.zmq.PUSH) for _ in range(2)]
            if close:
                for socket in sockets:
                    socket.close()

    p.warned(leave, False)
    p.warned(leave, True)


@snippet
def destroy_does_not_warn(p: Probe) -> None:
    """destroy() is how one says that sockets may be open."""
    context = p.zmq.Context()
    socket = context.socket(p.zmq.PUSH)
    p.warned(context.destroy)
    p.say(context.closed, socket.closed)
    p.attempt(socket.close)


@snippet
def dropping_a_socket_warns(p: Probe) -> None:
    """ResourceWarning for what was not closed."""

    def drop(close: bool) -> None:
        socket = p.context.socket(p.zmq.PUSH)
        if close:
            socket.close()
        del socket
        gc.collect()

    p.warned(drop, False)
    p.warned(drop, True)


@snippet
def dropping_a_context_warns(p: Probe) -> None:
    """ResourceWarning for what was not terminated."""

    def drop(close: bool) -> None:
        context = p.zmq.Context()
        if close:
            context.term()
        del context
        gc.collect()

    p.warned(drop, False)
    p.warned(drop, True)


@snippet
def context_instance(p: Probe) -> None:
    """One for the process and the class, a new one after term()."""
    first = p.zmq.Context.instance()
    p.say(first is p.zmq.Context.instance(), first is p.zmq.Context.instance(io_threads=5), first.io_threads)
    first.term()
    second = p.zmq.Context.instance(io_threads=2)
    p.say(second is first, second.closed, second.io_threads)
    second.term()


@snippet
def context_instance_of_a_subclass_first(p: Probe) -> None:
    """A subclass that asks first has its own."""

    class Child(p.zmq.Context):  # type: ignore[misc, name-defined]
        pass

    child = Child.instance()
    base = p.zmq.Context.instance()
    p.say(type(child), child is base, Child.instance() is child, p.zmq.Context.instance() is base)
    child.term()
    base.term()


@snippet
def context_instance_of_a_subclass_last(p: Probe) -> None:
    """A subclass that asks when its base has one."""

    class Child(p.zmq.Context):  # type: ignore[misc, name-defined]
        pass

    base = p.zmq.Context.instance()
    child = Child.instance()
    p.say(child is base, type(child))
    child.term()
    base.term()


@snippet
def context_shadows(p: Probe) -> None:
    """By address, by object, by position: all are the same libzmq context."""
    context = p.zmq.Context()
    shadows = [
        p.zmq.Context.shadow(context.underlying),
        p.zmq.Context.shadow(context),
        p.zmq.Context(context),
        p.zmq.Context(shadow=context),
        copy.copy(context),
        copy.deepcopy(context),
    ]
    p.say([shadow.underlying == context.underlying for shadow in shadows], shadows[0].closed)
    bound, connected = context.socket(p.zmq.PULL), shadows[0].socket(p.zmq.PUSH)
    bound.bind("inproc://x")
    connected.connect("inproc://x")
    connected.send(b"across")
    p.attempt(bound.recv)
    connected.close()
    del shadows
    gc.collect()
    p.say(context.closed)
    bound.close()
    context.term()


@snippet
def context_shadow_of_nonsense(p: Probe) -> None:
    """What is no address is a TypeError."""
    p.attempt(p.zmq.Context.shadow, "x")
    p.attempt(p.zmq.Context.shadow, 1.5)
    p.attempt(p.zmq.Socket.shadow, "x")


@snippet
def max_sockets_is_a_limit(p: Probe) -> None:
    """One more is EMFILE."""
    context = p.zmq.Context()
    context.max_sockets = 2
    sockets = [p.attempt(context.socket, p.zmq.PUSH) for _ in range(3)]
    for socket in sockets:
        if socket is not None:
            socket.close()
    context.term()


@snippet
def blocked_call_ends_with_the_context(p: Probe) -> None:
    """recv() in another thread raises ContextTerminated."""
    context = p.zmq.Context()
    raised = []
    ready = threading.Event()

    def receive() -> None:
        socket = context.socket(p.zmq.PULL)
        ready.set()
        try:
            socket.recv()
        except p.zmq.ZMQError as error:
            raised.append(error)
        socket.close()

    thread = threading.Thread(target=receive)
    thread.start()
    ready.wait()
    context.term()
    thread.join()
    p.say(raised, isinstance(raised[0], p.zmq.ContextTerminated))


@snippet
def pickling(p: Probe) -> None:
    """Neither can be pickled; errors can."""
    p.attempt(pickle.dumps, p.socket("PUSH"))
    for error in (p.zmq.ZMQError(22), p.zmq.ZMQError(22, "words"), p.zmq.Again(), p.zmq.ContextTerminated()):
        again = pickle.loads(pickle.dumps(error))
        p.say(again, again.strerror)
