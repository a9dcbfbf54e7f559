"""Random calls, most of them with bad arguments: none may panic, crash or hang."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).with_name("fuzz.py")
CALLS = int(os.environ.get("RSNN_FUZZ_CALLS", "3000"))


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process as Linux does")
@pytest.mark.parametrize("seed", [1, 2])
def test_no_call_panics(seed, tmp_path):
    log = tmp_path / "call"
    environment = {**os.environ, "RSNN_FUZZ_LOG": str(log), "RUST_BACKTRACE": "0"}
    command = [sys.executable, str(FUZZ), str(seed), str(CALLS // 2)]
    timeout = 60 + CALLS / 20
    try:
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        pytest.fail(f"hangs in {log.read_text()}")
    found = [line for line in result.stdout.splitlines() if line.startswith("FOUND")]
    assert not found, "\n".join(found)
    assert result.returncode == 0, f"dies in {log.read_text()}\n{result.stderr[-2000:]}"
    assert "panicked at" not in result.stderr, result.stderr[-2000:]
    assert f"{CALLS // 2} calls" in result.stdout
