"""Whether the machine gives as many processors as it says.

A virtual machine's processors are threads of its host. A busy host may run two of them on the two halves of one core: for some
seconds, two threads then compute as much as one. Nothing in the machine tells, but arithmetic does.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

T = TypeVar("T")

#: The share of so many processors' arithmetic that has to be there: halves of one core give half of it.
SHARE = 0.7
#: Attempts at a measurement, and seconds to wait for a whole machine before each.
ATTEMPTS, PATIENCE = 3, 3.0
#: Seconds between two looks.
PAUSE = 0.1


class Probe:
    """Compares a computation on one thread with as many of them at once as there are to be threads."""

    def __init__(self, threads: int):
        self.threads = threads
        # Few enough for the nearest caches.
        self.values = np.linspace(-5, 5, 32768, dtype=np.float32)
        self.results = np.zeros((threads, 32768), np.float32)
        self.pool = ThreadPoolExecutor(threads)
        self.barrier = threading.Barrier(threads)
        self.processors = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        #: Measurements, those that were repeated, and those that had to be taken as they were.
        self.counts = {"all": 0, "repeated": 0, "disturbed": 0}

    def _compute(self, number: int = 0) -> float:
        start = time.perf_counter()
        for _ in range(16):
            # Into memory that is there: threads that ask the system for some wait for each other.
            np.exp(self.values, out=self.results[number])
        return time.perf_counter() - start

    def _together(self) -> float:
        def begin_with_others(number: int) -> float:
            # Each on a processor of its own, as it is the host that is asked, and not how this machine shares its own out.
            if self.processors:
                os.sched_setaffinity(0, {self.processors[number % len(self.processors)]})
            self.barrier.wait()
            return self._compute(number)

        return max(self.pool.map(begin_with_others, range(self.threads)))

    def share(self) -> float:
        """The arithmetic that each of the threads gets at a time, as a share of what one alone gets."""
        return min(self._compute() for _ in range(3)) / statistics.median(self._together() for _ in range(5))

    def whole(self) -> bool:
        """Whether every thread has a processor."""
        return self.threads == 1 or self.share() > SHARE

    def _await_whole(self) -> None:
        end = time.perf_counter() + PATIENCE
        while not self.whole() and time.perf_counter() < end:
            time.sleep(PAUSE)

    def steady(self, measure: Callable[[], T]) -> T:
        """A measurement before and after which the machine was whole; the last of some attempts if there is none."""
        self.counts["all"] += 1
        for attempt in range(ATTEMPTS):
            self.counts["repeated"] += attempt == 1
            self._await_whole()
            result = measure()
            if self.whole():
                return result
        self.counts["disturbed"] += 1
        return result

    def report(self) -> str:
        """How many measurements were repeated, in words."""
        text = "Of {all} measurements {repeated} were repeated, for the threads did not each have a processor; {disturbed} were taken so."
        return text.format(**self.counts)
