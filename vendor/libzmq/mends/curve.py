"""Copies that CURVE makes and nobody needs."""

from mends.mend import Mend

CURVE = (
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
)
