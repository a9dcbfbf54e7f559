"""ONNX's own test data, made by PyTorch and by hand: models, inputs, and the outputs they should give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs the package onnx, which has the test data")

from onnx_run import Unsupported, run  # noqa: E402

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"
MODELS = sorted(
    path.parent
    for part in ("pytorch-operator", "pytorch-converted", "simple")
    for path in (DATA / part).glob("*/model.onnx")
)

#: Operators on something else than tensors, and one that takes gradients.
ELSEWHERE = ("StringNormalizer", "Gradient", "tensors of object")


def array(path: Path) -> np.ndarray:
    return onnx.numpy_helper.to_array(onnx.load_tensor(str(path)))


@pytest.mark.skipif(not MODELS, reason="this version of onnx comes without test data")
def test_there_is_data():
    assert len(MODELS) > 100


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_model(folder):
    model = onnx.load(str(folder / "model.onnx"))
    sets = sorted(folder.glob("test_data_set_*"))
    assert sets
    for data in sets:
        try:
            inputs = [array(data / f"input_{i}.pb") for i in range(len(list(data.glob("input_*.pb"))))]
            outputs = run(model, inputs)
        except Unsupported as what:
            assert str(what) in ELSEWHERE, what
            pytest.skip(f"{what} is not an operator on tensors")
        expected = [array(data / f"output_{i}.pb") for i in range(len(list(data.glob("output_*.pb"))))]
        assert len(outputs) == len(expected)
        for ours, theirs in zip(outputs, expected):
            assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
