"""What follows a long message is read with its end."""

from mends.batches import MOST_READ
from mends.mend import Mend

# A long message is read into where it stays, and what follows it by a system call of its own; or it was read into a
# large buffer together with others, and copied out of that. Here one call reads both: the end into its place, and what
# follows, the next header at least, into the buffer. When that was filled there is more, and the I/O thread reads on,
# up to 396 KiB, before it tells who waits and looks at other connections. With more to read than the system holds of
# one connection nothing follows, and one piece is read faster than two.
AHEAD = (
    Mend(
        "what follows a long message is read with its end",
        "src/i_decoder.hpp",
        (
            (
                r"(?<=virtual void resize_buffer \(size_t\) = 0;)",
                """

    //  After get_buffer: where what follows may be read to at once, and how much; 0 when that may not be.
    virtual size_t zl_ahead (unsigned char **) { return 0; }
""",
            ),
        ),
        "src/decoder.hpp",
        (
            (
                r"(?<=  protected:\n)(?=    //  Prototype of state machine action\.)",
                """    size_t ahead (unsigned char **data_)
    {
        *data_ = _buf;
        return _to_read >= _allocator.size () && _to_read <= 262144 ? _allocator.size () : 0;
    }

""",
            ),
        ),
        (
            (
                "src/v2_decoder.hpp",
                (
                    (
                        r"(?<=msg_t \*msg \(\) \{ return &_in_progress; \})",
                        "\n    size_t zl_ahead (unsigned char **data_) ZMQ_OVERRIDE { return ahead (data_); }",
                    ),
                ),
            ),
            (
                "src/stream_engine_base.hpp",
                (
                    (
                        r"(?<=size_t _insize;)(?=\s*i_decoder \*_decoder;)",
                        """

    //  What was read with the end of a message waits at _zl_next until that was decoded; _zl_filled says that there
    //  was as much as there was room for.
    unsigned char *_zl_next;
    size_t _zl_more;
    bool _zl_filled;
    bool zl_go_on ();
    int zl_read (size_t size_, size_t room_);
""",
                    ),
                ),
            ),
            (
                "src/stream_engine_base.cpp",
                (
                    (r"(?<=#include <unistd\.h>\n)", "#include <sys/uio.h>\n"),
                    (r"(?<=    _insize \(0\),)", " _zl_next (NULL), _zl_more (0), _zl_filled (false),"),
                    (
                        r"(?=bool zmq::stream_engine_base_t::in_event_internal \(\)\n)",
                        """//  What was read with the end of a message is decoded next, if there is any.
bool zmq::stream_engine_base_t::zl_go_on ()
{
    if (!_zl_more)
        return false;
    _inpos = _zl_next;
    _insize = _zl_more;
    _zl_more = 0;
    _decoder->resize_buffer (_insize);
    return true;
}

//  Like read () into _inpos, and what is more than size_ to _zl_next.
int zmq::stream_engine_base_t::zl_read (size_t size_, size_t room_)
{
#ifdef ZMQ_HAVE_WINDOWS
    (void) room_;
    return read (_inpos, size_);
#else
    iovec pieces[2] = {{_inpos, size_}, {_zl_next, room_}};
    const ssize_t rc = readv (_s, pieces, 2);
    if (rc == 0)
        errno = EPIPE;
    else if (rc == -1 && (errno == EWOULDBLOCK || errno == EINTR))
        errno = EAGAIN;
    if (rc > static_cast<ssize_t> (size_))
        _zl_more = static_cast<size_t> (rc) - size_;
    _zl_filled = _zl_more == room_;
    return rc ? static_cast<int> (rc - static_cast<ssize_t> (_zl_more)) : -1;
#endif
}

""",
                    ),
                    (
                        r"(?=    //  If there's no data to process in the buffer\.\.\.\n)",
                        "    size_t zl_sum = 0;\nzl_again:\n",
                    ),
                    (
                        r"const int rc = read \(_inpos, bufsize\);",
                        "_zl_filled = false;\n        const size_t zl_room = _decoder->zl_ahead (&_zl_next);\n"
                        "        const int rc = zl_room ? zl_read (bufsize, zl_room) : read (_inpos, bufsize);",
                    ),
                    (
                        r"(?<=error \(connection_error\);\n                return false;\n            \}\n)"
                        r"(?=            return true;)",
                        "            if (zl_sum)\n                _session->flush ();\n",
                    ),
                    (
                        r"_decoder->resize_buffer \(_insize\);(?=\s*\}\s*int rc = 0;)",
                        "if (!zl_room)\n            _decoder->resize_buffer (_insize);\n        zl_sum += _insize;",
                    ),
                    (
                        r"(?<=size_t processed = 0;\n\n    while \(_insize > 0)(?=\) \{\n        rc = _decoder)",
                        " || zl_go_on ()",
                    ),
                    (
                        r"(?=    //  Tear down the connection if we have failed to decode input data\n)",
                        f"    if (_zl_filled && rc != -1 && zl_sum < {MOST_READ})\n        goto zl_again;\n\n",
                    ),
                    (
                        r"(?<=    while \(_insize > 0)(?=\) \{\n        size_t processed)",  # restart_input
                        " || zl_go_on ()",
                    ),
                ),
            ),
        ),
    ),
)
