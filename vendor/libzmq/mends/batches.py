"""How much libzmq reads and writes at once, and what it copies for that."""

from mends.mend import Mend

# Bytes that are read at once where much comes. The throughput setting (tunings.py) begins with it.
MOST_READ = 405504

BATCHES = (
    # What a long message was received into goes back to the system as soon as more than 128 KiB are free at the end of
    # the heap, and is asked for again, page by page and zeroed, for the next: 16 page faults for 64 KiB, most of what
    # receiving it costs. The C library keeps more once it has freed a block of some MiB (mallopt(3), M_TRIM_THRESHOLD,
    # "dynamically adjusted"), as it has in any program with large arrays. With the first long message it is made to.
    # Who has set such a threshold (MALLOC_TRIM_THRESHOLD_ and others) has turned that off, and keeps what was set.
    Mend(
        "memory of long messages is kept for the next",
        "src/decoder_allocators.cpp",
        (
            (
                r"(?=zmq::shared_message_memory_allocator::shared_message_memory_allocator \(\s*"
                r"std::size_t bufsize_\) :)",
                "void zmq::keep_heap ()\n{\n#if defined __GLIBC__\n    static int kept = 0;\n"
                "    if (__atomic_load_n (&kept, __ATOMIC_RELAXED)) return;\n"
                "    __atomic_store_n (&kept, 1, __ATOMIC_RELAXED);\n"
                "    void *volatile block = std::malloc (8 * 1024 * 1024);\n    std::free (block);\n#endif\n}\n\n",
            ),
        ),
        "src/decoder_allocators.hpp",
        ((r"(?=//  ?This allocator allocates a reference counted buffer)", "void keep_heap ();\n\n"),),
        (
            (
                "src/v2_decoder.cpp",
                (
                    (
                        r"(?<=this happens every time when a message does not fit completely into the buffer\n)",
                        "        if (msg_size_ >= 16384) keep_heap ();\n",
                    ),
                ),
            ),
        ),
    ),
    # What is read at once is 8 KiB: a wake-up of the I/O thread and a system call for eight messages of 1 KiB, though
    # there is more. A larger buffer for every connection would be memory that few of them use. So a buffer that was
    # filled is followed by one of double the size, up to 396 KiB, and one that was half empty by half of it. What is of
    # 32 KiB and more is read into where it stays, and for that the buffer is as small as it was (ahead.py). Only where
    # nobody has asked for another size than libzmq's own or, to begin with the most, 396 KiB, and not for STREAM
    # sockets, whose messages are what was read.
    Mend(
        "reads grow with what comes",
        "src/decoder_allocators.cpp",
        (
            (
                r"_max_size \(bufsize_\),(?=\s*_msg_content \(NULL\),\s*_max_counters \(\(_max_size)",
                f"_max_size (bufsize_), _least (bufsize_ == {MOST_READ} ? 8192 : bufsize_), "
                f"_most (bufsize_ == 8192 ? {MOST_READ} : bufsize_), "
                "_used (0), _filled (false), _long (false),",
            ),
            (
                r"_max_size \(bufsize_\),(?=\s*_msg_content \(NULL\),\s*_max_counters \(max_messages_\))",
                "_max_size (bufsize_), _least (bufsize_), _most (bufsize_), _used (0), _filled (false), _long (false),",
            ),
            (
                r"(?=// if buf != NULL it is not used by any message)",
                "size_t size = _max_size;\n"
                "    if (_long) size = _least;\n"
                "    else if (_filled && size < _most) { size = size < _most / 2 ? size * 2 : _most; keep_heap (); }\n"
                "    else if (_used && _used < size / 2) size = size / 2 > _least ? size / 2 : _least;\n"
                "    _used = 0; _filled = _long = false;\n"
                "    if (size != _max_size) {\n"
                "        std::free (_buf); _buf = NULL; _max_size = size;\n"
                "        _max_counters = (size + msg_t::max_vsm_size - 1) / msg_t::max_vsm_size;\n"
                "    }\n",
            ),
        ),
        "src/decoder_allocators.hpp",
        (
            (
                r"void resize \(std::size_t new_size_\) \{ _buf_size = new_size_; \}",
                "void resize (std::size_t new_size_) { _filled = new_size_ == _buf_size; _used = new_size_; "
                "_buf_size = new_size_; }\n    void long_message () { _long = true; }\n",
            ),
            (
                r"const std::size_t _max_size;",
                "std::size_t _max_size; const std::size_t _least, _most; std::size_t _used; bool _filled, _long;",
            ),
        ),
        (
            (
                "src/v2_decoder.cpp",
                (
                    (
                        r"(?=rc = _in_progress\.init_size \(static_cast<size_t> \(msg_size_\)\);\s*\} else)",
                        "if (msg_size_ >= 32768) allocator.long_message ();\n        ",
                    ),
                ),
            ),
        ),
    ),
    # A batch that the system has no room for is written in pieces, with a wake-up for each. On tcp the room grows by
    # itself; on ipc it is 208 KiB, and SNDBUF, which has no effect there, is obeyed now. The system gives twice of what
    # is asked for, up to its own limit (net.core.wmem_max).
    Mend(
        "room for what is written at once over ipc",
        "src/ipc_connecter.cpp",
        (
            (
                r"(?<=unblock_socket \(_s\);)(?=\s*//\s+Connect to the remote peer)",
                " { const int room = options.sndbuf >= 0 ? options.sndbuf : 524288; (void) ::setsockopt (_s, "
                "SOL_SOCKET, SO_SNDBUF, reinterpret_cast<const char *> (&room), sizeof room); }",
            ),
        ),
        "src/ipc_listener.cpp",
        (
            (
                r"(?<=make_socket_noninheritable \(sock\);)(?=\s*//\s+IPC accept\(\) filters)",
                " { const int room = options.sndbuf >= 0 ? options.sndbuf : 524288; (void) ::setsockopt (sock, "
                "SOL_SOCKET, SO_SNDBUF, reinterpret_cast<const char *> (&room), sizeof room); }",
            ),
        ),
    ),
)
