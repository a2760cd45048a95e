"""What libsodium's source needs so that sodium/*_avx512.c can be compiled from it, and are used where they run."""

from mends.mend import Mend

_SALSA20 = "src/libsodium/crypto_stream/salsa20"

SODIUM = (
    # Salsa20 is most of what CURVE costs, and libsodium has it for AVX2 at best. AVX-512 is taken where the CPU has it
    # and the system keeps its registers; VBMI tells CPUs that hardly clock lower with 512 bits (Ice Lake, Zen 4 and
    # later) from those that do (Skylake-X, Cascade Lake).
    Mend(
        "Salsa20 with vectors of 512 bits",
        f"{_SALSA20}/stream_salsa20.c",
        (
            (
                r"(?=#if(?:def)? HAVE_AMD64_ASM\s*static const)",
                "#ifdef ZL_SALSA20_AVX512\n#include <cpuid.h>\n"
                "extern struct crypto_stream_salsa20_implementation zl_salsa20_avx512_implementation;\n"
                "static int zl_salsa20_avx512_runs (void) { unsigned int eax, ebx, ecx, edx; return "
                "sodium_runtime_has_avx512f () && __get_cpuid_count (7, 0, &eax, &ebx, &ecx, &edx) && "
                "(ebx & (1U << 31)) /* VL */ && (ecx & (1U << 1)) /* VBMI */; }\n#endif\n",
            ),
            (
                r"(?=if \(sodium_runtime_has_avx2\(\)\) \{)",
                "\n#ifdef ZL_SALSA20_AVX512\n    if (zl_salsa20_avx512_runs ()) { implementation = "
                "&zl_salsa20_avx512_implementation; return 0; }\n#endif\n    ",
            ),
        ),
        f"{_SALSA20}/xmm6int/salsa20_xmm6int-avx2.c",
        (
            (
                r'#include "u8\.h"',
                "#ifdef ZL_SALSA20_WIDER\n#include ZL_SALSA20_WIDER\n#endif\n#define ZL_SALSA20_STEP 512\n"
                '#include "u8.h"\n#undef ZL_SALSA20_STEP',
            ),
        ),
        # How far a turn of the loop goes, which was a number.
        ((
            f"{_SALSA20}/xmm6int/u8.h",
            (
                (r"(?<=\bif \(bytes >= )512(?=\) \{)", "ZL_SALSA20_STEP"),
                (r"(?<=\bwhile \(bytes >= )512(?=\) \{)", "ZL_SALSA20_STEP"),
                (r"(?<=\bin89 \+= )8(?=;)", "ZL_SALSA20_STEP / 64"),
                (r"(?<=\bbytes -= )512(?=;)", "ZL_SALSA20_STEP"),
                (r"(?<=\bc \+= )512(?=;)", "ZL_SALSA20_STEP"),
                (r"(?<=\bm \+= )512(?=;)", "ZL_SALSA20_STEP"),
            ),
        ),),
        library="libsodium",
    ),
    # What is left is mostly Poly1305, which is compiled for SSE2.
    Mend(
        "Poly1305 with the registers of AVX-512",
        "src/libsodium/crypto_onetimeauth/poly1305/onetimeauth_poly1305.c",
        (
            (
                r"(?=static const crypto_onetimeauth_poly1305_implementation \*implementation)",
                "#ifdef ZL_POLY1305_AVX512\n#include <cpuid.h>\n"
                "extern struct crypto_onetimeauth_poly1305_implementation zl_poly1305_avx512_implementation;\n"
                "static int zl_poly1305_avx512_runs (void) { unsigned int eax, ebx, ecx, edx; return "
                "sodium_runtime_has_avx512f () && __get_cpuid_count (7, 0, &eax, &ebx, &ecx, &edx) && "
                "(ebx & (1U << 31)) /* VL */; }\n#endif\n",
            ),
            (
                r"(?<=implementation = &crypto_onetimeauth_poly1305_sse2_implementation;)",
                "\n#ifdef ZL_POLY1305_AVX512\n        if (zl_poly1305_avx512_runs ()) "
                "implementation = &zl_poly1305_avx512_implementation;\n#endif",
            ),
        ),
        library="libsodium",
    ),
)
