"""Convolutions and linear layers keep packed weights between calls: every way to change a weight must be seen by the next call."""

from __future__ import annotations

import ctypes
import gc

import numpy as np
import pytest

import rsnn
import rsnn.nn.functional as F
from rsnn import nn


def from_numpy_view(w: rsnn.Tensor) -> None:
    w.detach().numpy()[...] += 1


def from_address(w: rsnn.Tensor) -> None:
    (ctypes.c_float * w.numel()).from_address(w.data_ptr())[:] = [0.5] * w.numel()


def from_dlpack(w: rsnn.Tensor) -> None:
    np.from_dlpack(w.detach())  # taken, as a consumer may write
    rsnn.from_dlpack(w.detach()).add_(2)


def optimizer(w: rsnn.Tensor) -> None:
    w.grad = rsnn.ones_like(w)
    rsnn.optim.SGD([w], lr=0.5).step()
    rsnn.optim.Adam([w], lr=0.5).step()


def from_view(w: rsnn.Tensor) -> None:
    w.detach().view(-1)[5:70].mul_(3)


def replace_data(w: rsnn.Tensor) -> None:
    w.data = rsnn.randn(*w.shape)


def copied(w: rsnn.Tensor) -> None:
    with rsnn.no_grad():
        w.copy_(rsnn.randn(*w.shape))


def uninitialised(w: rsnn.Tensor) -> None:
    nn.init.uniform_(w)


CHANGES = {
    "in place on .data": lambda w: w.data.mul_(2),
    "in place without gradients": lambda w: rsnn.no_grad()(w.add_)(1),
    "an element": lambda w: w.detach().__setitem__((0, 0, 0, 0), 9.0),
    "a mask": lambda w: w.detach().masked_fill_(w.detach() > 0, 1.0),
    "out=": lambda w: rsnn.add(w.detach(), 1, out=w.detach()),
    "a view": from_view,
    "copy_": copied,
    "init": uninitialised,
    ".data = ": replace_data,
    "an optimizer": optimizer,
    "numpy": from_numpy_view,
    "the address": from_address,
    "dlpack": from_dlpack,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("groups", [1, 2])
def test_the_next_call_sees_a_changed_weight(change, groups):
    rsnn.manual_seed(0)
    layer, x = nn.Conv2d(8, 64, 3, padding=1, groups=groups), rsnn.randn(2, 8, 9, 9)
    with rsnn.no_grad():
        before = [layer(x) for _ in range(4)]
    assert all(rsnn.equal(y, before[0]) for y in before)
    for _ in range(2):
        change(layer.weight)
        fresh = rsnn.tensor(layer.weight.tolist())
        expected = F.conv2d(x, fresh, layer.bias, padding=1, groups=groups)
        for _ in range(4):
            assert rsnn.equal(layer(x), expected)
    if change is not from_address:
        assert not rsnn.equal(layer(x), before[0])


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_the_next_call_of_a_linear_layer_sees_a_changed_weight(change):
    if change is CHANGES["an element"]:
        change = lambda w: w.detach().__setitem__((0, 0), 9.0)  # noqa: E731
    rsnn.manual_seed(0)
    layer, x = nn.Linear(40, 50), rsnn.randn(3, 70, 40)
    with rsnn.no_grad():
        before = [layer(x) for _ in range(4)]
    assert all(rsnn.allclose(y, before[0], atol=1e-6) for y in before)
    for _ in range(2):
        change(layer.weight)
        expected = x @ rsnn.tensor(layer.weight.tolist()).t() + layer.bias
        for _ in range(4):
            assert rsnn.allclose(layer(x), expected, rtol=1e-4, atol=1e-5)


def test_loading_a_state_is_seen():
    layer, other, x = nn.Conv2d(3, 32, 3), nn.Conv2d(3, 32, 3), rsnn.randn(1, 3, 12, 12)
    for assign in (False, True):
        for _ in range(3):
            layer(x)
        layer.load_state_dict(other.state_dict(), assign=assign)
        for _ in range(3):
            assert rsnn.equal(layer(x), other(x))
        nn.init.normal_(other.weight)


def test_packed_weights_are_freed_with_the_weight_and_after_a_change():
    def held() -> int:
        gc.collect()
        return rsnn.memory_stats()["allocated_bytes.all.current"]

    x = rsnn.randn(1, 64, 8, 8)
    before = held()
    layer = nn.Conv2d(64, 64, 3, bias=False)
    size = layer.weight.nbytes
    with rsnn.no_grad():
        layer(x)
        assert held() - before < 1.5 * size  # nothing is kept of a weight that was used once
        layer(x)
        assert held() - before > 1.9 * size
        layer.weight.mul_(2)
        layer(x)
        assert held() - before < 1.5 * size
        layer(x)
    del layer
    assert held() == before


def test_packed_weights_are_kept_for_small_inputs_alone_and_have_the_same_bits():
    def held() -> int:
        gc.collect()
        return rsnn.memory_stats()["allocated_bytes.all.current"]

    layer = nn.Conv2d(128, 128, 3, padding=1, bias=False)
    small, large = rsnn.randn(1, 128, 7, 7), rsnn.randn(4, 128, 32, 32)
    with rsnn.no_grad():
        before = held()
        first = [layer(large) for _ in range(4)][-1]
        assert held() - before < 1.5 * first.nbytes  # the output, nothing of the weight
        for _ in range(3):
            y = layer(small)
        assert held() - before - first.nbytes > 0.9 * layer.weight.nbytes
        # Now that they are there, they are used.
        assert rsnn.equal(layer(large), first)
        assert rsnn.equal(layer(small), F.conv2d(small, layer.weight.clone(), padding=1))
    del y


def test_one_memory_serves_several_weights():
    memory = rsnn.randn(32 * 8 * 9 + 64)
    x = rsnn.randn(1, 8, 10, 10)
    for _ in range(3):
        for start in (0, 32, 64):
            w = memory[start : start + 32 * 8 * 9].view(32, 8, 3, 3)
            assert rsnn.equal(F.conv2d(x, w), F.conv2d(x, w.clone()))
        w = memory[: 32 * 8 * 9].view(8, 32, 3, 3).transpose(0, 1)
        assert rsnn.equal(F.conv2d(x, w), F.conv2d(x, w.contiguous().clone()))
        w = memory[: 16 * 16 * 9].view(16, 16, 3, 3)
        y = rsnn.randn(1, 16, 10, 10)
        assert rsnn.equal(F.conv2d(y, w), F.conv2d(y, w.clone()))
