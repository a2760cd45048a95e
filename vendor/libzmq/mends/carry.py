"""A message that carries the object which its data belong to, from a sender of this process to a receiver of it."""

from mends.mend import Mend

# A message is a union of structs that all end in a group of 16 bytes: a type, and a text or a pointer. Only RADIO and
# DISH have groups, so a third type has the pointer to the object there. Such a message is one of type_cmsg: it points
# to data and owns nothing, but for the one reference to the object. Who receives it in this process may take that
# over (zl_carry.c); whoever else closes it gives it to zl_carry_drop, on any thread. Two messages never carry one
# reference: what is copied or distributed is first made an ordinary message, whose content drops the object.
CARRY = (
    Mend(
        "a message carries its object to a receiver in this process",
        "src/msg.cpp",
        (
            (
                r"(?=bool zmq::msg_t::check \(\) const)",
                """extern "C" {
void (*zl_carry_drop) (void *object_) = NULL;
static void zl_carry_free (void *, void *object_) { if (zl_carry_drop) zl_carry_drop (object_); }
}

void zmq::msg_t::zl_carry (void *data_, size_t size_, void *object_)
{
    _u.cmsg.metadata = NULL;
    _u.cmsg.data = data_;
    _u.cmsg.size = size_;
    _u.cmsg.type = type_cmsg;
    _u.cmsg.flags = 0;
    _u.cmsg.routing_id = 0;
    _u.cmsg.group.sgroup.group[0] = '\\0';
    _u.cmsg.group.lgroup.type = group_type_carried;
    _u.cmsg.group.lgroup.content = static_cast<long_group_t *> (object_);
}

void *zmq::msg_t::zl_carried () const
{
    return _u.base.group.type == group_type_carried ? _u.base.group.lgroup.content : NULL;
}

size_t zmq::msg_t::zl_carry_at () const
{
    return reinterpret_cast<const char *> (&_u.base.group) - reinterpret_cast<const char *> (this);
}

//  The same message with data of its own, or that owns what it shares; whoever calls has the reference then.
int zmq::msg_t::zl_become (bool share_)
{
    msg_t plain;
    if (share_ && _u.cmsg.size > max_vsm_size) {
        if (plain.init_data (_u.cmsg.data, _u.cmsg.size, zl_carry_free, zl_carried ()) != 0)
            return -1;
    } else {
        if (plain.init_size (_u.cmsg.size) != 0)
            return -1;
        memcpy (plain.data (), _u.cmsg.data, _u.cmsg.size);
    }
    plain._u.base.metadata = _u.base.metadata;
    plain._u.base.flags = _u.base.flags;
    plain._u.base.routing_id = _u.base.routing_id;
    *this = plain;
    return 0;
}

int zmq::msg_t::zl_carry_no_more ()
{
    void *const object = zl_carried ();
    if (likely (!object))
        return 0;
    if (zl_become (true) != 0)
        return -1;
    if (is_vsm ())
        zl_carry_free (NULL, object);
    return 0;
}

""",
            ),
            (
                r"(?=if \(_u\.base\.group\.type == group_type_long\) \{)",
                "if (unlikely (_u.base.group.type == group_type_carried)) { zl_carry_free (NULL, zl_carried ()); "
                "_u.base.group.type = group_type_short; }\n    ",
            ),
            (
                r"(?=if \(src_\.is_lmsg \(\) \|\| src_\.is_zcmsg \(\)\))",
                "if (unlikely (src_.zl_carry_no_more () != 0)) { init (); errno = ENOMEM; return -1; }\n    ",
            ),
            (
                r"(?=if \(length_ > 14\) \{)",
                "if (unlikely (zl_carry_no_more () != 0)) return -1;\n    ",
            ),
        ),
        "src/msg.hpp",
        (
            (r"group_type_long(?=\s*\};)", "group_type_long,\n        group_type_carried"),
            (
                r"(?=void shrink \(size_t new_size_\);)",
                "void zl_carry (void *data_, size_t size_, void *object_);\n    void *zl_carried () const;\n"
                "    size_t zl_carry_at () const;\n    int zl_become (bool share_);\n"
                "    int zl_carry_no_more ();\n    ",
            ),
        ),
        (
            (
                "src/zmq.cpp",
                (
                    (
                        r"(?=int zmq_send_const \(void \*s_)",
                        """extern "C" {
size_t zl_carry_at () { zmq::msg_t msg; return msg.zl_carry_at (); }

void zl_carry_init (zmq_msg_t *msg_, void *data_, size_t size_, void *object_)
{
    reinterpret_cast<zmq::msg_t *> (msg_)->zl_carry (data_, size_, object_);
}

int zl_carry_send (void *s_, void *data_, size_t size_, int flags_, void *object_)
{
    zmq::socket_base_t *s = as_socket_base_t (s_);
    if (!s)
        return -1;
    zmq::msg_t msg;
    msg.zl_carry (data_, size_, object_);
    return s->send (&msg, flags_);
}

//  The reference is the caller's afterwards.
int zl_carry_own (zmq_msg_t *msg_)
{
    return reinterpret_cast<zmq::msg_t *> (msg_)->zl_become (false);
}

//  The caller has one more reference for the copy.
void zl_carry_copy (zmq_msg_t *target_, zmq_msg_t *source_)
{
    zmq::msg_t *const source = reinterpret_cast<zmq::msg_t *> (source_);
    if (source->metadata ())
        source->metadata ()->add_ref ();
    *reinterpret_cast<zmq::msg_t *> (target_) = *source;
}
}

""",
                    ),
                ),
            ),
            # A message goes to several pipes as copies of its struct. Without memory for that it goes to none.
            (
                "src/dist.cpp",
                (
                    (
                        r"(?=if \(msg_->is_vsm \(\)\) \{)",
                        "if (unlikely (msg_->zl_carry_no_more () != 0)) { int rc = msg_->close (); "
                        "errno_assert (rc == 0); rc = msg_->init (); errno_assert (rc == 0); return; }\n\n    ",
                    ),
                ),
            ),
        ),
    ),
    # With CONFLATE, a message that comes while the one before it is being read takes the place of another that has not
    # been handed on, and which is never closed.
    Mend(
        "a conflated message is closed",
        "src/dbuffer.hpp",
        ((r"(?=\*_back = value_;)", "_back->close ();\n        "),),
    ),
    # And its reader notes, for a writer that may look at the same time, that it sleeps, as which it began, and stays.
    Mend(
        "a conflating queue's reader writes nothing that its writer reads",
        "src/ypipe_conflate.hpp",
        ((r"if \(!res\)\s*reader_awake = false;", ""),),
    ),
    # The first parts of a message whose last part was never sent are closed when their pipe ends, but not when the
    # other side ends it and all has been read.
    Mend(
        "the parts of an unfinished message are closed when the peer ends the pipe",
        "src/pipe.cpp",
        (
            (
                r"_state = term_ack_sent;\s*_out_pipe = NULL;\s*send_pipe_term_ack \(_peer\);"
                r"(?=\s*\}\s*\}\s*//\s*Delimiter happened)",
                "_state = term_ack_sent; rollback (); _out_pipe = NULL; send_pipe_term_ack (_peer);",
            ),
            (
                r"(?<=else if \(_state == delimiter_received\) \{)(?=\s*_state = term_ack_sent;)",
                " rollback ();",
            ),
        ),
    ),
)
