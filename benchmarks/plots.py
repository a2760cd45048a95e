"""Pictures of how cost grows: one a transport, and one of connections, poll items and threads."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

__all__ = ["draw"]

# Colours that colour-blind people tell apart (Okabe and Ito), and a mark each for print.
_STYLES = {
    "zmqlite": ("#0072B2", "o"),
    "pyzmq": ("#D55E00", "s"),
    "pyomq": ("#009E73", "^"),
    "pynng": ("#CC79A7", "v"),
    "C": ("#555555", "D"),
}
_FEW_DECADES = 100
_TRANSPORTS = {
    "inproc": "inproc: two threads of one process",
    "ipc": "ipc: two processes",
    "tcp": "tcp over 127.0.0.1: two processes",
}


def _curve(axes: Any, series: dict[str, Any], invert: bool, key: str = "median") -> None:
    """One line for each program, named where it ends."""
    for variant in series["points"][0]["variants"]:
        points = []
        for value, point in zip(series["values"], series["points"]):
            found = point["variants"][variant]
            if key == "median":
                if found["median"]:
                    y = 1e9 / found["median"] if invert else found["median"] / 1e3
                    points.append((value, y))
            elif found["others"].get(key):
                total = found["others"][key] + found["others"].get(f"sender_{key}", 0)
                points.append((value, total / 1024))
        if points:
            colour, mark = _STYLES[variant.partition(" ")[0]]
            axes.plot(
                *zip(*points),
                color=colour,
                marker=mark,
                markersize=5,
                linewidth=2.6 if variant == "zmqlite" else 1.4,
                linestyle="--" if variant == "C" else "-",
                zorder=3 if variant == "zmqlite" else 2,
                label="C (the limit)" if variant == "C" else variant,
            )


def _finish(axes: Any, title: str, x: str, y: str, sizes: bool) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log", base=2 if sizes else 10)
    axes.set_yscale("log")
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(True, which="major", color="#dddddd", linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
    if sizes:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short_size(value)))
    else:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short_number(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    low, high = axes.get_ylim()
    # Fewer than two decades have too few powers of ten to read a value by.
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < _FEW_DECADES else (1,)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short_number(value)))


def _short_size(value: float) -> str:
    for unit, factor in (("M", 2**20), ("K", 2**10)):
        if value >= factor:
            return f"{value / factor:g} {unit}iB"
    return f"{value:g} B"


def _short_number(value: float) -> str:
    for unit, factor in (("M", 1e6), ("k", 1e3)):
        if value >= factor:
            return f"{value / factor:g} {unit}"
    return f"{value:g}"


def _save(figure: Any, path: Path, subtitle: str) -> None:
    figure.text(0.01, 0.012, subtitle, fontsize=8, color="#555555")
    figure.savefig(path, format="svg", metadata={"Date": None})


def draw(report: dict[str, Any], folder: Path) -> dict[str, str]:
    """Draw what was measured.

    Args:
        report: what results.json holds.
        folder: where the pictures go.

    Returns:
        The title of each picture, and its file name.

    Raises:
        ImportError: matplotlib is not installed.
    """
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    pyplot.rcParams.update({"svg.hashsalt": "zmqlite", "font.size": 10, "svg.fonttype": "path"})
    series = {one["name"]: one for one in report["series"]}
    machine = report["machine"]
    subtitle = f"{machine['processor']}, {machine['cpus']} CPUs, {machine['python']}, {report['date'][:10]}"
    drawn: dict[str, str] = {}
    for transport, words in _TRANSPORTS.items():
        panels = [name for name in (f"size-{transport}", f"latency-{transport}") if name in series]
        if not panels:
            continue
        figure, axes = pyplot.subplots(1, len(panels), figsize=(6.4 * len(panels), 4.8), squeeze=False)
        for at, name in zip(axes[0], panels):
            latency = name.startswith("latency")
            _curve(at, series[name], invert=not latency)
            said = "REQ/REP round trip (lower is better)" if latency else "PUSH/PULL throughput (higher is better)"
            _finish(at, said, "message size", "microseconds" if latency else "messages a second", sizes=True)
        title = words
        figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        figure.tight_layout(rect=(0, 0.03, 1, 0.97))
        _save(figure, folder / f"{transport}.svg", subtitle)
        pyplot.close(figure)
        drawn[title] = f"{transport}.svg"
    panels = [name for name in ("connections", "items", "threads") if name in series]
    if panels:
        both = [(name, "median") for name in panels] + [("connections", "rss_kib")] * ("connections" in panels)
        figure, axes = pyplot.subplots(1, len(both), figsize=(4.6 * len(both), 4.4), squeeze=False)
        for at, (name, key) in zip(axes[0], both):
            _curve(at, series[name], invert=False, key=key)
            words = "microseconds a poll" if name == "items" else "microseconds a message"
            title = series[name]["title"] if key == "median" else "Memory of both processes"
            _finish(at, title, series[name]["axis"], words if key == "median" else "MiB", sizes=False)
            at.set_xticks(series[name]["values"])
        title = "How cost grows (lower is better)"
        figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        figure.tight_layout(rect=(0, 0.03, 1, 0.97))
        _save(figure, folder / "growth.svg", subtitle)
        pyplot.close(figure)
        drawn[title] = "growth.svg"
    return drawn
