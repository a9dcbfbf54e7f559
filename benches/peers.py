"""rsnn beside PyTorch: operators, layers, networks, what a call costs, import time and peak memory, as a Markdown table.

    python benches/peers.py                     everything, two threads
    python benches/peers.py --only conv,mlp     rows whose name has one of these
    python benches/peers.py --threads 1 --rounds 20 --out table.md --plot chart.png

Each library runs in a process of its own, for their thread pools disturb each other; rounds are interleaved, so that a busy
neighbour disturbs both. A row is the median of its rounds, and each round's time is the least of a few repetitions. Rows are
checked against double precision before they are timed. Ratios count, absolute times are those of one machine on one day.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "peers"
# Adds what `--import` and `--memory` measure, each run in fresh processes.
IMPORT = "import time; start = time.perf_counter(); import {lib}; print(time.perf_counter() - start)"


class Peer:
    """A library in a process that runs cases when told to."""

    def __init__(self, lib: str, threads: int):
        command = [sys.executable, "-W", "ignore", str(HERE / "worker.py"), lib, str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lib, self.version = lib, self.ask(None)

    def ask(self, request: Any) -> Any:
        """The worker's answer to a request."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the worker of {self.lib} ended at {request}")
        return json.loads(answer)

    def close(self) -> None:
        """Ends the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def fresh(code: list[str], environment: dict[str, str] | None = None) -> float:
    """The number that a fresh process prints."""
    result = subprocess.run(
        [sys.executable, "-W", "ignore", *code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | (environment or {}),
    )
    return float(result.stdout.split()[-1])


def timed(peers: list[Peer], names: list[str], rounds: int) -> dict[str, list[float]]:
    """The median time of each row for each library, in microseconds."""
    table = {}
    for name in names:
        errors = [peer.ask({"check": name}) for peer in peers]
        if any(error is None for error in errors):
            missing = [peer.lib for peer, error in zip(peers, errors, strict=True) if error is None]
            print(f"{name}: not in {', '.join(missing)}", file=sys.stderr)
            continue
        for peer, error in zip(peers, errors, strict=True):
            if error > 2e-3:
                raise SystemExit(f"{name}: {peer.lib} is off by {error:.1e} (relative to the largest number)")
        times: list[list[float]] = [[] for _ in peers]
        for _ in range(rounds):
            for peer, list_of in zip(peers, times, strict=True):
                list_of.append(peer.ask({"time": name}))
        for peer in peers:
            peer.ask({"drop": name})
        table[name] = [statistics.median(list_of) * 1e6 for list_of in times]
        print(f"{name}: {' '.join(f'{t:.1f}' for t in table[name])} us", file=sys.stderr)
    return table


def processor() -> str:
    """The name of the processor, and what it can."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    name = next((line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name")), "")
    features = [f for f in ("avx2", "avx512f", "amx_tile") if f" {f}" in text]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name or platform.processor()}, {cores} cores ({', '.join(features) or platform.machine()})"


def shown(microseconds: float) -> str:
    """A time with a fitting unit."""
    if microseconds < 1e3:
        return f"{microseconds:.1f} us" if microseconds < 100 else f"{microseconds:.0f} us"
    return f"{microseconds / 1e3:.2f} ms" if microseconds < 1e5 else f"{microseconds / 1e3:.0f} ms"


def markdown(peers: list[Peer], table: dict[str, list[float]], extra: dict[str, list[str]], threads: int) -> str:
    """The table, and under it the machine."""
    lines = [
        "| work | " + " | ".join(f"{peer.lib} {peer.version}" for peer in peers) + " | ratio |",
        "| --- |" + " ---: |" * (len(peers) + 1),
    ]
    for name, times in table.items():
        ratio = f"{times[0] / times[-1]:.2f}" if len(times) > 1 else ""
        lines.append(f"| {name} | " + " | ".join(shown(t) for t in times) + f" | {ratio} |")
    for name, cells in extra.items():
        first, last = (float(cell.split()[0]) for cell in (cells[0], cells[-1]))
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {first / max(last, 1e-9):.2f} |")
    lines.append(f"\n{processor()}, {threads} threads; a ratio above 1 says that rsnn is faster or smaller.")
    return "\n".join(lines)


def plot(table: dict[str, list[float]], path: str) -> None:
    """A bar for each row's ratio."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 0.22 * len(table) + 1))
    names = list(table)[::-1]
    axes.barh(names, [table[name][0] / table[name][-1] for name in names])
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlabel("times as fast as PyTorch")
    figure.tight_layout()
    figure.savefig(path, dpi=150)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--libs", default="torch,rsnn", help="libraries, the one to compare with first")
    parser.add_argument("--only", default="", help="parts of names, separated by commas")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", help="a file for the table")
    parser.add_argument("--plot", help="a file for a bar chart")
    options = parser.parse_args()

    libs = options.libs.split(",")
    peers = [Peer(lib, options.threads) for lib in libs]
    wanted = [part for part in options.only.split(",") if part]
    chosen = lambda name: not wanted or any(part in name for part in wanted)  # noqa: E731
    try:
        names = [name for name in peers[-1].ask("names") if chosen(name)]
        table = timed(peers, names, options.rounds)
    finally:
        for peer in peers:
            peer.close()

    extra: dict[str, list[str]] = {}
    if chosen("import"):
        times = [[fresh(["-c", IMPORT.format(lib=lib)]) for lib in libs] for _ in range(5)]
        extra["import"] = [f"{min(column) * 1e3:.0f} ms" for column in zip(*times, strict=True)]
    for name in ("peak memory: inference", "peak memory: training step"):
        if chosen(name):
            what = name.split()[-1]
            peaks = [fresh([str(HERE / "memory.py"), lib, what, str(options.threads)]) for lib in libs]
            extra[name] = [f"{peak / 1024:.0f} MB" for peak in peaks]
    text = markdown(peers, table, extra, options.threads)
    print(text)
    if options.out:
        Path(options.out).write_text(text + "\n")
    if options.plot:
        plot(table, options.plot)


if __name__ == "__main__":
    main()
