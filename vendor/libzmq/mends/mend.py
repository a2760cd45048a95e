"""A small change to an extracted source, found by its surroundings, whatever the line breaks."""

import re
from pathlib import Path
from typing import NamedTuple


class Mend(NamedTuple):
    """One fault: all its changes are made, or none."""

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]  # a regular expression that matches once, and what it becomes
    header: str = ""  # another file, when the fault needs one more
    header_changes: tuple[tuple[str, str], ...] = ()
    more: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()  # further files, each with its changes
    new: tuple[tuple[str, str], ...] = ()  # files of our own that the changes need, each with its text
    library: str = "libzmq"  # or libsodium

    def files(self) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
        """Each file with its changes."""
        header = [(self.header, self.header_changes)] if self.header else []
        return [(self.file, self.changes), *header, *self.more]


def apply(one: Mend, tree: Path) -> bool:
    """Make all changes of a mend, or none when the source reads otherwise; whether they were made."""
    changed = {}
    for file, changes in one.files():
        if not (tree / file).is_file():
            return False
        changed[file] = (tree / file).read_text(encoding="utf-8")
        for pattern, replacement in changes:
            changed[file], count = re.subn(pattern, lambda _, by=replacement: by, changed[file])
            if count != 1:
                return False
    changed.update(one.new)
    for file, text in changed.items():
        (tree / file).write_text(text, encoding="utf-8")
    return True
