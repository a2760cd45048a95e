"""JSON as UTF-8 bytes."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["dumps", "loads"]

jsonmod = json


def dumps(o: object, **kwargs: Any) -> bytes:
    """Write an object as JSON in UTF-8.

    Args:
        o: what json can take.
        **kwargs: for json.dumps().
    """
    return json.dumps(o, **kwargs).encode("utf-8")


def loads(s: bytes | str, **kwargs: Any) -> Any:
    """Read JSON.

    Args:
        s: text, or bytes in UTF-8.
        **kwargs: for json.loads().

    Raises:
        ValueError: it is not JSON in UTF-8.
    """
    return json.loads(s.decode("utf-8") if isinstance(s, bytes) else s, **kwargs)
