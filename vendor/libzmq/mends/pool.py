"""Memory of short messages goes back to the thread that asked for it."""

from pathlib import Path

from mends.mend import Mend

HEADER = (Path(__file__).parent / "pool.hpp").read_text(encoding="utf-8")

# The program's thread asks for memory for each message, and the I/O thread frees it: both hold the one lock of malloc's
# heap for it, and wait for each other. Here each thread keeps some blocks of each size up to 1 KiB, and who frees
# another's block gives it back to that.
POOL = (
    Mend(
        "memory of short messages goes back to the thread that asked for it",
        "src/msg.cpp",
        (
            (r'(?<=#include "msg\.hpp"\n)', '#include "zl_pool.hpp"\n'),
            (
                r"if \(sizeof \(content_t\) \+ size_ > size_\)(?=\s*_u\.lmsg\.content =)",
                "if (sizeof (content_t) + size_ + 16 > size_)",
            ),
            (r"malloc (?=\(sizeof \(content_t\) \+ size_\))", "zl_pool_take "),
            (r"malloc (?=\(sizeof \(content_t\)\)\);)", "zl_pool_take "),
            (
                r"free (?=\(_u\.lmsg\.content\);\s*\}\s*\}\s*if \(is_zcmsg \(\)\))",
                "zl_pool_give ",
            ),
            (r"free (?=\(_u\.lmsg\.content\);\s*return false;)", "zl_pool_give "),
        ),
        new=(("src/zl_pool.hpp", HEADER),),
    ),
)
