"""`x[...]` and `x[...] = value`: random index expressions against numpy and live PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rsnn
from helpers import assert_same, attempt, to_numpy

try:
    import torch
except ImportError:
    torch = None

pytestmark = pytest.mark.filterwarnings("ignore")

relaxed = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@st.composite
def expressions(draw):
    """A shape and a list of items: Python objects, or numpy arrays (numbers and masks) with the form to give them."""
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=4)))
    common = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    items, axis = [], 0
    while axis < len(shape) and draw(st.integers(0, 9)) > 0:
        size = shape[axis]
        kind = draw(st.sampled_from(["int", "slice", "slice", "numbers", "numbers", "mask", "none", "truth"]))
        if kind == "none":
            items.append(None)
        elif kind == "truth":
            items.append(draw(st.booleans()))
        elif kind == "int" and size:
            items.append(draw(st.integers(-size, size - 1)))
            axis += 1
        elif kind == "numbers" and size:
            # Some of the axes of the common shape, some of them of size 1, so that the numbers broadcast.
            own = common[draw(st.integers(0, len(common))) :]
            own = tuple(draw(st.sampled_from([n, 1])) for n in own)
            values = draw(
                st.lists(st.integers(-size, size - 1), min_size=int(np.prod(own)), max_size=int(np.prod(own)))
            )
            form = draw(st.sampled_from(["tensor", "int32", "list", "numpy"]))
            items.append((np.array(values, dtype=np.int64).reshape(own), form))
            axis += 1
        elif kind == "mask":
            count = draw(st.integers(1, len(shape) - axis))
            own = shape[axis : axis + count]
            values = draw(st.lists(st.booleans(), min_size=int(np.prod(own)), max_size=int(np.prod(own))))
            # The numbers of several masks, and of other indices, would have to broadcast.
            if any(isinstance(i, (tuple, bool)) for i in items):
                values = _few(values, max((int(np.prod(common)), 1)[1], 1))
            items.append((np.array(values, dtype=bool).reshape(own), draw(st.sampled_from(["tensor", "numpy"]))))
            axis += count
        else:
            bound = st.none() | st.integers(-size - 1, size + 1)
            items.append(slice(draw(bound), draw(bound), draw(st.none() | st.integers(1, 3))))
            axis += 1
    if draw(st.booleans()):
        items.insert(draw(st.integers(0, len(items))), Ellipsis)
        if Ellipsis in [i for i in items if not isinstance(i, tuple)] and axis < len(shape):
            # Items behind the ellipsis count from the end: only keep those that still fit.
            at = next(k for k, i in enumerate(items) if i is Ellipsis)
            items = items[: at + 1]
    return shape, items


def _few(values, most):
    """At most so many true values."""
    out, left = [], most
    for value in values:
        out.append(value and left > 0)
        left -= out[-1]
    return out


def built(lib, items, alone=False):
    """The expression of a library."""

    def one(item):
        if not isinstance(item, tuple):
            return item
        array, form = item
        if form == "numpy":
            return array
        if form == "list" and array.ndim:
            return array.tolist()
        return lib.from_numpy(array.copy()).to(lib.int32 if form == "int32" else getattr(lib, str(array.dtype)))

    made = tuple(one(i) for i in items)
    return made[0] if alone and len(made) == 1 and not isinstance(made[0], list) else made


def in_numpy(shape, items):
    """The places that an expression names, read as PyTorch reads it: integers and slices first, then arrays."""
    places = np.arange(int(np.prod(shape))).reshape(shape)
    first, second = [], []
    for item in items:
        if isinstance(item, bool):
            first.append(None)
            second.append(np.zeros(int(item), dtype=np.int64))
        elif isinstance(item, tuple) and item[0].dtype == bool:
            first += [slice(None)] * item[0].ndim
            second += list(np.nonzero(item[0]))
        elif isinstance(item, tuple) and item[0].ndim == 0:
            first.append(int(item[0]))
        elif isinstance(item, tuple):
            first.append(slice(None))
            second.append(item[0])
        else:
            first.append(item)
            if item is Ellipsis:
                used = sum(
                    0
                    if i is None or i is Ellipsis or isinstance(i, bool)
                    else i[0].ndim
                    if isinstance(i, tuple) and i[0].dtype == bool
                    else 1
                    for i in items
                )
                second += [slice(None)] * (len(shape) - used)
            elif not isinstance(item, int):
                second.append(slice(None))
    return places[tuple(first)][tuple(second)]


def is_basic(items):
    """Whether an expression makes a view."""
    return not any(isinstance(i, (tuple, bool)) for i in items)


@relaxed
@given(expressions(), st.booleans())
def test_reading(case, alone):
    shape, items = case
    values = np.random.default_rng(0).standard_normal(shape)
    places = attempt(lambda: in_numpy(shape, items))
    x = rsnn.tensor(values)
    actual = attempt(lambda: x[built(rsnn, items, alone)])
    if isinstance(places, Exception):
        assert isinstance(actual, IndexError), (actual, places)
        return
    assert not isinstance(actual, Exception), actual
    np.testing.assert_array_equal(to_numpy(actual), values.reshape(-1)[places])
    if is_basic(items):
        assert actual._is_view() and actual._base is x
    if torch is not None:
        expected = torch.empty(shape).double().copy_(torch.from_numpy(values))[built(torch, items, alone)]
        assert_same(actual, expected)
        if is_basic(items):
            assert (actual.stride(), actual.storage_offset()) == (expected.stride(), expected.storage_offset())


@relaxed
@given(expressions())
def test_gradient_of_reading(case):
    shape, items = case
    places = attempt(lambda: in_numpy(shape, items))
    if isinstance(places, Exception):
        return
    x = rsnn.ones(shape, dtype=rsnn.float64).requires_grad_()
    weights = np.random.default_rng(1).standard_normal(places.shape)
    y = x[built(rsnn, items)]
    (y * rsnn.from_numpy(weights)).sum().backward()
    expected = np.zeros(int(np.prod(shape)))
    np.add.at(expected, places, weights)
    np.testing.assert_allclose(to_numpy(x.grad), expected.reshape(shape), rtol=1e-12, atol=1e-14)


@relaxed
@given(expressions(), st.sampled_from(["number", "whole", "broadcast", "scalar"]), st.data())
def test_writing(case, kind, data):
    shape, items = case
    places = attempt(lambda: in_numpy(shape, items))
    if isinstance(places, Exception):
        return
    rng = np.random.default_rng(2)
    if kind == "number":
        value = 2.5
    else:
        wanted = [] if kind == "scalar" else list(places.shape)
        if kind == "broadcast":
            wanted = [n if data.draw(st.booleans()) else 1 for n in wanted][data.draw(st.integers(0, len(wanted))) :]
        value = rng.standard_normal(wanted)
    values = rng.standard_normal(shape)
    x = rsnn.from_numpy(values.copy()).requires_grad_()
    v = value if kind == "number" else rsnn.from_numpy(np.array(value)).requires_grad_()
    y = x * 1
    y[built(rsnn, items)] = v
    expected = values.reshape(-1).copy()
    expected[places] = value
    np.testing.assert_array_equal(to_numpy(y).reshape(-1), expected)

    weights = rng.standard_normal(shape)
    (y * rsnn.from_numpy(weights)).sum().backward()
    kept = weights.reshape(-1).copy()
    kept[places] = 0
    np.testing.assert_allclose(to_numpy(x.grad).reshape(-1), kept, rtol=1e-12, atol=1e-14)
    if torch is not None:
        a = torch.from_numpy(values.copy()).requires_grad_()
        b = value if kind == "number" else torch.from_numpy(np.array(value)).requires_grad_()
        z = a * 1
        z[built(torch, items)] = b
        (z * torch.from_numpy(weights)).sum().backward()
        assert_same(y, z)
        if kind != "number":
            assert_same(v.grad, b.grad)
