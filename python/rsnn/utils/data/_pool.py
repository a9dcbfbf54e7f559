"""The worker processes of a loader, seen from the loader's process."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Sequence
from multiprocessing import connection as mpc
from multiprocessing.context import BaseContext
from typing import Any

from . import _transport
from ._worker import Stop, WorkerPlan, run

# How long workers may take to finish their current batch when a loader is done with them.
_PATIENCE = 5.0


class WorkerPool:
    """Started workers, each with a connection of its own.

    Args:
        context: says how processes start (fork, spawn, ...).
        plan: what the workers do.
        timeout: seconds that a batch may take; 0 for any time.

    Raises:
        whatever pickling the plan raises, where processes do not start by forking.
    """

    def __init__(self, context: BaseContext, plan: WorkerPlan, timeout: float):
        self.timeout = timeout
        self.processes: list[Any] = []
        self.connections: list[mpc.Connection] = []
        self._finalizer = weakref.finalize(self, _shut_down, self.processes, self.connections, os.getpid())
        self._finalizer.atexit = False  # multiprocessing ends what is left when the interpreter exits, at once
        forks = context.get_start_method() == "fork"
        try:
            for i in range(plan.num_workers):
                ours, theirs = context.Pipe(duplex=True)
                self.connections.append(ours)
                inherited = tuple(self.connections) if forks else ()
                process = context.Process(target=run, args=(plan, i, theirs, inherited), daemon=True)  # type: ignore[attr-defined]
                process.start()
                theirs.close()
                self.processes.append(process)
        except BaseException:
            self.close()
            raise

    def send(self, worker: int, order: Any) -> None:
        """Gives a worker a task or an order. Raises RuntimeError if it died."""
        try:
            _transport.send(self.connections[worker], _transport.pack(order))
        except OSError:
            raise self._death(worker) from None

    def receive(self, workers: Sequence[int]) -> tuple[int, Any]:
        """Waits for an answer of one of these workers.

        Returns:
            the worker and its answer.

        Raises:
            RuntimeError: a worker died, or the time is up.
        """
        if self.closed:
            raise RuntimeError("DataLoader: the workers of this pass are gone")
        by_connection = {self.connections[i]: i for i in workers}
        by_sentinel = {self.processes[i].sentinel: i for i in workers}
        timeout = self.timeout if self.timeout > 0 else None
        ready = mpc.wait([*by_connection, *by_sentinel], timeout)
        if not ready:
            raise RuntimeError(f"DataLoader: expected a batch within {self.timeout} seconds, timed out")
        # What a worker sent before it died still counts.
        worker = next((by_connection[c] for c in ready if c in by_connection), None)
        if worker is None:
            raise self._death(by_sentinel[ready[0]])
        try:
            return worker, _transport.receive(self.connections[worker])
        except (EOFError, OSError):
            raise self._death(worker) from None

    def _death(self, worker: int) -> RuntimeError:
        process = self.processes[worker]
        process.join(_PATIENCE)
        code = process.exitcode
        how = f"was killed by signal {-code}" if code is not None and code < 0 else f"exited with code {code}"
        self.close()
        return RuntimeError(f"DataLoader worker {worker} (pid {process.pid}) exited unexpectedly: it {how}")

    @property
    def closed(self) -> bool:
        """Whether the workers were told to finish."""
        return not self._finalizer.alive

    def close(self) -> None:
        """Lets the workers finish their current batch and ends those that take too long."""
        self._finalizer()


def _shut_down(processes: list[Any], connections: list[mpc.Connection], owner: int) -> None:
    if os.getpid() != owner:  # a fork of the loader's process: the workers are not its own
        return
    stop = _transport.pack(Stop())
    for connection in connections:
        try:
            if os.name == "posix":  # a stuck worker must not hold us up
                os.set_blocking(connection.fileno(), False)
            _transport.send(connection, stop)
        except OSError:
            pass
        connection.close()
    deadline = time.monotonic() + _PATIENCE
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
    for process in processes:
        if process.is_alive():
            process.terminate()
            process.join(_PATIENCE)
        if process.is_alive():
            process.kill()
            process.join()
