"""One library: answers requests from `peers.py`, one JSON value a line."""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any

from cases import CASES


def error(case: Any, lib: Any) -> float | None:
    """How far a case in single precision is from the same in double, relative to its largest number; `None` without the case."""
    try:
        single = case.result(lib, lib.float32)
        double = case.result(lib, lib.float64)
    except (AttributeError, NotImplementedError):
        return None
    worst = 0.0
    for a, b in zip(single, double, strict=True):
        scale = max(float(b.abs().max()), 1e-30) if b.numel() else 1.0
        worst = max(worst, float((a.to(lib.float64) - b).abs().max()) / scale if b.numel() else 0.0)
    return worst


def least(run: Any, budget: float = 0.05) -> float:
    """The least time of one run, of as many as fit the budget (at least two)."""
    start = time.perf_counter()
    run()
    once = max(time.perf_counter() - start, 1e-7)
    # Short runs are timed many at once, as the clock itself takes some of the time.
    many = max(1, int(20e-6 / once))
    best = once
    for _ in range(max(2, min(200, int(budget / (once * many))))):
        start = time.perf_counter()
        for _ in range(many):
            run()
        best = min(best, (time.perf_counter() - start) / many)
    return best


def main() -> None:
    """Serves until the input ends."""
    lib = importlib.import_module(sys.argv[1])
    for part in ("nn", "nn.functional", "optim"):
        importlib.import_module(f"{sys.argv[1]}.{part}")
    lib.set_num_threads(int(sys.argv[2]))
    prepared: dict[str, Any] = {}
    for line in sys.stdin:
        request = json.loads(line)
        answer: Any = True
        if request is None:
            answer = getattr(lib, "__version__", "").split("+")[0]
        elif request == "names":
            answer = list(CASES)
        elif "check" in request:
            answer = error(CASES[request["check"]], lib)
        elif "time" in request:
            name = request["time"]
            if name not in prepared:
                prepared[name] = CASES[name].prepare(lib)
                prepared[name]()
            answer = least(prepared[name])
        else:
            prepared.pop(request["drop"], None)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
