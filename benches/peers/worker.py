"""One library: answers requests from `peers.py`, one JSON value a line. Run as `worker.py peer threads`."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from cases import CASES, GROUPS
from libraries import library

#: So many numbers of a result are compared.
SAMPLE = 200_000


def sample(x: Any) -> Any:
    """Numbers from all over an array: every n-th, for an odd n."""
    return np.asarray(x, dtype=np.float64).reshape(-1)[:: max(1, x.size // SAMPLE) | 1].copy()


def size(x: Any) -> float:
    """The root of the mean square of an array's numbers."""
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64)))) if x.size else 0.0


class Worker:
    """A library and the cases that it has prepared."""

    def __init__(self, peer: str, threads: int):
        self.library = library(peer, threads)
        self.prepared: dict[str, Callable[[], Any]] = {}

    def hello(self) -> Any:
        """The version, and the names of cases by group."""
        return [self.library.version, {group: list(cases) for group, cases in GROUPS.items()}]

    def reference(self, name: str, file: str) -> Any:
        """Writes what a case computes in double precision."""
        results = [np.asarray(x) for x in self.library.result(name, CASES[name], double=True)]
        scales = np.array([size(x) for x in results])
        # Some gradients are zero but for rounding, as those of a bias before a normalisation.
        scales = np.maximum(scales, 1e-3 * scales.max(initial=1e-30))
        np.savez(file, scales=scales, **{str(at): sample(x) for at, x in enumerate(results)})
        return True

    def check(self, name: str, file: str) -> Any:
        """How far a case is off, as a share of what it may be; `None` if it cannot run here."""
        case = CASES[name]
        if not self.library.has(name, case):
            return None
        try:
            results = self.library.result(name, case)
        except (AttributeError, NotImplementedError):
            return None
        with np.load(file) as expected:
            worst = 0.0
            for at, (x, scale) in enumerate(zip(results, expected["scales"], strict=True)):
                difference = size(sample(x) - expected[str(at)]) / scale
                # Not a number is wrong, too.
                worst = max(worst, difference if difference == difference else float("inf"))
        return worst / case.tolerance

    def time(self, name: str, budget: float, typical: bool = False) -> Any:
        """The least (or the typical) time of one run, of as many as fit the budget, in seconds."""
        if name not in self.prepared:
            self.prepared[name] = self.library.prepare(name, CASES[name])
            self.prepared[name]()
        run = self.prepared[name]
        start = time.perf_counter()
        run()
        once = max(time.perf_counter() - start, 1e-7)
        # Short runs are timed many at once, as the clock itself takes some of the time.
        many = max(1, int(20e-6 / once))
        times = [once]
        for _ in range(min(200, int(budget / (once * many)))):
            start = time.perf_counter()
            for _ in range(many):
                run()
            times.append((time.perf_counter() - start) / many)
        return statistics.median(times) if typical else min(times)

    def drop(self, name: str) -> Any:
        """Forgets a prepared case."""
        self.prepared.pop(name, None)
        return True


def main() -> None:
    """Serves until the input ends."""
    worker = Worker(sys.argv[1], int(sys.argv[2]))
    for line in sys.stdin:
        method, arguments = json.loads(line)
        print(json.dumps(getattr(worker, method)(**arguments)), flush=True)


if __name__ == "__main__":
    main()
