"""rsnn beside PyTorch: operators, layers, networks, what a call costs, import time and peak memory, as Markdown tables.

    python benches/peers.py                             everything, two threads
    python benches/peers.py --only conv resnet50        rows whose name, or whose group's, has one of these parts
    python benches/peers.py --busy                      networks at batch 1 and 16, beside a busy process
    python benches/peers.py --threads 1 --rounds 20 --out table.md --plot chart.png

Beside PyTorch's default layout, networks are measured in channels-last, and with ONNX Runtime and OpenVINO where these are
installed. Each library runs in a process of its own, for their thread pools disturb each other; rounds are interleaved, so that
a busy neighbour disturbs all, and measured while each thread has a processor (`peers/steady.py`). A row is the median of its
rounds, and each round's time is the least of a few repetitions (with `--busy` their median). Before a row is timed, every library's
result is checked against double precision; that of calls, optimizers and random numbers against the first library's. Ratios
count, absolute times are those of one machine on one day.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "peers"
sys.path.insert(0, str(HERE))

from libraries import EXPORTED, MODULES, installed  # noqa: E402
from peer import Neighbour, Peer, fresh  # noqa: E402
from report import Table, markdown, plot, shown  # noqa: E402
from steady import Probe  # noqa: E402

#: Seconds for which one peer repeats a short row in one round, and after which a long row has no more rounds.
ROUND, ROW = 0.03, 2.0
#: What a fresh process is asked.
IMPORT = "import time; start = time.perf_counter(); import {lib}; print(time.perf_counter() - start)"
MEMORY = {"peak memory: resnet50, batch 16": "inference", "peak memory: resnet18, batch 16, training step": "step"}


def able(peers: list[Peer], name: str) -> list[Peer]:
    """The peers that can run a row. Ends the program if one of them computes something else than the others."""
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/expected.npz"
        exact = next(peer for peer in peers if peer.name not in EXPORTED)
        exact.ask("reference", name=name, file=file)
        errors = {peer.name: peer.ask("check", name=name, file=file) for peer in peers}
    for peer, error in errors.items():
        if error is not None and error > 1.0:
            raise SystemExit(f"{name}: {peer} is off by {error:.1f} times the tolerance")
    return [peer for peer in peers if errors[peer.name] is not None]


def timed(peers: list[Peer], name: str, rounds: int, probe: Probe) -> list[float | None]:
    """The median time of a row for each peer, in microseconds."""
    running = able(peers, name)
    times: dict[str, list[float]] = {peer.name: [] for peer in running}
    start = time.perf_counter()
    for at in range(rounds):
        for peer in running:
            times[peer.name].append(probe.steady(partial(peer.ask, "time", name=name, budget=ROUND)))
        if at >= 2 and time.perf_counter() - start > ROW * len(running):
            break
    for peer in running:
        peer.ask("drop", name=name)
    row = [statistics.median(times[peer.name]) * 1e6 if peer in running else None for peer in peers]
    print(f"{name}: {' | '.join(shown(t) for t in row)}", file=sys.stderr)
    return row


def alone(libs: list[str], chosen: Any, threads: int) -> dict[str, list[str]]:
    """What is measured in fresh processes: the median import time, and peak memory."""
    rows = {}
    if chosen("import"):
        times = [[fresh(["-c", IMPORT.format(lib=lib)]) for lib in libs] for _ in range(5)]
        rows["import"] = [f"{statistics.median(column) * 1e3:.0f} ms" for column in zip(*times, strict=True)]
    for name, what in MEMORY.items():
        if chosen(name):
            peaks = [fresh([str(HERE / "memory.py"), lib, what, str(threads)]) for lib in libs]
            rows[name] = [f"{peak / 1024:.0f} MB" for peak in peaks]
    return rows


def busy(peers: list[Peer], names: list[str], rounds: int) -> str:
    """A table of networks: their times, and how many times as long they take beside a busy process."""
    # A scheduler may share processors between sessions first, so the neighbour's session matters.
    neighbours = {"same session": Neighbour(False), "another session": Neighbour(True)}
    head = [f"{peer.name}{what}" for peer in peers for what in ("", *(f", {n}" for n in neighbours))]
    lines = ["| work | " + " | ".join(head) + " |", "| --- |" + " ---: |" * len(head)]
    try:
        for name in names:
            cells = dict.fromkeys((peer.name for peer in peers), [""] * 3)
            running = able(peers, name)
            times: dict[str, list[list[float]]] = {peer.name: [[], [], []] for peer in running}
            for _ in range(rounds):
                for peer in running:
                    columns, request = times[peer.name], {"name": name, "budget": 0.5, "typical": True}
                    columns[0].append(peer.ask("time", **request))
                    for column, neighbour in zip(columns[1:], neighbours.values(), strict=True):
                        with neighbour.running():
                            column.append(peer.ask("time", **request))
            for peer in running:
                peer.ask("drop", name=name)
                quiet, *others = (statistics.median(column) for column in times[peer.name])
                cells[peer.name] = [shown(quiet * 1e6), *(f"x {other / quiet:.2f}" for other in others)]
            lines.append(f"| {name} | " + " | ".join(cell for peer in peers for cell in cells[peer.name]) + " |")
            print(lines[-1], file=sys.stderr)
    finally:
        for neighbour in neighbours.values():
            neighbour.close()
    return "\n".join(lines)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--libs", default=",".join(MODULES), help="libraries, those to compare with first")
    parser.add_argument("--only", nargs="+", default=[], help="parts of names of rows or groups")
    parser.add_argument(
        "--busy",
        action="store_true",
        help="networks at batch 1 and 16, alone and beside a process that keeps one core busy",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", help="a file for the tables")
    parser.add_argument("--plot", help="a file for a bar chart")
    options = parser.parse_args()

    named = options.libs.split(",")
    if unknown := [lib for lib in named if lib not in MODULES]:
        parser.error(f"--libs: {', '.join(unknown)} is none of {', '.join(MODULES)}")
    libs = [lib for lib in named if installed(lib)]
    if missing := [lib for lib in named if lib not in libs]:
        print(f"not installed: {', '.join(missing)}", file=sys.stderr)
    # Libraries that can be imported, and that compute in double precision.
    whole = list(dict.fromkeys(MODULES[lib] for lib in libs if lib not in EXPORTED))
    if not whole:
        parser.error("--libs: expected at least one of torch and rsnn")
    if options.busy and options.plot:
        parser.error("--plot draws ratios, which --busy does not measure")
    peers = [Peer(lib, options.threads) for lib in libs]
    chosen = lambda name: not options.only or any(part in name for part in options.only)  # noqa: E731
    groups = {
        group: [name for name in names if chosen(name) or chosen(group)] for group, names in peers[-1].groups.items()
    }
    probe = Probe(options.threads)
    table: Table = {}
    try:
        if options.busy:
            names = [name for name in groups["networks, inference"] if ", batch 1" in name]
            text = busy(peers, names, options.rounds)
        else:
            for group, names in groups.items():
                if names:
                    table[group] = {name: timed(peers, name, options.rounds, probe) for name in names}
    finally:
        for peer in peers:
            peer.close()
    if not options.busy:
        pair = [whole[0], whole[-1]]
        extra = alone(pair, chosen, options.threads) if len(whole) > 1 else {}
        text = markdown(libs, [peer.version for peer in peers], table, pair, extra, options.threads)
        text += f"\n{probe.report()}"
    print(text)
    if options.out:
        Path(options.out).write_text(text + "\n")
    if options.plot and table:
        plot(libs, table, options.plot)
    elif options.plot:
        print("no rows to draw", file=sys.stderr)


if __name__ == "__main__":
    main()
