"""System calls and sleeps of libzmq that nobody needs."""

from mends.mend import Mend

WASTE = (
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
    # queue of commands knows: its reader is asleep until something is written. Whoever waits reads that word, too: NULL
    # until there is something for libzmq to do (zl_wait.c).
    Mend(
        "no system call for commands that are not there",
        "src/mailbox.cpp",
        (
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
                "bool asleep () { return _c.cas (NULL, NULL) == NULL; }\n\n    "
                "const void *zl_word () const { return sizeof _c == sizeof (void *) ? &_c : NULL; }\n\n    ",
            ),
        ),
        (
            (
                "src/mailbox.hpp",
                (
                    (
                        r"(?=bool valid \(\) const;)",
                        "const void *zl_word () const { return _cpipe.zl_word (); }\n    ",
                    ),
                ),
            ),
            (
                "src/socket_base.cpp",
                (
                    (
                        r"(?=zmq::i_mailbox \*zmq::socket_base_t::get_mailbox \(\) const)",
                        'extern "C" { const void *zl_mailbox_word (void *);\n'
                        "const void *zl_mailbox_word (void *socket_) {\n"
                        "#if defined ZMQ_HAVE_EVENTFD\n"
                        "    zmq::socket_base_t *socket = static_cast<zmq::socket_base_t *> (socket_);\n"
                        "    return static_cast<zmq::mailbox_t *> (socket->get_mailbox ())->zl_word ();\n"
                        "#else\n    (void) socket_;\n    return NULL;\n#endif\n} }\n",
                    ),
                ),
            ),
        ),
    ),
)
