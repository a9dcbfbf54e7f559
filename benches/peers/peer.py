"""A library in a process of its own, and what its processes are measured with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class Peer:
    """A library in a process that runs cases when told to."""

    def __init__(self, name: str, threads: int):
        command = [sys.executable, "-W", "ignore", str(HERE / "worker.py"), name, str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.name = name
        self.version, self.groups = self.ask("hello")

    def ask(self, method: str, **arguments: Any) -> Any:
        """The worker's answer to a request."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps([method, arguments]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the worker of {self.name} ended at {method} {arguments}")
        return json.loads(answer)

    def close(self) -> None:
        """Ends the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def fresh(code: list[str]) -> float:
    """The number that a fresh process prints."""
    result = subprocess.run([sys.executable, "-W", "ignore", *code], capture_output=True, text=True, check=True)
    return float(result.stdout.split()[-1])


class Neighbour:
    """A foreign process that keeps a core busy when it may run."""

    def __init__(self, session: bool):
        self.process = subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=session)
        os.kill(self.process.pid, signal.SIGSTOP)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Lets it run for a while."""
        os.kill(self.process.pid, signal.SIGCONT)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGSTOP)

    def close(self) -> None:
        """Ends it."""
        self.process.kill()
        self.process.wait()
