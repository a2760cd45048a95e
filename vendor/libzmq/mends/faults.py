"""Faults of libzmq that lose messages, hang, or end the process."""

from mends.mend import Mend

FAULTS = (
    # A peer on ipc:// that closes while our queue is full: epoll reports the hang-up, libzmq drops the descriptor, and
    # what is still unread in it is lost. Once there is room, it is read to its end instead.
    Mend(
        "read what a peer sent before it hung up",
        "src/stream_engine_base.cpp",
        (
            (r"else if \(_io_error\)(?=\s*\{\s*error \(connection_error\);)", "else if (_io_error && rc == -1)"),
            (
                r"(?<=else \{)(?=\s*_input_stopped = false;\s*set_pollin \(\);)",
                " if (_io_error) { _handle = add_fd (_s); _io_error = false; }",
            ),
        ),
    ),
    # What is to be written is taken from the queue a batch at a time, and with the last of it the sign that the socket
    # was closed. When the system has no room for all of the batch at once, the connection is closed with the rest
    # unwritten, whatever LINGER says. The sign is left in the queue until all before it was written.
    Mend(
        "what was taken from the queue is written before the connection closes",
        "src/stream_engine_base.cpp",
        (
            (
                r"(?=if \(\(this->\*_next_msg\) \(&_tx_msg\) == -1\) \{\s*//\s+ws_engine can cause)",
                "if (_outsize > 0 && _session->zl_at_end ())\n                break;\n            ",
            ),
        ),
        "src/session_base.hpp",
        ((r"(?=virtual int pull_msg \(msg_t \*msg_\);)", "bool zl_at_end ();\n    "),),
        (
            (
                "src/session_base.cpp",
                (
                    (
                        r"(?=int zmq::session_base_t::pull_msg \(msg_t \*msg_\))",
                        "bool zmq::session_base_t::zl_at_end ()\n{\n    return _pipe && _pipe->zl_at_end ();\n}\n\n",
                    ),
                ),
            ),
            (
                "src/pipe.cpp",
                (
                    (
                        r"(?=bool zmq::pipe_t::check_read \(\))",
                        "bool zmq::pipe_t::zl_at_end ()\n{\n    return _in_active && (_state == active || _state == "
                        "waiting_for_delimiter)\n           && _in_pipe->check_read () && _in_pipe->probe "
                        "(is_delimiter);\n}\n\n",
                    ),
                ),
            ),
            ("src/pipe.hpp", ((r"(?=bool check_read \(\);)", "bool zl_at_end ();\n    "),)),
        ),
    ),
    # Routing ids that start with a zero byte are the library's own: a peer that claims the next one that a ROUTER or
    # REP will give out ends the process in an assertion. Such a peer is given one, as if it had claimed none.
    Mend(
        "peers claim no routing id that is the library's to give",
        "src/router.cpp",
        (
            (
                r"if \(msg\.size \(\) == 0\)(?=\s*\{\s*//\s*Fall back on the auto-generation)",
                "if (msg.size () == 0 || *static_cast<const unsigned char *> (msg.data ()) == 0)",
            ),
        ),
    ),
    # A PAIR that has a peer binds an inproc:// name where a ROUTER or REP waits: the PAIR ends the second pipe at once,
    # and the routing id for it cannot be written: an assertion ends the process. It is left unwritten instead.
    Mend(
        "no routing id for a pipe that is refused",
        "src/pipe.cpp",
        (
            (
                r"(?<=const bool written = pipe_->write \(&id\);)(\s*)zmq_assert \(written\);",
                " if (!written) id.close ();",
            ),
        ),
    ),
    # A request without a delimiter, of a peer that has gone: the REP forgets where the answer would go, not that it is
    # in the middle of one, and so loses the way back to whoever asks next.
    Mend(
        "a REP answers the request after a malformed one",
        "src/router.cpp",
        (
            (
                r"(?<=_current_out->rollback \(\);)\s*_current_out = NULL;\s*_more_out = false;\s*\}",
                " _current_out = NULL; } _more_out = false;",
            ),
        ),
    ),
    # Thread-safe sockets (CLIENT, SERVER, ...) that are connected over inproc://, used by a thread each: who is inside
    # one and has something to tell the other takes the lock of both, and so does the other: they wait for each other
    # for ever. A mailbox has a lock of its own instead, under which nobody takes another.
    Mend(
        "thread-safe sockets do not wait for each other's locks",
        "src/mailbox_safe.cpp",
        (
            (
                r"_sync->lock \(\);\s*_sync->unlock \(\);(?=\s*\}\s*void zmq::mailbox_safe_t::add)",
                "_own.lock (); _own.unlock ();",
            ),
            (r"(?=_signalers\.push_back)", "scoped_lock_t lock (_own); "),
            (r"(?=const std::vector<zmq::signaler_t \*>::iterator end)", "scoped_lock_t lock (_own); "),
            (r"(?=_signalers\.clear)", "scoped_lock_t lock (_own); "),
            (r"_sync->lock \(\);(?=\s*_cpipe\.write)", "_own.lock ();"),
            (r"_sync->unlock \(\);(?=\s*\}\s*int zmq::mailbox_safe_t::recv)", "_own.unlock ();"),
            (
                r"const int rc = _cond_var\.wait \(_sync, timeout_\);",
                "int rc = 0, error = 0; _own.lock (); if (_cpipe.check_read ()) { _own.unlock (); } else { "
                "_sync->unlock (); rc = _cond_var.wait (&_own, timeout_); error = errno; _own.unlock (); "
                "_sync->lock (); errno = error; }",
            ),
        ),
        "src/mailbox_safe.hpp",
        ((r"(?<=mutex_t \*const _sync;)", " mutex_t _own;"),),
    ),
)
