"""What mkdocs asks while it builds the site: option tables from the table in the code, and a nav of what exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# Named instead of a number, where it stands for "as much as fits".
_LIMITS = {2**31 - 1: "2³¹-1", -(2**31): "-2³¹", 2**63 - 1: "2⁶³-1", 2**64 - 1: "2⁶⁴-1"}


def on_config(config: Any) -> Any:
    """Leave pages out of the nav that are not there, and add those that it does not name."""
    folder = Path(config.docs_dir)
    named = str(config.nav)
    pages = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.md"))
    more = [{page.removesuffix(".md"): page} for page in pages if f"'{page}'" not in named]
    config.nav = _existing([*config.nav, *([{"More": more}] if more else [])], folder)
    return config


def _existing(nav: list[Any], folder: Path) -> list[Any]:
    kept: list[Any] = []
    for entry in nav:
        for title, target in entry.items():
            if isinstance(target, list):
                kept.append({title: _existing(target, folder)})
            elif (folder / target).is_file() or target == "reference/options.md":
                kept.append({title: target})
    return kept


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Give a page whose tables have ten columns the width of the window."""
    if page.file.src_uri == "performance.md":
        page.meta["hide"] = ["navigation", "toc"]
    return markdown


def on_files(files: Any, config: Any) -> Any:
    """Add the page of options."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, "reference/options.md", content=make_option_page()))
    return files


def make_option_page() -> str:
    """Every option of sockets and contexts, from zmqlite.options."""
    from zmqlite.options import CONTEXT_OPTIONS, SOCKET_OPTIONS

    lines = [
        "---",
        "hide: [toc]",
        "---",
        "# Options",
        "",
        "Options are attributes: `socket.sndhwm = 10`, `context.io_threads`; or `socket.set(zmq.SNDHWM, 10)`. One",
        "that is set on a context before its sockets are made is a default for them. Values outside of the range are",
        "refused. This page is made from the table in the code.",
    ]
    for title, rows in (("Of sockets", SOCKET_OPTIONS), ("Of contexts", CONTEXT_OPTIONS)):
        lines += ["", f"## {title}", "", "| option | value | default | what it is |", "|---|---|---|---|"]
        lines += [_row(row) for row in sorted(rows.values(), key=lambda one: str(one.name))]
    return "\n".join(lines) + "\n"


def _row(row: Any) -> str:
    low, high = (_LIMITS.get(one, str(one)) for one in (row.lowest, row.highest))
    many = "bytes long" if row.kind in ("bytes", "string") else row.unit
    allowed = {"bool": "0 or 1", "fd": "a descriptor", "key": "a key"}.get(row.kind, f"{low} to {high} {many}".strip())
    if not row.writable:
        allowed += "; to read" if row.readable else ""
    elif not row.readable:
        allowed += "; to set"
    notes = []
    if row.socket_types:
        notes.append(f"for {', '.join(row.socket_types)}")
    if row.writable and not row.at_once:
        notes.append("set it before connect() or bind()")
    if row.draft:
        notes.append(f"draft of {row.draft}")
    if row.needs:
        notes.append(f"needs {row.needs}")
    if row.deprecated:
        notes.append(f"deprecated: {row.deprecated}")
    doc = row.doc.replace("|", "\\|") + (f" *({'; '.join(notes)})*" if notes else "")
    default = "" if row.default is None or row.secret else f"`{row.default!r}`"
    return f"| `{row.name}` | {allowed} | {default} | {doc} |"
