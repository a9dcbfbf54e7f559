"""The accuracy that products of `float32` have to have: a setting of the process, with PyTorch's texts and errors."""

import pytest

import rsnn


@pytest.fixture(autouse=True)
def highest():
    yield
    rsnn.set_float32_matmul_precision("highest")


def test_the_level_is_kept():
    assert rsnn.get_float32_matmul_precision() == "highest"
    for level in ("high", "medium", "highest"):
        assert rsnn.set_float32_matmul_precision(level) is None
        assert rsnn.get_float32_matmul_precision() == level


def test_an_unknown_level_warns_and_changes_nothing():
    rsnn.set_float32_matmul_precision("high")
    with pytest.warns(UserWarning, match="low is not one of 'highest', 'high', or 'medium'; .* has no effect"):
        rsnn.set_float32_matmul_precision("low")
    assert rsnn.get_float32_matmul_precision() == "high"


@pytest.mark.parametrize("value", [None, 3])
def test_what_is_no_text_is_refused_as_by_pytorch(torch, value):
    texts = []
    for lib in (rsnn, torch):
        with pytest.raises(RuntimeError) as error:
            lib.set_float32_matmul_precision(value)
        texts.append(str(error.value))
    assert texts[0] == texts[1]


@pytest.mark.parametrize(("level", "bits"), [("highest", 24), ("high", 16), ("medium", 8)])
def test_products_have_the_accuracy_of_their_level(level, bits):
    a, b = rsnn.randn(250, 300), rsnn.randn(300, 240)
    exact = a.double() @ b.double()
    rsnn.set_float32_matmul_precision(level)
    # Errors of factors and sums add up as in a random walk.
    bound = 8 * 2.0**-bits * (a.double().abs() @ b.double().abs())
    assert ((a @ b).double() - exact).abs().le(bound).all()
