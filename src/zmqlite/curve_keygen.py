"""`python -m zmqlite.curve_keygen`: prints a new pair of CURVE keys, in Z85."""

from __future__ import annotations

import argparse
import json
import sys

from .curve import curve_keypair, curve_public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__: list[str] = []


def _main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m zmqlite.curve_keygen", description="Print a pair of CURVE keys.")
    parser.add_argument("--json", action="store_true", help="as a JSON object")
    parser.add_argument("--secret", help="the pair of this secret key, in Z85, instead of a new one")
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "--secret" in given[:-1]:
        # A key may begin with a dash, which argparse takes for another option.
        at = given.index("--secret")
        given[at : at + 2] = [f"--secret={given[at + 1]}"]
    options = parser.parse_args(given)
    if options.secret:
        try:
            public, secret = curve_public(options.secret.encode()), options.secret.encode()
        except ValueError as error:
            parser.error(str(error))
    else:
        public, secret = curve_keypair()
    keys = {"public": public.decode(), "secret": secret.decode()}
    if options.json:
        print(json.dumps(keys, indent=1, sort_keys=True))
    else:
        print(f"== CURVE PUBLIC KEY ==\n{keys['public']}\n\n== CURVE SECRET KEY ==\n{keys['secret']}")
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
