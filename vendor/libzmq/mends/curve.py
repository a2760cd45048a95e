"""Copies and passes of CURVE that nobody needs."""

from pathlib import Path

from mends.mend import Mend

_EASY = r"(?s)(?<=#ifdef ZMQ_HAVE_CRYPTO_BOX_EASY_FNS)\s*"

CURVE = (
    # A CURVE message is put together in a vector, which is zeroed first, and encrypted from there; what was decrypted
    # is moved. Each message derives the key of its direction again, makes the first block of the stream by itself (to
    # open it, twice) and the last ones one by one, and is passed over as a whole twice. curve_box.hpp does without.
    Mend(
        "CURVE derives a key once, and encrypts and decrypts in pieces",
        "src/curve_mechanism_base.cpp",
        (
            (
                r"std::vector<uint8_t> message_plaintext \(mlen\);",
                "msg_t msg_box; int rc = msg_box.init_size (curve_box_t::overhead + mlen); zmq_assert (rc == 0); "
                "uint8_t *const box = static_cast<uint8_t *> (msg_box.data ()); "
                "uint8_t *const message_plaintext = box + curve_box_t::overhead;",
            ),
            (
                r"(?=if \(msg_->size \(\) > 0\)\s*memcpy \(&message_plaintext\[flags_len)",
                "\n#ifndef ZMQ_HAVE_CRYPTO_BOX_EASY_FNS\n    ",
            ),
            (r"(?=#ifdef ZMQ_HAVE_CRYPTO_BOX_EASY_FNS\s*msg_t msg_box;)", "#endif\n\n"),
            (
                _EASY
                + r"msg_t msg_box;\s.*?(?=uint8_t \*const message = static_cast<uint8_t \*> \(msg_->data \(\)\);)",
                "\n    _sealing.set_key (_encode_nonce_prefix, _cn_precom);\n"
                "    _sealing.seal (box, mlen - msg_->size (), static_cast<const uint8_t *> (msg_->data ()), "
                "msg_->size (), message_nonce + nonce_prefix_len);\n"
                "    rc = msg_->move (msg_box);\n    zmq_assert (rc == 0);\n\n    ",
            ),
            (
                _EASY + r"const size_t clen = msg_->size \(\) - message_header_len;.*?(?=#else\s*const size_t clen)",
                "\n    uint8_t message_plaintext[flags_len];\n"
                "    _opening.set_key (_decode_nonce_prefix, _cn_precom);\n"
                "    rc = _opening.open (message, msg_->size (), message_plaintext) ? 0 : -1;\n",
            ),
            (
                _EASY + r"const size_t plaintext_size = .*?(?=#else\s*rc = msg_->close \(\);)",
                "\n        msg_->shrink (msg_->size () - curve_box_t::overhead - flags_len);\n",
            ),
        ),
        "src/curve_mechanism_base.hpp",
        (
            (
                r'(?<=#elif defined\(ZMQ_USE_LIBSODIUM\)\n)(?=#include "sodium\.h")',
                '#include "curve_box.hpp"\n',
            ),
            # All three are secrets.
            (
                r"(?<=uint8_t _cn_precom\[crypto_box_BEFORENMBYTES\];)",
                "\n\n#ifdef ZMQ_USE_LIBSODIUM\n    curve_box_t _sealing;\n    curve_box_t _opening;\n\n  public:\n"
                "    ~curve_encoding_t () { sodium_memzero (_cn_precom, sizeof _cn_precom); }\n\n  private:\n#endif\n",
            ),
        ),
        new=(("src/curve_box.hpp", Path(__file__).with_name("curve_box.hpp").read_text(encoding="utf-8")),),
    ),
)
