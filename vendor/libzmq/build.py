#!/usr/bin/env python3
"""Fetches, verifies and builds the libzmq and libsodium that zmqlite carries.

    python vendor/libzmq/build.py               build, or find what is built
    python vendor/libzmq/build.py --print       the same, and print the folder of the result
    python vendor/libzmq/build.py --fetch-only  only get the tarballs

Environment: ZMQLITE_CACHE, ZMQLITE_LIBZMQ_SOURCE (upstream or debian), CC, CXX.
"""

import argparse
import json
import os
import sys

from cmake_build import build
from fetch import fetch
from pins import VendorError, say


def main() -> int:
    """Run the command; the exit status is 1 when it cannot do what was asked."""
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--fetch-only", action="store_true", help="get and verify the tarballs, build nothing")
    parser.add_argument("--print", action="store_true", dest="show",
                        help="print the folder of the result (with --fetch-only the tarballs) on standard output")
    parser.add_argument("--force", action="store_true", help="ask the sources in order again and build again")
    parser.add_argument("--source", default=os.environ.get("ZMQLITE_LIBZMQ_SOURCE") or None,
                        help="use only this source: upstream or debian (default: $ZMQLITE_LIBZMQ_SOURCE, or any)")
    arguments = parser.parse_args()
    try:
        fetched = fetch(arguments.source, fresh=arguments.force)
        if arguments.fetch_only:
            result = [str(path) for _, path in fetched.values()]
        else:
            entry = build(fetched, force=arguments.force)
            info = json.loads((entry / "build-info.json").read_text(encoding="utf-8"))
            for library in ("libzmq", "libsodium"):
                one = info[library]
                say(f"{library} {one['version']} from {one['source']}, licence {one['licence']}")
            result = [str(entry)]
    except VendorError as error:
        print(f"vendor/libzmq: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if arguments.show:
        print("\n".join(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
