/* libsodium's Salsa20 of eight blocks at a time (u8.h), with every vector twice as wide: sixteen. Included in the function
   that u8.h is included in, before it. Each half of a vector is what the whole vector was, the upper half eight blocks
   further on in the stream; salsa20_avx512.c has what is different for halves. */
#pragma push_macro("_mm256_permute2x128_si256") /* a macro for some compilers */
#undef _mm256_permute2x128_si256

#define __m256i __m512i
#define _mm256_set1_epi32 _mm512_set1_epi32
#define _mm256_set_epi64x(d, c, b, a) _mm512_set_epi64((d) + 8, (c) + 8, (b) + 8, (a) + 8, d, c, b, a)
#define _mm256_set_epi32(h, g, f, e, d, c, b, a) \
    _mm512_set_epi32((h) + 8, (g) + 8, (f) + 8, (e) + 8, (d) + 8, (c) + 8, (b) + 8, (a) + 8, h, g, f, e, d, c, b, a)
#define _mm256_broadcastq_epi64 _mm512_broadcastq_epi64
#define _mm256_permutevar8x32_epi32(words, places) _mm512_permutexvar_epi32(places, words)
#define _mm256_permute2x128_si256(a, b, which) zl_salsa20_pair_##which(a, b)
#define _mm256_add_epi32 _mm512_add_epi32
#define _mm256_add_epi64 _mm512_add_epi64
#define _mm256_xor_si256 _mm512_xor_si512
#define _mm256_slli_epi32 _mm512_rol_epi32
#define _mm256_srli_epi32(words, count) _mm512_setzero_si512()
#define _mm256_unpacklo_epi32 _mm512_unpacklo_epi32
#define _mm256_unpackhi_epi32 _mm512_unpackhi_epi32
#define _mm256_unpacklo_epi64 _mm512_unpacklo_epi64
#define _mm256_unpackhi_epi64 _mm512_unpackhi_epi64
#define _mm256_loadu_si256 zl_salsa20_load
#define _mm256_storeu_si256 zl_salsa20_store
#define ZL_SALSA20_STEP 1024

#include "crypto_stream/salsa20/xmm6int/u8.h"

#undef __m256i
#undef _mm256_set1_epi32
#undef _mm256_set_epi64x
#undef _mm256_set_epi32
#undef _mm256_broadcastq_epi64
#undef _mm256_permutevar8x32_epi32
#undef _mm256_add_epi32
#undef _mm256_add_epi64
#undef _mm256_xor_si256
#undef _mm256_slli_epi32
#undef _mm256_srli_epi32
#undef _mm256_unpacklo_epi32
#undef _mm256_unpackhi_epi32
#undef _mm256_unpacklo_epi64
#undef _mm256_unpackhi_epi64
#undef _mm256_loadu_si256
#undef _mm256_storeu_si256
#undef ZL_SALSA20_STEP
#pragma pop_macro("_mm256_permute2x128_si256")

/* What is left after that, with vectors of 256 bits. */
#define _mm256_slli_epi32 _mm256_rol_epi32
#define _mm256_srli_epi32(words, count) _mm256_setzero_si256()
