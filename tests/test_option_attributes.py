"""What type checkers are told about the options is what the table says."""

from __future__ import annotations

from zmqlite import option_table, options
from zmqlite.option_attributes import ContextAttributes, SocketAttributes
from zmqlite.option_codec import Option

# Socket defines these itself.
OWN = {"type", "hwm", "subscribe", "unsubscribe"}


def get_annotations(rows: tuple[Option, ...]) -> dict[str, str]:
    """The attributes that the table asks for, and the type of each."""
    annotations = {}
    for row in rows:
        kind = "int" if row.size else "bytes"
        for name in (row.name, *row.aliases):
            annotations[name] = annotations[name.lower()] = "int | bytes" if name == "THREAD_NAME_PREFIX" else kind
    return annotations


def test_every_socket_option_is_annotated() -> None:
    """Lower case, upper case, and the deprecated names; nothing else."""
    expected = get_annotations(tuple(options.SOCKET_OPTIONS.values()))
    assert SocketAttributes.__annotations__ == {name: kind for name, kind in expected.items() if name not in OWN}


def test_every_context_option_is_annotated() -> None:
    """Those that are no socket option too; the rest are inherited."""
    expected = get_annotations(option_table.CONTEXT_ROWS)
    inherited = SocketAttributes.__annotations__
    assert ContextAttributes.__annotations__ == {name: kind for name, kind in expected.items() if name not in inherited}
