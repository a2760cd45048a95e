/* The cryptography of CURVE's messages against libsodium's own: says what differs, and ends with 1.

   Every Salsa20 that libsodium has for this CPU makes the stream that its portable core makes block by block, every
   Poly1305 the MAC that its portable one makes; and what curve_box.hpp makes is what crypto_box_easy_afternm makes, comes back whole, and is refused with one bit changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vector>

#include "curve_box.hpp"

typedef std::vector<unsigned char> bytes;

/* As in libsodium's stream_salsa20.h and onetimeauth_poly1305.h. What is not compiled here is not linked, and NULL. */
struct salsa20_t
{
    int (*stream)(unsigned char *, unsigned long long, const unsigned char *, const unsigned char *);
    int (*stream_xor_ic)(unsigned char *, const unsigned char *, unsigned long long, const unsigned char *, uint64_t,
                         const unsigned char *);
};
struct poly1305_t
{
    int (*onetimeauth)(unsigned char *, const unsigned char *, unsigned long long, const unsigned char *);
    int (*verify)(const unsigned char *, const unsigned char *, unsigned long long, const unsigned char *);
    int (*init)(crypto_onetimeauth_poly1305_state *, const unsigned char *);
    int (*update)(crypto_onetimeauth_poly1305_state *, const unsigned char *, unsigned long long);
    int (*final)(crypto_onetimeauth_poly1305_state *, unsigned char *);
};
extern "C" {
extern struct poly1305_t crypto_onetimeauth_poly1305_donna_implementation;
extern struct poly1305_t crypto_onetimeauth_poly1305_sse2_implementation __attribute__((weak));
extern struct poly1305_t zl_poly1305_avx512_implementation __attribute__((weak));
extern struct salsa20_t crypto_stream_salsa20_xmm6_implementation __attribute__((weak));
extern struct salsa20_t crypto_stream_salsa20_xmm6int_avx2_implementation __attribute__((weak));
extern struct salsa20_t zl_salsa20_avx512_implementation __attribute__((weak));
}

static void fail(const char *what, size_t size)
{
    printf("%s: %lu bytes\n", what, (unsigned long) size);
    exit(1);
}

static bytes random_bytes(size_t size)
{
    bytes made(size + 1);
    randombytes_buf(&made[0], made.size());
    made.resize(size);
    return made;
}

/* Counters around 2^32, where the lower word overflows. */
static void check_salsa20(const char *name, const salsa20_t &salsa20)
{
    const size_t most = 20000;
    const bytes key = random_bytes(32), nonce = random_bytes(8), data = random_bytes(most);
    for (size_t size = 1; size < most; size += size < 3300 ? 1 : 997) {
        const uint64_t first = (UINT64_C(1) << 32) - randombytes_uniform(40);
        bytes expected(data.begin(), data.begin() + size), got(size + 1, 0xee);
        for (size_t at = 0; at < size; at++) {
            static unsigned char block[64];
            if (at % 64 == 0) {
                unsigned char in[16];
                const uint64_t counter = first + at / 64;
                memcpy(in, &nonce[0], 8);
                for (int place = 0; place < 8; place++)
                    in[8 + place] = (unsigned char) (counter >> 8 * place);
                crypto_core_salsa20(block, in, &key[0], NULL);
            }
            expected[at] ^= block[at % 64];
        }
        salsa20.stream_xor_ic(&got[0], &data[0], size, &nonce[0], first, &key[0]);
        if (memcmp(&got[0], &expected[0], size) != 0 || got[size] != 0xee)
            fail(name, size);
    }
    printf("%s\n", name);
}

/* Also with bytes that carry as far as can be, at once and in two pieces. */
static void check_poly1305(const char *name, const poly1305_t &poly1305)
{
    const size_t most = 20000;
    for (size_t size = 1; size < most; size += size < 1100 ? 1 : 997) {
        for (int kind = 0; kind < 3; kind++) {
            bytes key = random_bytes(32), data = random_bytes(size);
            if (kind > 0)
                data.assign(size, 0xff);
            if (kind > 1)
                key.assign(32, 0xff);
            unsigned char expected[16], got[16];
            crypto_onetimeauth_poly1305_donna_implementation.onetimeauth(expected, &data[0], size, &key[0]);
            poly1305.onetimeauth(got, &data[0], size, &key[0]);
            if (memcmp(got, expected, 16) != 0 || poly1305.verify(expected, &data[0], size, &key[0]) != 0)
                fail(name, size);
            crypto_onetimeauth_poly1305_state state;
            const size_t first = randombytes_uniform((uint32_t) size + 1);
            poly1305.init(&state, &key[0]);
            poly1305.update(&state, &data[0], first);
            poly1305.update(&state, &data[0] + first, size - first);
            poly1305.final(&state, got);
            if (memcmp(got, expected, 16) != 0)
                fail(name, size);
        }
    }
    printf("%s\n", name);
}

static void check_box(size_t size, size_t begun)
{
    const size_t overhead = zmq::curve_box_t::overhead;
    const bytes shared = random_bytes(32), nonce = random_bytes(24), plain = random_bytes(begun + size);
    const unsigned char *const prefix = &nonce[0], *const rest = &nonce[16];
    bytes expected(16 + begun + size), box(overhead + begun + size + 64, 0xee);
    crypto_box_easy_afternm(&expected[0], &plain[0], plain.size(), &nonce[0], &shared[0]);

    zmq::curve_box_t sealing, opening;
    sealing.set_key((const char *) prefix, &shared[0]);
    opening.set_key((const char *) prefix, &shared[0]);
    const bytes after(box.end() - 64, box.end());
    memcpy(&box[overhead], &plain[0], begun);
    sealing.seal(&box[0], begun, &plain[0] + begun, size, rest);
    memcpy(&box[8], rest, 8);
    if (memcmp(&box[16], &expected[0], expected.size()) != 0)
        fail("not what crypto_box_easy_afternm makes", size);

    uint8_t flags = 0;
    const size_t whole = overhead + begun + size;
    const size_t place = 8 + randombytes_uniform((uint32_t) (whole - 8));
    box[place] ^= 1 << randombytes_uniform(8);
    const bytes forged = box;
    if (opening.open(&box[0], whole, &flags) || box != forged)
        fail("a forged box was opened or changed", size);
    memcpy(&box[8], rest, 8);
    memcpy(&box[16], &expected[0], expected.size());
    if (!opening.open(&box[0], whole, &flags) || flags != plain[0]
        || memcmp(&box[0], &plain[0] + 1, begun + size - 1) != 0)
        fail("did not come back", size);
    if (memcmp(&box[whole], &after[0], 64) != 0)
        fail("written behind the end", size);
}

int main()
{
    if (sodium_init() < 0)
        return 1;
    const salsa20_t chosen = {NULL, crypto_stream_salsa20_xor_ic};
    check_salsa20("chosen", chosen);
    if (&crypto_stream_salsa20_xmm6_implementation)
        check_salsa20("xmm6", crypto_stream_salsa20_xmm6_implementation);
    if (&crypto_stream_salsa20_xmm6int_avx2_implementation && sodium_runtime_has_avx2())
        check_salsa20("avx2", crypto_stream_salsa20_xmm6int_avx2_implementation);
#ifdef __x86_64__
    if (&zl_salsa20_avx512_implementation && sodium_runtime_has_avx512f() && __builtin_cpu_supports("avx512vl"))
        check_salsa20("avx512", zl_salsa20_avx512_implementation);
    if (&zl_poly1305_avx512_implementation && sodium_runtime_has_avx512f() && __builtin_cpu_supports("avx512vl"))
        check_poly1305("poly1305 avx512", zl_poly1305_avx512_implementation);
#endif
    if (&crypto_onetimeauth_poly1305_sse2_implementation && sodium_runtime_has_sse2())
        check_poly1305("poly1305 sse2", crypto_onetimeauth_poly1305_sse2_implementation);
    for (size_t size = 0; size < 2000000; size = size < 3300 ? size + 1 : size + size / 12 + 7) {
        check_box(size, 1);
        check_box(size, 1 + randombytes_uniform(20));
    }
    for (size_t step = 1024; step < 70000; step += step < 5000 ? 1024 : 16384)
        for (size_t size = step - 40; size < step + 40; size++)
            check_box(size, 1);
    printf("boxes\n");
    return 0;
}
