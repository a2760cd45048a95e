"""Long messages are received into memory that may become the receiver's own object."""

from mends.mend import Mend

# What a long message is received into is a block with room for the head of an object before the data, for a zero after
# them, and for what libzmq knows of it after that. Who receives it may take the block, once nobody else has the
# message (src/hotpath/landing.c makes bytes of it); whoever else closes it frees it, on any thread. Until somebody says
# where the blocks come from, there are none.
LANDING = (
    Mend(
        "long messages land in memory that can become an object",
        "src/msg.cpp",
        (
            (
                r"(?=int zmq::msg_t::init_buffer \(const void \*buf_, size_t size_\))",
                """extern "C" {
zl_landing_t zl_landing = {NULL, NULL, 0, static_cast<size_t> (-1)};
static void zl_landing_free (void *, void *block_) { zl_landing.release (block_); }
static void zl_landing_taken (void *, void *) {}
}

int zmq::msg_t::init_landing (size_t size_)
{
    const size_t before = zl_landing.head, at = (before + size_ + 16) & ~static_cast<size_t> (15);
    if (size_ < zl_landing.least || size_ > static_cast<size_t> (-1) / 2)
        return init_size (size_);
    char *const block = static_cast<char *> (zl_landing.allocate (at + sizeof (content_t)));
    if (unlikely (!block)) {
        errno = ENOMEM;
        return -1;
    }
    return init_external_storage (reinterpret_cast<content_t *> (block + at), block + before, size_, zl_landing_free,
                                  block);
}

//  The block is the caller's, who still closes the message, and before that neither frees nor moves the block.
void *zmq::msg_t::zl_land_take ()
{
    if (_u.base.type != type_zclmsg || _u.zclmsg.flags & shared || _u.zclmsg.content->ffn != zl_landing_free)
        return NULL;
    _u.zclmsg.content->ffn = zl_landing_taken;
    return _u.zclmsg.content->hint;
}

""",
            ),
        ),
        "src/msg.hpp",
        (
            (
                r"(?=void shrink \(size_t new_size_\);)",
                "int init_landing (size_t size_);\n    void *zl_land_take ();\n    ",
            ),
            (
                r"(?=namespace zmq\s*\{\s*//\s+Note that this structure needs to be explicitly constructed)",
                """extern "C" {
struct zl_landing_t
{
    void *(*allocate) (size_t size_);
    void (*release) (void *block_);
    size_t head;
    size_t least;
};
extern zl_landing_t zl_landing;
}

""",
            ),
        ),
        (
            (
                "src/v2_decoder.cpp",
                (
                    (
                        r"_in_progress\.init_size (?=\(static_cast<size_t> \(msg_size_\)\);\s*\} else)",
                        "_in_progress.init_landing ",
                    ),
                ),
            ),
            (
                "src/zmq.cpp",
                (
                    (
                        r"(?=int zmq_send_const \(void \*s_)",
                        """extern "C" void *zl_land_take (zmq_msg_t *msg_)
{
    return reinterpret_cast<zmq::msg_t *> (msg_)->zl_land_take ();
}

""",
                    ),
                ),
            ),
        ),
    ),
)
