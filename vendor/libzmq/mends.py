"""Faults, needless copies and needless system calls of libzmq that only its own source can mend, as small changes.

Each is found by its surroundings, whatever the line breaks, in every version that has it; a version that reads
otherwise is built as it is, and says so.
"""

import re
from pathlib import Path
from typing import NamedTuple


class Mend(NamedTuple):
    """One fault: all its changes are made, or none."""

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]  # a regular expression that matches once, and what it becomes
    header: str = ""  # another file, when the fault needs one more
    header_changes: tuple[tuple[str, str], ...] = ()

    def files(self) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
        """Each file with its changes."""
        return [(self.file, self.changes)] + ([(self.header, self.header_changes)] if self.header else [])


MENDS = (
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
    # A CURVE message is put together in a vector, which is zeroed first, and encrypted from there; and before it is
    # decrypted it is moved, because what comes out begins where nothing overlaps. Both go in place: a MAC further on.
    Mend(
        "CURVE encrypts and decrypts in place",
        "src/curve_mechanism_base.cpp",
        (
            (
                r"std::vector<uint8_t> message_plaintext \(mlen\);",
                "msg_t msg_box; int rc = msg_box.init_size (message_header_len + mlen + crypto_box_MACBYTES); "
                "zmq_assert (rc == 0); uint8_t *const message_plaintext = static_cast<uint8_t *> (msg_box.data ()) "
                "+ message_header_len + crypto_box_MACBYTES;",
            ),
            (
                r"(?<=#ifdef ZMQ_HAVE_CRYPTO_BOX_EASY_FNS)\s*msg_t msg_box;\s*int rc =\s*msg_box\.init_size "
                r"\(message_header_len \+ mlen \+ crypto_box_MACBYTES\);\s*zmq_assert \(rc == 0\);(?=\s*rc = crypto)",
                "",
            ),
            (
                r"(?<=uint8_t \*const message_plaintext = message \+ message_header_len)(?=;\s*rc = crypto_box_open)",
                " + crypto_box_MACBYTES",
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
    # An I/O thread that finds nothing to do sleeps at once, and to wake it costs more than most of what it does.
    # Whoever sets these two functions says how long it looks again first (zl_busy.c); nobody does by default.
    Mend(
        "I/O threads may wait awake for a moment",
        "src/epoll.cpp",
        (
            (
                r"(?=void zmq::epoll_t::loop \(\))",
                "struct zl_busy_t { int64_t until, looked; int skip, misses; };\n"
                'extern "C" { int (*zl_busy_io_more) (zl_busy_t *) = NULL; '
                "void (*zl_busy_io_found) (zl_busy_t *) = NULL; }\n",
            ),
            (
                r"(?<=epoll_event ev_buf\[max_io_events\];)(?=\s*while \(true\))",
                " zl_busy_t busy = {0, 0, 0, 0};",
            ),
            (
                r"const int n = epoll_wait \(_epoll_fd, &ev_buf\[0\], max_io_events,\s*timeout \? timeout : -1\);",
                "int n = 0; if (zl_busy_io_more) { while (n == 0 && zl_busy_io_more (&busy)) n = epoll_wait "
                "(_epoll_fd, &ev_buf[0], max_io_events, 0); if (n > 0) zl_busy_io_found (&busy); } if (n == 0) n = "
                "epoll_wait (_epoll_fd, &ev_buf[0], max_io_events, timeout ? timeout : -1);",
            ),
        ),
    ),
    # A thread binds an inproc:// name and so takes over the end of a pipe that waits there, while the thread that
    # connected, or libzmq's own for closed sockets, still tells that end that the pipe ends: the queue is taken away
    # under a writer. Ending takes the lock that binding holds, and who ends a pipe that nobody has bound tells the
    # other end at once, not by a command that arrives when that is another thread's.
    Mend(
        "inproc pipes that wait are ended by one thread at a time",
        "src/pipe.cpp",
        (
            (r'(?=#include "pipe\.hpp")', '#include "ctx.hpp"\n'),
            (r"(?=_delay = delay_;)", "scoped_lock_t locker (get_ctx ()->_endpoints_sync); "),
            (
                r"(?<=if \(_state == active\) \{)\s*send_pipe_term \(_peer\);",
                " if (_peer->get_tid () == get_tid () && !_peer->_sink) _peer->process_pipe_term (); "
                "else send_pipe_term (_peer);",
            ),
            (
                r"(?<=void zmq::pipe_t::send_disconnect_msg \(\))\s*\{",
                " { scoped_lock_t locker (get_ctx ()->_endpoints_sync);",
            ),
        ),
        "src/ctx.hpp",
        ((r"(?=mutex_t _endpoints_sync;)", "friend class pipe_t; "),),
    ),
    # A bind where a connect waits whose socket was closed meanwhile, or disconnected: a routing id or a hello message
    # cannot be written any more, and an assertion ends the process. And when the bind came between two steps of the
    # connect, they are written after the pipe was given away: before it, then.
    Mend(
        "nothing is written to an inproc pipe that has ended, or is somebody else's",
        "src/ctx.cpp",
        (
            (
                r"(?<=\}) else\s*pending_connection_\.connect_pipe->send_bind \(\s*bind_socket_, "
                r"pending_connection_\.bind_pipe, false\);",
                "",
            ),
            (r"pending_connection_\.endpoint\.socket->check_tag \(\)", "pending_connection_.bind_pipe->check_write ()"),
            (
                r"(?<=bind_options_\.hello_msg\.size \(\) > 0)\) \{\s*send_hello_msg \(pending_connection_\.bind_pipe, "
                r"bind_options_\);\s*\}\s*#endif",
                " && pending_connection_.bind_pipe->check_write ()) { send_hello_msg (pending_connection_.bind_pipe, "
                "bind_options_); }\n#endif\n if (side_ != bind_side) pending_connection_.connect_pipe->send_bind "
                "(bind_socket_, pending_connection_.bind_pipe, false);",
            ),
        ),
    ),
    # A context that ends copies the list of connects that wait, while another thread may still connect.
    Mend(
        "a context that ends reads the list of connects that wait under its lock",
        "src/ctx.cpp",
        (
            (
                r"pending_connections_t copy = _pending_connections;",
                "_endpoints_sync.lock (); pending_connections_t copy = _pending_connections; "
                "_endpoints_sync.unlock ();",
            ),
        ),
    ),
    # A socket whose inproc peer has a disconnect message and has closed, closed in turn before libzmq's own thread has
    # noticed both: it writes its disconnect message to a queue that it has given up, address 0.
    Mend(
        "no disconnect message to a peer that has closed",
        "src/pipe.cpp",
        (
            (
                r"if \(_disconnect_msg\.size \(\) > 0(?: && _out_pipe)?\)",
                "if (_out_pipe && _disconnect_msg.size () > 0)",
            ),
        ),
    ),
    # A pipe that has agreed to end is there until its peer agrees, too, and the peer is gone at once. Setting a
    # high-water mark, or asking for figures, in between writes to what was the peer's memory.
    Mend(
        "no high-water marks for a peer that has gone",
        "src/pipe.cpp",
        (
            (r"send_pipe_hwm \(_peer, inhwm_, outhwm_\);", "if (_out_pipe) send_pipe_hwm (_peer, inhwm_, outhwm_);"),
            (
                r"(?=endpoint_uri_pair_t \*ep =\s*new \(std::nothrow\) endpoint_uri_pair_t \(_endpoint_pair\);)",
                "if (!_out_pipe) return; ",
            ),
        ),
    ),
    # What was written whole, with nothing more to write, waits for room all the same: two calls of epoll_ctl, and a
    # round of the I/O thread that finds nothing, for each message that comes alone. Only what found no room waits now.
    Mend(
        "no waiting for room that nobody needs",
        "src/stream_engine_base.cpp",
        (
            (
                r"(?<=void zmq::stream_engine_base_t::out_event \(\)\n\{)(?=\s*zmq_assert \(!_io_error\);)",
                " bool drained = false; (void) drained;",
            ),
            (
                r"return;\s*else\s*break;(?=\s*\}\s*_encoder->load_msg \(&_tx_msg\);)",
                "return; else { drained = true; break; }",
            ),
            (
                r"(?<=if \(unlikely \(_handshaking\)\))\s*if \(_outsize == 0\)\s*reset_pollout \(\);(?=\s*\})",
                " { if (_outsize == 0) reset_pollout (); }\n"
                "#ifdef ZMQ_IOTHREAD_POLLER_USE_EPOLL\n"
                "    else if (drained && _outsize == 0) { _output_stopped = true; reset_pollout (); }\n"
                "    else set_pollout ();\n"
                "#endif\n",
            ),
            (
                r"(?<=if \(likely \(_output_stopped\)\) \{)\s*set_pollout \(\);(?=\s*_output_stopped = false;)",
                "\n#ifndef ZMQ_IOTHREAD_POLLER_USE_EPOLL\n        set_pollout ();\n#endif",
            ),
        ),
        "src/epoll.cpp",
        (
            (r"(?=pe->ev\.events \|= EPOLLOUT;)", "if (pe->ev.events & EPOLLOUT) return; "),
            (
                r"(?=pe->ev\.events &= ~\(static_cast<short> \(EPOLLOUT\)\);)",
                "if (!(pe->ev.events & EPOLLOUT)) return; ",
            ),
        ),
    ),
    # To learn whether it was forked a signaler asks the system for the process's number, 17 times in a round trip over
    # tcp; the C library tells a child that it is one. And to learn whether there is a signal it asks, and then reads
    # it: to read it tells as well.
    Mend(
        "one system call for a signal instead of four",
        "src/signaler.cpp",
        (
            (
                r"(?=static int sleep_ms \(unsigned int ms_\))",
                "#if defined HAVE_FORK && defined __linux__\n#include <pthread.h>\nstatic pid_t zl_pid_known = 0;\n"
                "static void zl_pid_forget () { __atomic_store_n (&zl_pid_known, 0, __ATOMIC_RELAXED); }\n"
                "static const int zl_pid_unwatched = pthread_atfork (NULL, NULL, zl_pid_forget);\n"
                "static pid_t zl_pid () { pid_t known = __atomic_load_n (&zl_pid_known, __ATOMIC_RELAXED); "
                "if (unlikely (known == 0)) { known = ::getpid (); if (zl_pid_unwatched == 0) "
                "__atomic_store_n (&zl_pid_known, known, __ATOMIC_RELAXED); } return known; }\n"
                "#define getpid zl_pid\n#endif\n",
            ),
            (
                r"(?=#ifdef ZMQ_POLL_BASED_ON_POLL\s*struct pollfd pfd;\s*pfd\.fd = _r;)",
                "#if defined ZMQ_HAVE_EVENTFD\n    if (timeout_ == 0) return 0;\n#endif\n",
            ),
            (r"(?s)(?<=\n)\Z", "#undef getpid\n"),
        ),
    ),
    # Whether there are commands is asked for with every poll and every few messages, and costs a system call though the
    # queue of commands knows: its reader is asleep until something is written.
    Mend(
        "no system call for commands that are not there",
        "src/mailbox.cpp",
        (
            (
                r"(?=zmq::mailbox_t::mailbox_t \(\))",
                '#if defined ZMQ_HAVE_EVENTFD\nextern "C" { extern const int zl_mailbox_tells; '
                "const int zl_mailbox_tells = 1; }\n#endif\n",
            ),
            (
                r"(?=//\s*Receive the signal\.)",
                "#if defined ZMQ_HAVE_EVENTFD\n"
                "    if (timeout_ == 0 && _cpipe.asleep ()) { errno = EAGAIN; return -1; }\n#endif\n    ",
            ),
        ),
        "src/ypipe.hpp",
        (
            (
                r"(?=//\s*Check whether item is available for reading\.)",
                "bool asleep () { return _c.cas (NULL, NULL) == NULL; }\n\n    ",
            ),
        ),
    ),
)


def mend(tree: Path) -> list[str]:
    """Change an extracted source of libzmq.

    Returns:
        The names of the mends that were made.
    """
    return [one.name for one in MENDS if _apply(one, tree)]


def describe(mended: list[str]) -> str:
    """What a licence asks for: a notice of the changes, for those who get the library.

    Args:
        mended: what mend() returned.
    """
    lines = [
        "The libzmq in this package is built from the published source, with the changes below, which zmqlite makes",
        "before it compiles. They are under libzmq's own licence. Each is a regular expression that finds the place,",
        "and what stands there afterwards.",
    ]
    for one in MENDS:
        if one.name in mended:
            for file, changes in one.files():
                lines += ["", f"{file}: {one.name}"]
                lines += [f"  {text}" for change in changes for text in (f"- {change[0]}", f"+ {change[1].strip()}")]
    return "\n".join(lines) + "\n"


def _apply(one: Mend, tree: Path) -> bool:
    changed = {}
    for file, changes in one.files():
        if not (tree / file).is_file():
            return False
        changed[file] = (tree / file).read_text(encoding="utf-8")
        for pattern, replacement in changes:
            changed[file], count = re.subn(pattern, lambda _, by=replacement: by, changed[file])
            if count != 1:
                return False
    for file, text in changed.items():
        (tree / file).write_text(text, encoding="utf-8")
    return True
