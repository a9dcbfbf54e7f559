"""The text of tensors: exact strings here, and PyTorch's own text where it is importable."""

import math
import random
import re

import numpy as np
import pytest

import rsnn

NAN, INF = math.nan, math.inf


@pytest.fixture(autouse=True)
def default_options():
    yield
    rsnn.set_printoptions(profile="default")


def lines(*parts):
    return "\n".join(parts)


@pytest.mark.parametrize(
    ("data", "dtype", "text"),
    [
        (1.5, "float32", "tensor(1.5000)"),
        (True, "bool", "tensor(True)"),
        (7, "int64", "tensor(7)"),
        ([1.0, 2.0], "float32", "tensor([1., 2.])"),
        ([1.0, 2.5], "float32", "tensor([1.0000, 2.5000])"),
        ([-1.0, 10.0], "float32", "tensor([-1., 10.])"),
        ([0.0, NAN, INF], "float32", "tensor([0., nan, inf])"),
        ([1.0, NAN, -INF], "float32", "tensor([1., nan, -inf])"),
        ([0.5, -INF], "float32", "tensor([0.5000,   -inf])"),
        ([1e-5, 1.0], "float32", "tensor([1.0000e-05, 1.0000e+00])"),
        ([1.0, 1e9], "float32", "tensor([1.0000e+00, 1.0000e+09])"),
        ([1.0, 1000.0], "float32", "tensor([   1., 1000.])"),
        ([1.0, 1001.0], "float32", "tensor([1.0000e+00, 1.0010e+03])"),
        ([0.5], "float64", "tensor([0.5000], dtype=rsnn.float64)"),
        ([0.5], "bfloat16", "tensor([0.5000], dtype=rsnn.bfloat16)"),
        ([1, -20], "int64", "tensor([  1, -20])"),
        ([1], "int32", "tensor([1], dtype=rsnn.int32)"),
        ([True, False], "bool", "tensor([ True, False])"),
        ([[1, 2], [3, 4]], "int64", "tensor([[1, 2],\n        [3, 4]])"),
        ([], "float32", "tensor([])"),
        ([], "int64", "tensor([], dtype=rsnn.int64)"),
        ([[[1.0], [2.0]], [[3.0], [4.0]]], "float32", lines(
            "tensor([[[1.],", "         [2.]],", "", "        [[3.],", "         [4.]]])",
        )),
    ],
)  # fmt: skip
def test_text(data, dtype, text):
    assert repr(rsnn.tensor(data, dtype=getattr(rsnn, dtype))) == text


def test_empty_tensors_show_their_size():
    assert repr(rsnn.zeros(0, 3)) == "tensor([], size=(0, 3))"
    assert repr(rsnn.zeros(2, 0, dtype=rsnn.int32)) == "tensor([], size=(2, 0), dtype=rsnn.int32)"


def test_long_rows_are_broken():
    text = repr(rsnn.arange(30))
    assert text == lines(
        "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,",
        "        18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29])",
    )


def test_large_tensors_show_their_edges():
    assert repr(rsnn.arange(1001)) == "tensor([   0,    1,    2,  ...,  998,  999, 1000])"
    assert repr(rsnn.zeros(40, 40)) == lines(
        "tensor([[0., 0., 0.,  ..., 0., 0., 0.],",
        "        [0., 0., 0.,  ..., 0., 0., 0.],",
        "        [0., 0., 0.,  ..., 0., 0., 0.],",
        "        ...,",
        "        [0., 0., 0.,  ..., 0., 0., 0.],",
        "        [0., 0., 0.,  ..., 0., 0., 0.],",
        "        [0., 0., 0.,  ..., 0., 0., 0.]])",
    )


def test_a_summary_reads_the_edges_only():
    # Whether a column is wide is decided by what is shown.
    wide = rsnn.zeros(2000)
    wide[1000] = 12345.5
    assert repr(wide) == "tensor([0., 0., 0.,  ..., 0., 0., 0.])"


def test_autograd_is_shown():
    w = rsnn.ones(2, requires_grad=True)
    assert repr(w) == "tensor([1., 1.], requires_grad=True)"
    assert repr(w * 2) == "tensor([2., 2.], grad_fn=<MulBackward0>)"
    assert repr(w.detach()) == "tensor([1., 1.])"


def test_suffixes_go_to_a_line_of_their_own_when_the_last_is_full():
    w = rsnn.full((9,), 1.5, dtype=rsnn.float64, requires_grad=True)
    assert repr(w) == lines(
        "tensor([1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000],",
        "       dtype=rsnn.float64, requires_grad=True)",
    )


def test_parameters_say_what_they_are():
    assert repr(rsnn.nn.Parameter(rsnn.ones(1))) == "Parameter containing:\ntensor([1.], requires_grad=True)"


def test_sizes_and_dtypes():
    assert repr(rsnn.zeros(2, 3).shape) == "rsnn.Size([2, 3])"
    assert repr(rsnn.float64) == str(rsnn.float64) == "rsnn.float64"


def test_the_default_dtype_is_not_shown():
    rsnn.set_default_dtype(rsnn.float64)
    try:
        assert repr(rsnn.tensor([0.5])) == "tensor([0.5000])"
        assert repr(rsnn.tensor([0.5], dtype=rsnn.float32)) == "tensor([0.5000], dtype=rsnn.float32)"
    finally:
        rsnn.set_default_dtype(rsnn.float32)


def test_options():
    x = rsnn.tensor([1.123456, 20.5])
    rsnn.set_printoptions(precision=2)
    assert repr(x) == "tensor([ 1.12, 20.50])"
    rsnn.set_printoptions(sci_mode=True)
    assert repr(x) == "tensor([1.12e+00, 2.05e+01])"
    rsnn.set_printoptions()  # leaving sci_mode out goes back to the values' choice
    assert repr(x) == "tensor([ 1.12, 20.50])"
    rsnn.set_printoptions(profile="default", threshold=3, edgeitems=1)
    assert repr(rsnn.arange(4)) == "tensor([0,  ..., 3])"
    rsnn.set_printoptions(edgeitems=0)
    assert repr(rsnn.arange(4)) == "tensor([...], size=(4,))"
    rsnn.set_printoptions(profile="short")
    assert repr(rsnn.arange(1001)) == "tensor([   0,    1,  ...,  999, 1000])"
    rsnn.set_printoptions(profile="full")
    assert "..." not in repr(rsnn.arange(1001))
    with pytest.raises(ValueError, match="profile"):
        rsnn.set_printoptions(profile="long")


DTYPES = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]
OPTIONS = {
    "precision": [0, 1, 2, 4, 6, 8],
    "threshold": [0, 5, 10, 1000, INF],
    "edgeitems": [0, 1, 2, 3, 5],
    "linewidth": [20, 40, 80, 120],
    "profile": ["default", "short", "full"],
    "sci_mode": [None, True, False],
}


def random_values(rng, shape):
    kind = rng.randrange(7)
    values = np.array([rng.gauss(0, 1) for _ in range(math.prod(shape))])
    if kind == 1:
        values = values * 10.0 ** rng.randint(-8, 9)
    elif kind == 2:
        values = np.round(values * 10.0 ** rng.randint(0, 5))
    elif kind == 3:
        values = values * np.exp([rng.gauss(0, 5) for _ in values])
    elif kind == 4:
        values = values * 0
    elif kind >= 5:
        values = np.round(values) if kind == 6 else values
        for i in range(min(3, len(values))):
            values[rng.randrange(len(values))] = [NAN, INF, -INF, 0.0][rng.randrange(4)] if i else -0.0
    return values.reshape(shape)


def one_line_of_suffixes(text):
    """`torch.` is a letter longer than `rsnn.`, so lines of suffixes break elsewhere."""
    return re.sub(r",\n *(?=dtype|size|requires_grad)", ", ", text.replace("torch.", "rsnn."))


@pytest.mark.parametrize("seed", range(40))
def test_text_equals_that_of_pytorch(seed):
    torch = pytest.importorskip("torch")
    rng = random.Random(seed)
    options = {k: rng.choice(v) for k, v in OPTIONS.items() if seed and rng.random() < 0.35}
    rsnn.set_printoptions(**options)
    torch.set_printoptions(**options)
    try:
        for _ in range(40):
            shape = [rng.choice([0, 1, 2, 3, 4, 7, 12]) for _ in range(rng.choice([0, 1, 1, 2, 2, 3]))]
            if len(shape) == 1 and rng.random() < 0.3:
                shape = [rng.choice([30, 100, 1001, 2000])]
            values = random_values(rng, shape)
            dtype = rng.choice(DTYPES)
            if "float" not in dtype:
                values = np.asarray(np.nan_to_num(values, nan=0, posinf=100, neginf=-100).clip(-1e18, 1e18))
            transpose, grad = rng.random() < 0.2, "float" in dtype and rng.random() < 0.3
            texts = []
            for lib in (rsnn, torch):
                x = lib.tensor(values, dtype=getattr(lib, dtype))
                x = x.transpose(0, 1) if transpose and x.ndim > 1 else x
                texts.append(one_line_of_suffixes(repr(x.clone().requires_grad_() if grad else x)))
            assert texts[0] == texts[1], (options, dtype, shape)
    finally:
        torch.set_printoptions(profile="default")
