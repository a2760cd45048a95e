"""Long messages are written from where they are."""

from pathlib import Path

from mends.mend import Mend

HEADER = (Path(__file__).parent / "gather.hpp").read_text(encoding="utf-8")

# Of a batch, only headers and short messages are copied; the rest is handed to the system as it is, up to 32 messages
# in one system call. Only for ZMTP over sockets: WebSockets mask what they send, TLS encrypts it.
_SPLIT = (
    (
        r"(?=private:\s*void size_ready \(\);)",
        "size_t zl_split (unsigned char **data_, msg_t *held_, unsigned char **body_) ZMQ_OVERRIDE\n"
        "    { return split (data_, held_, body_); }\n\n  ",
    ),
)
GATHER = (
    Mend(
        "long messages are written from where they are",
        "src/i_encoder.hpp",
        (
            (
                r"(?<=virtual void load_msg \(msg_t \*msg_\) = 0;)",
                """

    //  Writes the header of the message that was loaded to *data_, or to a buffer of its own, moves the message to
    //  held_, and tells where its body is. Returns the header's size; 0 when nothing was done.
    virtual size_t zl_split (unsigned char **, msg_t *, unsigned char **) { return 0; }""",
            ),
        ),
        "src/encoder.hpp",
        (
            (
                r"(?<=  protected:\n)(?=    //  Prototype of state machine action\.)",
                """    size_t split (unsigned char **data_, msg_t *held_, unsigned char **body_)
    {
        const size_t header = _to_write;
        if (!*data_)
            *data_ = _buf;
        memcpy (*data_, _write_pos, header);
        (static_cast<T *> (this)->*_next) ();
        *body_ = _write_pos;
        _write_pos = NULL;
        _to_write = 0;
        const int rc = held_->move (*_in_progress);
        errno_assert (rc == 0);
        _in_progress = NULL;
        return header;
    }

""",
            ),
        ),
        (
            ("src/v2_encoder.hpp", _SPLIT),
            ("src/v3_1_encoder.hpp", _SPLIT),
            (
                "src/stream_engine_base.hpp",
                (
                    (r'(?<=#include "tcp\.hpp"\n)', '#include "zl_gather.hpp"\n'),
                    (
                        r"(?<=msg_t _tx_msg;)",
                        "\n\n#ifndef ZMQ_HAVE_WINDOWS\n    //  Made with the first long message.\n"
                        "    zl_gather_t *_zl_gather;\n    bool zl_split (size_t &copied_, size_t &run_);\n#endif",
                    ),
                ),
            ),
            (
                "src/stream_engine_base.cpp",
                (
                    (
                        r"(?<=const int rc = _tx_msg\.init \(\);\n    errno_assert \(rc == 0\);)",
                        "\n#ifndef ZMQ_HAVE_WINDOWS\n    _zl_gather = NULL;\n#endif",
                    ),
                    (
                        r"(?<=const int rc = _tx_msg\.close \(\);\n    errno_assert \(rc == 0\);)",
                        "\n#ifndef ZMQ_HAVE_WINDOWS\n    delete _zl_gather;\n#endif",
                    ),
                    (
                        r"(?=void zmq::stream_engine_base_t::out_event \(\)\n)",
                        """#ifndef ZMQ_HAVE_WINDOWS
bool zmq::stream_engine_base_t::zl_split (size_t &copied_, size_t &run_)
{
    const size_t size = _tx_msg.size ();
    if (size < zl_gather_t::least || static_cast<size_t> (_options.out_batch_size) < copied_ + 64)
        return false;
    if (!_zl_gather)
        _zl_gather = new (std::nothrow) zl_gather_t;
    if (!_zl_gather || _zl_gather->full ())
        return false;
    unsigned char *at = _outpos ? _outpos + copied_ : NULL, *body;
    const size_t header = _encoder->zl_split (&at, _zl_gather->next (), &body);
    if (!header)
        return false;
    if (!_outpos)
        _outpos = at;
    copied_ += header;
    _zl_gather->add (_outpos + run_, copied_ - run_);
    _zl_gather->add (body, size);
    run_ = copied_;
    _outsize += header + size;
    return true;
}
#endif

""",
                    ),
                    (
                        r"(?<=_outsize = _encoder->encode \(&_outpos, 0\);)",
                        "\n        size_t zl_copied = _outsize, zl_run = 0;",
                    ),
                    (
                        r"(?<=_encoder->load_msg \(&_tx_msg\);)\s*unsigned char \*bufptr = _outpos \+ _outsize;",
                        "\n#ifndef ZMQ_HAVE_WINDOWS\n            if (zl_split (zl_copied, zl_run))\n"
                        "                continue;\n#endif\n"
                        "            unsigned char *bufptr = _outpos ? _outpos + zl_copied : NULL;",
                    ),
                    (
                        r"(?<=_outsize \+= n;)(?=\n)",
                        "\n            zl_copied += n;",
                    ),
                    (
                        r"(?=//  If there is no data to send, stop polling for output\.\s*if \(_outsize == 0\))",
                        "#ifndef ZMQ_HAVE_WINDOWS\n"
                        "        if (_zl_gather && _zl_gather->active () && zl_copied > zl_run)\n"
                        "            _zl_gather->add (_outpos + zl_run, zl_copied - zl_run);\n#else\n"
                        "        (void) zl_run;\n#endif\n        ",
                    ),
                    (
                        r"const int nbytes = write \(_outpos, _outsize\);",
                        "bool zl_gathered = false;\n#ifndef ZMQ_HAVE_WINDOWS\n"
                        "    zl_gathered = _zl_gather && _zl_gather->active ();\n"
                        "    const int nbytes = zl_gathered ? _zl_gather->write (_s) : write (_outpos, _outsize);\n"
                        "#else\n    const int nbytes = write (_outpos, _outsize);\n#endif",
                    ),
                    (
                        r"_outpos \+= nbytes;(?=\s*_outsize -= nbytes;)",
                        "if (!zl_gathered)\n        _outpos += nbytes;",
                    ),
                ),
            ),
        ),
        (("src/zl_gather.hpp", HEADER),),
    ),
)
