"""`python -m zmqlite keygen NAME`: a new pair of CURVE keys, in two certificate files.

    NAME.key           the public key, to give away
    NAME.key_secret    both keys, for nobody but their owner (0600)

The secret key is neither printed nor taken from the command line, where others on the machine could read it.
"""

from __future__ import annotations

import json
import os
import sys

from .auth.certs import create_certificates, load_certificate
from .errors import ZMQError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_argument("name", metavar="NAME", help="of the files, to which .key and .key_secret are added")
    parser.add_argument("-d", "--directory", default=".", help="where to write them; it must be there (default: here)")
    parser.add_argument(
        "-m", "--metadata", metavar="NAME=VALUE", action="append", default=[], type=_parse_metadata,
        help="a line of both files beside the keys, such as email=me@example.org; may be given again",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _parse_metadata(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ValueError(text)
    return name, value


_parse_metadata.__name__ = "NAME=VALUE"  # as argparse says what it is not


def run(arguments: argparse.Namespace) -> int:
    """Make the keys and write the files.

    Args:
        arguments: as parsed.

    Returns:
        0; 1 when the files are there already or cannot be written.
    """
    name = arguments.name
    if os.path.basename(name) != name or name.startswith("."):
        print(f"keygen: {name!r} is not a file's name: use --directory for where it goes", file=sys.stderr)
        return 1
    try:
        public_file, secret_file = create_certificates(arguments.directory, name, dict(arguments.metadata))
    except FileExistsError as error:
        print(f"keygen: {error.filename} is there already: nothing is written over it", file=sys.stderr)
        return 1
    except (OSError, ValueError, ZMQError) as error:
        print(f"keygen: {error}", file=sys.stderr)
        return 1
    public_key = load_certificate(public_file)[0].decode()
    if arguments.json:
        print(json.dumps({"public_key": public_key, "public": public_file, "secret": secret_file}))
        return 0
    print(f"public key  {public_key}")
    print(f"public      {public_file}")
    print(f"secret      {secret_file}")
    return 0
