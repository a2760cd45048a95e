"""Faults of libzmq where two threads of one process begin or end a connection over inproc:// at the same time."""

from mends.mend import Mend

INPROC = (
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
)
