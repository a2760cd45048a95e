#ifndef __ZL_CURVE_BOX_HPP_INCLUDED__
#define __ZL_CURVE_BOX_HPP_INCLUDED__

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "sodium.h"

namespace zmq
{
//  The MESSAGE commands of one direction of a CURVE connection: encrypted and
//  authenticated with libsodium's XSalsa20 and Poly1305, bit for bit as by
//  crypto_box_easy_afternm, in fewer passes.
//
//  The first 16 bytes of the nonce are the same for each message, and so is the
//  key that XSalsa20 derives from them. The stream of a nonce begins with the
//  32 bytes that key Poly1305. The command has 32 bytes before what it
//  encrypts, its name, the other 8 bytes of the nonce and the MAC: stream and
//  command run side by side.
class curve_box_t
{
  public:
    enum
    {
        name_size = 8,
        nonce_size = 8,
        //  What the command has before the flags and the plaintext.
        overhead = 32
    };

    curve_box_t () : _has_key (false) {}
    ~curve_box_t () { sodium_memzero (_key, sizeof _key); }

    //  Derives the key from the 16 bytes that each nonce begins with and the
    //  key that both peers know; only the first time.
    void set_key (const char *prefix_, const uint8_t *precom_)
    {
        if (_has_key)
            return;
        crypto_core_hsalsa20 (
          _key, reinterpret_cast<const unsigned char *> (prefix_), precom_,
          NULL);
        _has_key = true;
    }

    //  Encrypts flags and plaintext into a command, and puts the MAC there;
    //  not its name and its nonce.
    //
    //  command_: overhead bytes of room, begun_ bytes of plaintext, at most a
    //    hundred, and room for the size_ bytes of it that are at data_.
    void seal (uint8_t *command_,
               size_t begun_,
               const uint8_t *data_,
               size_t size_,
               const uint8_t *nonce_) const
    {
        const size_t at = overhead + begun_;
        const size_t total = at + size_;
        const size_t head = least (total, step);
        uint8_t stream[step];
        const size_t used = make_stream (stream, head, nonce_, 0);

        exclusive_or (command_ + overhead, command_ + overhead,
                      stream + overhead, begun_);
        exclusive_or (command_ + at, data_, stream + at, head - at);

        crypto_onetimeauth_state state;
        crypto_onetimeauth_init (&state, stream);
        crypto_onetimeauth_update (&state, command_ + overhead,
                                   head - overhead);
        for (size_t done = head; done < total; done += piece) {
            const size_t part = least (total - done, piece);
            crypt (command_ + done, data_ + (done - at), part, nonce_, done);
            crypto_onetimeauth_update (&state, command_ + done, part);
        }
        crypto_onetimeauth_final (&state,
                                  command_ + name_size + nonce_size);
        sodium_memzero (&state, sizeof state);
        sodium_memzero (stream, used);
    }

    //  Whether a command of size_ bytes, more than overhead, is what the peer
    //  has sealed. Then its plaintext is where the command was. Nothing is
    //  decrypted before all of it is known to be the peer's.
    bool open (uint8_t *command_, size_t size_, uint8_t *flags_) const
    {
        const size_t head = least (size_, step);
        uint8_t nonce[nonce_size];
        memcpy (nonce, command_ + name_size, nonce_size);
        uint8_t stream[step];
        const size_t used = make_stream (stream, head, nonce, 0);

        const bool is_peers =
          crypto_onetimeauth_verify (command_ + name_size + nonce_size,
                                     command_ + overhead, size_ - overhead,
                                     stream)
          == 0;
        if (is_peers) {
            //  All moves to the front, by what is before it.
            const size_t moved = overhead + 1;
            *flags_ = command_[overhead] ^ stream[overhead];
            exclusive_or (stream + moved, stream + moved, command_ + moved,
                          head - moved);
            memcpy (command_, stream + moved, head - moved);
            for (size_t done = head; done < size_; done += piece) {
                const size_t part = least (size_ - done, piece);
                crypt (command_ + done, command_ + done, part, nonce, done);
                memmove (command_ + done - moved, command_ + done, part);
            }
        }
        sodium_memzero (stream, used);
        return is_peers;
    }

  private:
    enum
    {
        block = 64,
        //  libsodium makes 8 blocks of the stream in not much more than the
        //  time of one, and where it can 16.
        many = 512,
        step = 1024,
        //  Each piece is encrypted and authenticated while the CPU's first
        //  cache has it.
        piece = 16 * step
    };

    static size_t least (size_t a_, size_t b_) { return a_ < b_ ? a_ : b_; }

    //  How much of the stream to make when so much is wanted, at most a step.
    static size_t roomy (size_t size_)
    {
        if (size_ % many <= block || !sodium_runtime_has_avx2 ())
            return size_;
        return (size_ + many - 1) / many * many;
    }

    //  The stream at a whole number of blocks. Returns how much was made.
    size_t make_stream (uint8_t *stream_,
                        size_t size_,
                        const uint8_t *nonce_,
                        size_t at_) const
    {
        const size_t made = roomy (size_);
        memset (stream_, 0, made);
        crypto_stream_salsa20_xor_ic (stream_, stream_, made, nonce_,
                                      at_ / block, _key);
        return made;
    }

    //  Encrypts or decrypts what is at_ bytes into the stream, a whole number
    //  of blocks.
    void crypt (uint8_t *to_,
                const uint8_t *from_,
                size_t size_,
                const uint8_t *nonce_,
                size_t at_) const
    {
        size_t tail = size_ % step;
        if (roomy (tail) == tail)
            tail = 0;
        const size_t whole = size_ - tail;
        if (whole > 0)
            crypto_stream_salsa20_xor_ic (to_, from_, whole, nonce_,
                                          at_ / block, _key);
        if (tail > 0) {
            uint8_t stream[step];
            const size_t used =
              make_stream (stream, tail, nonce_, at_ + whole);
            exclusive_or (to_ + whole, from_ + whole, stream, tail);
            sodium_memzero (stream, used);
        }
    }

    static void exclusive_or (uint8_t *to_,
                              const uint8_t *from_,
                              const uint8_t *with_,
                              size_t size_)
    {
        for (size_t i = 0; i < size_; i++)
            to_[i] = from_[i] ^ with_[i];
    }

    bool _has_key;
    uint8_t _key[crypto_stream_salsa20_KEYBYTES];

    curve_box_t (const curve_box_t &);
    const curve_box_t &operator= (const curve_box_t &);
};
}

#endif
