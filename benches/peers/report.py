"""Measured times as Markdown and as a chart."""

from __future__ import annotations

import os
import platform
import statistics
from pathlib import Path

#: The time of each peer for each row of each group, in microseconds; `None` where a peer cannot run the row.
Table = dict[str, dict[str, list[float | None]]]


def processor() -> str:
    """The name of the processor, and what it can."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    name = next((line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name")), "")
    features = [f for f in ("avx2", "avx512f", "amx_tile") if f" {f}" in text]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name or platform.processor()}, {cores} cores ({', '.join(features) or platform.machine()})"


def shown(microseconds: float | None) -> str:
    """A time with a fitting unit."""
    if microseconds is None:
        return ""
    if microseconds < 1e3:
        return f"{microseconds:.1f} us" if microseconds < 100 else f"{microseconds:.0f} us"
    return f"{microseconds / 1e3:.2f} ms" if microseconds < 1e5 else f"{microseconds / 1e3:.0f} ms"


def ratio(times: list[float | None], at: int = 0) -> float | None:
    """How many times as fast as a peer the last one is."""
    first, last = times[at], times[-1]
    return None if first is None or last is None else first / last


def summary(rows: dict[str, list[float | None]], at: int = 0) -> str:
    """The geometric mean of a group's ratios and the worst of them, where there are several."""
    ratios = {name: value for name, times in rows.items() if (value := ratio(times, at)) is not None}
    if len(ratios) < 2:
        return ""
    worst = min(ratios, key=ratios.__getitem__)
    return f"geometric mean {statistics.geometric_mean(ratios.values()):.2f}, least {ratios[worst]:.2f} ({worst})"


def markdown(
    peers: list[str], versions: list[str], table: Table, pair: list[str], extra: dict[str, list[str]], threads: int
) -> str:
    """A table for each group, its summary below it, what fresh processes of two libraries gave, and the machine."""
    lines = []
    for group, rows in table.items():
        columns = [at for at in range(len(peers)) if any(times[at] is not None for times in rows.values())]
        # The last peer is compared with the first, and with its channels-last variant where that was measured.
        others = [at for at in columns[:-1] if at == 0 or peers[at].endswith("channels-last")]
        head = [f"{peers[at]} {versions[at]}".strip() for at in columns] + [f"x {peers[at]}" for at in others]
        lines += [f"### {group}", "", "| work | " + " | ".join(head) + " |", "| --- |" + " ---: |" * len(head)]
        for name, times in rows.items():
            ratios = [ratio(times, at) for at in others]
            cells = [shown(times[at]) for at in columns] + ["" if r is None else f"{r:.2f}" for r in ratios]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        sums = [(peers[at], summary(rows, at)) for at in others]
        lines += ["", *(f"Beside {peer}: {text}.\n" for peer, text in sums if text)]
    if extra:
        lines += [
            "### process",
            "",
            f"| work | {pair[0]} | {pair[1]} | x {pair[0]} |",
            "| --- | ---: | ---: | ---: |",
        ]
        for name, cells in extra.items():
            first, last = (float(cell.split()[0]) for cell in cells)
            lines.append(f"| {name} | " + " | ".join(cells) + f" | {first / max(last, 1e-9):.2f} |")
        lines.append("")
    lines.append(f"{processor()}, {threads} threads; a ratio above 1 says that {peers[-1]} is faster or smaller.")
    return "\n".join(lines)


def plot(peers: list[str], table: Table, path: str) -> None:
    """A bar for the ratio of each row; one for the geometric mean of groups of layers."""
    from matplotlib import pyplot

    bars: dict[str, float] = {}
    for group, rows in table.items():
        ratios = {name: value for name, times in rows.items() if (value := ratio(times)) is not None}
        if ": layers of " in group and ratios:
            ratios = {f"{group} (mean of {len(ratios)})": statistics.geometric_mean(ratios.values())}
        bars |= ratios
    figure, axes = pyplot.subplots(figsize=(9, 0.22 * len(bars) + 1))
    names = list(bars)[::-1]
    colours = ["tab:blue" if bars[name] >= 1 else "tab:red" for name in names]
    axes.barh(names, [bars[name] for name in names], color=colours)
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.set_xlabel(f"{peers[-1]}: times as fast as {peers[0]}")
    figure.tight_layout()
    figure.savefig(path, dpi=150)
