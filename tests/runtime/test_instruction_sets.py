"""Every instruction set that this processor has computes what kernels are defined to compute (`random_kernels.py`)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("hypothesis")

SCRIPT = Path(__file__).with_name("random_kernels.py")


def run(isa: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs Python with an instruction set."""
    environment = os.environ | {"RSNN_ISA": isa, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    return subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("isa", ["portable", "avx2", "avx512", "amx"])
def test_random_kernels(isa):
    # A set that the processor lacks, or a misspelt one, is an error and never another set.
    attempt = run(isa, "-c", "import rsnn")
    if "has no more than" in attempt.stderr:
        pytest.skip(attempt.stderr.splitlines()[-1])
    result = run(isa, str(SCRIPT))
    assert result.returncode == 0, result.stdout + result.stderr[-6000:]
    assert len(result.stdout.split()) == SCRIPT.read_text().count("\ndef check_")


def test_an_unknown_set_is_refused():
    result = run("avx1024", "-c", "import rsnn")
    assert result.returncode != 0 and "expected portable" in result.stderr
