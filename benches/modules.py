"""The module system beside PyTorch: what a call, an attribute, a model's making and saving cost.

Run: ``python benches/modules.py`` with both libraries importable. The two libraries take turns, so that other work on the
machine hits both alike, and run a few times in each. The figures are the smallest and the median of all runs, and the
median of those that come first in a turn: they find the processor's caches full of what the other library has left there.
"""

from __future__ import annotations

import copy
import gc
import io
import pickle
import statistics
import time
from collections.abc import Callable
from typing import Any

import rsnn

LAYERS = 1000
ROUNDS = 15
#: Runs in a turn.
RUNS = 5


def linears(lib: Any, count: int = LAYERS) -> Any:
    """A list of small layers."""
    return lib.nn.ModuleList([lib.nn.Linear(10, 10) for _ in range(count)])


def identities(lib: Any) -> Callable[[], Any]:
    """A call of a hundred `Identity` in a `Sequential`: 101 modules."""
    net = lib.nn.Sequential(*[lib.nn.Identity() for _ in range(100)])
    return lambda: net(3)


def nested(lib: Any) -> Callable[[], Any]:
    """A call of a hundred containers, each in the next one."""
    net = lib.nn.Identity()
    for _ in range(100):
        net = lib.nn.Sequential(net)
    return lambda: net(3)


def repeat(function: Callable[[], Any], times: int) -> Callable[[], Any]:
    """The function so many times, where once is too short to be measured."""

    def run() -> None:
        for _ in range(times):
            function()

    return run


def attribute(lib: Any) -> Callable[[], Any]:
    """A thousand times `m.weight`."""
    m = lib.nn.Linear(10, 10)

    def run() -> None:
        for _ in range(250):
            m.weight  # noqa: B018
            m.weight  # noqa: B018
            m.weight  # noqa: B018
            m.weight  # noqa: B018

    return run


def saved(lib: Any) -> Callable[[], Any]:
    net = linears(lib)
    return lambda: net.state_dict()


def loaded(lib: Any) -> Callable[[], Any]:
    net = linears(lib)
    state = net.state_dict()
    return lambda: net.load_state_dict(state)


def walked(lib: Any) -> Callable[[], Any]:
    net = linears(lib, 600)
    return lambda: list(net.named_parameters())


def modules_walked(lib: Any) -> Callable[[], Any]:
    net = linears(lib)
    return lambda: list(net.named_modules())


def copied(lib: Any) -> Callable[[], Any]:
    net = linears(lib)
    return lambda: copy.deepcopy(net)


def pickled(lib: Any) -> Callable[[], Any]:
    net = linears(lib)
    return lambda: pickle.dumps(net, 5)


def unpickled(lib: Any) -> Callable[[], Any]:
    stored = pickle.dumps(linears(lib), 5)
    return lambda: pickle.load(io.BytesIO(stored))


def trained(lib: Any) -> Callable[[], Any]:
    net = linears(lib)
    return lambda: net.train()


def zeroed(lib: Any) -> Callable[[], Any]:
    net = linears(lib)
    return lambda: net.zero_grad()


def hooked(lib: Any) -> Callable[[], Any]:
    m = lib.nn.Identity()
    m.register_forward_hook(lambda *_: None)
    m.register_forward_pre_hook(lambda *_: None)
    return repeat(lambda: m(3), 100)


#: What is measured, for how many units a run counts, the unit of the table, and the goal.
CASES: dict[str, tuple[Callable[[Any], Callable[[], Any]], int, str, float | None]] = {
    "Sequential of 100 Identity, a module": (identities, 101, "us", 0.15),
    "Sequential in Sequential, a module": (nested, 101, "us", 0.15),
    "Identity with two hooks, a call": (hooked, 100, "us", None),
    "m.weight": (attribute, 1000, "ns", 60.0),
    "make 1,000 Linear(10, 10)": (lambda lib: lambda: linears(lib), 1, "ms", 5.0),
    "their state_dict": (saved, 1, "ms", 0.3),
    "their load_state_dict": (loaded, 1, "ms", 2.0),
    "named_parameters of 1,200": (walked, 1, "ms", 0.1),
    "named_modules of 1,001": (modules_walked, 1, "ms", None),
    "deepcopy": (copied, 1, "ms", 3.0),
    "pickle.dumps": (pickled, 1, "ms", None),
    "pickle.loads": (unpickled, 1, "ms", None),
    "train()": (trained, 1, "ms", None),
    "zero_grad()": (zeroed, 1, "ms", None),
}
UNITS = {"ns": 1e9, "us": 1e6, "ms": 1e3}


def measure(runs: list[Callable[[], Any]], rounds: int = ROUNDS) -> list[tuple[float, float, float]]:
    """The smallest and the median time of each function, of rounds in which they take turns, and the median of the first
    runs of its turns.
    """
    times: list[list[list[float]]] = [[] for _ in runs]
    for run in runs:
        run()
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for own, run in zip(times, runs, strict=True):
                turn = []
                for _ in range(RUNS):
                    start = time.perf_counter()
                    result = run()
                    turn.append(time.perf_counter() - start)
                    del result
                own.append(turn)
    finally:
        gc.enable()
    figures = []
    for own in times:
        every = [time for turn in own for time in turn]
        figures.append((min(every), statistics.median(every), statistics.median(turn[0] for turn in own)))
    return figures


def main() -> None:
    """Prints the table."""
    libs: list[Any] = [rsnn]
    try:
        import torch

        torch.set_num_threads(2)
        libs.append(torch)
    except ImportError:
        pass
    print("| what | rsnn (min / median / first) | PyTorch | times | goal |\n| --- | --- | --- | --- | --- |")
    for name, (make, count, unit, goal) in CASES.items():
        figures = [[figure * UNITS[unit] / count for figure in times] for times in measure([make(lib) for lib in libs])]
        shown = [" / ".join(f"{figure:.3g}" for figure in times) + f" {unit}" for times in figures]
        shown += ["-"] * (2 - len(figures))
        ratio = f"{figures[1][1] / figures[0][1]:.1f}" if len(figures) > 1 else "-"
        print(f"| {name} | {shown[0]} | {shown[1]} | {ratio} | {f'{goal:g} {unit}' if goal else '-'} |")


if __name__ == "__main__":
    main()
