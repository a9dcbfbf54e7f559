"""Expected numbers recorded from PyTorch, for machines that have none.

With PyTorch installed and `RSNN_RECORD_GOLDEN=1` set (`make golden`), `record` keeps a digest of every expected result in
`tests/golden/<test file>.npz`; without PyTorch, `check` compares a result with its digest. A digest is the dtype, the sizes,
how many values are nan or infinite, the sum of the magnitudes of the others, and a few of the values.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "golden"
RECORDING = os.environ.get("RSNN_RECORD_GOLDEN") == "1"
SAMPLES = 3

_written: dict[str, dict[str, list]] = {}
_read: dict[str, dict[str, list]] = {}
_calls: dict[str, int] = {}


def case(label: str) -> tuple[str, str]:
    """The file and the key of the next comparison of the running test."""
    test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
    path = test.partition("::")[0]
    name = path.removeprefix("tests/").removesuffix(".py").replace("/", "_")
    full = f"{test}|{label}"
    _calls[full] = _calls.get(full, 0) + 1
    return name, hashlib.blake2s(f"{full}|{_calls[full]}".encode(), digest_size=6).hexdigest()


def digest(values: np.ndarray, dtype: str) -> list:
    """What is kept of a result."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    finite = np.where(np.isfinite(flat), flat, 0.0)
    odd = [int(np.isnan(flat).sum()), int(np.isposinf(flat).sum()), int(np.isneginf(flat).sum())]
    places = np.linspace(0, max(len(flat) - 1, 0), min(SAMPLES, len(flat))).astype(int)
    samples = [float(f"{x:.12g}") if np.isfinite(x) else str(x) for x in flat[places]]
    return [dtype, list(np.shape(values)), odd, float(f"{np.abs(finite).sum():.12g}"), samples]


def record(label: str, values: np.ndarray | None, dtype: str) -> None:
    """Keeps the digest of an expected result; `None` stands for a missing gradient."""
    name, key = case(label)
    _written.setdefault(name, {})[key] = [] if values is None else digest(values, dtype)


def check(label: str, values: np.ndarray | None, dtype: str, rtol: float, atol: float) -> bool:
    """Compares a result with its digest. Returns whether there was one.

    Raises:
        AssertionError: if they differ.
    """
    name, key = case(label)
    if name not in _read:
        file = FOLDER / f"{name}.npz"
        _read[name] = json.loads(str(np.load(file)["digests"])) if file.exists() else {}
    expected = _read[name].get(key)
    if expected is None:
        return False
    if not expected or values is None:
        # A missing gradient counts as zeros.
        magnitude = expected[3] if expected else (0.0 if values is None else float(np.abs(values).sum()))
        assert magnitude == 0.0, f"{label}: got {values}, recorded {expected}"
        return True
    actual = digest(values, dtype)
    assert actual[:3] == expected[:3], f"{label}: got {actual[:3]}, recorded {expected[:3]}"
    slack = rtol * expected[3] + atol * max(int(np.prod(expected[1])), 1)
    np.testing.assert_allclose(actual[3], expected[3], rtol=0, atol=slack, err_msg=f"{label}: sum of magnitudes")
    for a, e in zip(actual[4], expected[4], strict=True):
        np.testing.assert_allclose(float(a), float(e), rtol=rtol, atol=atol, err_msg=f"{label}: a value")
    return True


@atexit.register
def save() -> None:
    """Writes what was recorded, one file for each test file."""
    for name, digests in _written.items():
        FOLDER.mkdir(exist_ok=True)
        np.savez_compressed(FOLDER / f"{name}.npz", digests=json.dumps(digests, separators=(",", ":")))
