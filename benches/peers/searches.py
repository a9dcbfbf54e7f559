"""Cases that look for elements and at them: 4 million of each, in rows of 1,024."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kinds import Call, Case, Operator

ROWS = (4096, 1024)

CASES: dict[str, Case] = {}


def add(name: str, run: Callable[..., Any], *shapes: tuple[int, ...]) -> None:
    """A function of tensors, without random places."""
    CASES[f"{name}, 16 MB"] = Operator(run, *(shapes or (ROWS,)))


def at_places(name: str, f: Callable[[Any, Any, Any], Any], count: int, *shape: int) -> None:
    """A function of the library, a tensor and random numbers below `count`."""

    def make(lib: Any) -> Callable[[], Any]:
        lib.manual_seed(0)
        x, places = lib.randn(*ROWS), lib.randint(0, count, shape)
        return lambda: f(lib, x, places)

    CASES[f"{name}, 16 MB"] = Call(make)


add("places of a mask", lambda F, x: (x > 0).nonzero())
add("elements of a mask", lambda F, x: x[x > 0])
add("different values of few", lambda F, x: (x * 20).round().unique())
add("different values", lambda F, x: x.unique())
add("histogram", lambda F, x: x.histc(50))
at_places("bins of 1,000", lambda lib, x, places: lib.searchsorted(lib.arange(-4.0, 4.0, 0.008), x), 1, 1)
at_places("counts of 100 numbers", lambda lib, x, places: places.bincount(), 100, ROWS[0] * ROWS[1])
at_places("different integers", lambda lib, x, places: places.unique(), 100_000, ROWS[0] * ROWS[1])
at_places("gather", lambda lib, x, places: x.gather(1, places), ROWS[1], *ROWS)
at_places("scatter", lambda lib, x, places: x.scatter(1, places, x), ROWS[1], *ROWS)
at_places("scatter_add", lambda lib, x, places: x.scatter_add(1, places, x), ROWS[1], *ROWS)
at_places("rows by number", lambda lib, x, places: x.index_select(0, places), 4096, 4096)
at_places("index_add of rows", lambda lib, x, places: x.index_add(0, places, x), 4096, 4096)
