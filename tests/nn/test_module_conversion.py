"""Conversions of whole modules, and their gradients, in both libraries."""

from __future__ import annotations

import pytest

from both import raises


@pytest.fixture
def net(lib):
    """A tree with a shared parameter, gradients, and buffers of several dtypes."""
    m = lib.nn.Sequential(lib.nn.Linear(2, 2), lib.nn.Linear(2, 2, bias=False))
    m[1].weight = m[0].weight
    m.register_buffer("mean", lib.zeros(2))
    m.register_buffer("count", lib.zeros(2, dtype=lib.int64))
    m.register_buffer("none", None)
    m(lib.ones(1, 2)).sum().backward()
    return m


def dtypes(m):
    """The dtypes of parameters, gradients and buffers."""
    parameters = [p.dtype for p in m.parameters()]
    return parameters, [p.grad.dtype for p in m.parameters()], [b.dtype for b in m.buffers()]


@pytest.mark.parametrize("name", ["float", "double", "half", "bfloat16"])
def test_conversions(lib, net, name):
    wanted = {"float": "float32", "double": "float64", "half": "float16", "bfloat16": "bfloat16"}[name]
    wanted = getattr(lib, wanted)
    weight = net[0].weight
    assert getattr(net, name)() is net
    assert dtypes(net) == ([wanted] * 2, [wanted] * 2, [wanted, lib.int64])
    assert net[0].weight is weight is net[1].weight and net.none is None


def test_to(lib, net):
    weight, grad = net[0].weight, net[0].weight.grad
    for given in ((lib.float64,), ("cpu", lib.float64), (lib.zeros(1, dtype=lib.float64),), (lib.float64, True)):
        net.float()
        assert net.to(*given) is net and dtypes(net) == ([lib.float64] * 2, [lib.float64] * 2, [lib.float64, lib.int64])
    assert net.to(dtype=lib.float32, non_blocking=True).mean.dtype == lib.float32
    assert net.to("cpu") is net is net.cpu() is net.to(device="cpu") and net[0].weight is weight
    assert weight.grad is not None and weight.grad.shape == grad.shape and weight.requires_grad and weight.is_leaf
    with pytest.raises(TypeError, match="only accepts floating point or complex dtypes"):
        net.to(lib.int64)


def test_type(lib, net):
    weight = net[0].weight.tolist()
    assert net.type(lib.float64) is net and dtypes(net)[2] == [lib.float64] * 2
    assert net[0].weight.tolist() == weight


def test_to_empty(lib, net):
    weight = net[0].weight
    address = weight.data_ptr()
    assert net.to_empty(device="cpu") is net and net[0].weight is weight is net[1].weight
    assert weight.shape == (2, 2) and weight.data_ptr() != address
    mean = net.mean.data_ptr()
    net[0].to_empty(device="cpu", recurse=False)
    assert net.mean.data_ptr() == mean
    with pytest.raises(TypeError):
        net.to_empty("cpu")


def test_zero_grad(lib, net):
    grad = net[0].weight.grad
    net.zero_grad(set_to_none=False)
    assert net[0].weight.grad is grad and grad.tolist() == [[0, 0], [0, 0]] and not grad.requires_grad
    assert net.zero_grad() is None and all(p.grad is None for p in net.parameters())


def test_overridden_apply_of_a_child(lib, net):
    class Fixed(lib.nn.Linear):
        def _apply(self, fn, recurse=True):
            return self

    net.append(Fixed(2, 2))
    net.double()
    assert net[2].weight.dtype == lib.float32 and net[0].weight.dtype == lib.float64


def test_conversions_keep_what_a_view_shares(lib):
    m = lib.nn.Module()
    m.weight = lib.nn.Parameter(lib.ones(2))
    m.register_buffer("same", m.weight.detach())
    m.float()
    assert m.same.data_ptr() == m.weight.data_ptr()


def test_errors_under_way_are_raised(lib, net):
    def fail(tensor):
        raise LookupError("bad")

    with raises(LookupError, "bad"):
        net._apply(fail)


@pytest.mark.parametrize("given", [("cpu", "dtype", False, False, 5, 6), ("dtype", False, False, 5, 6)])
def test_to_with_too_many_arguments(lib, net, given):
    with pytest.raises(TypeError):
        net.to(*[lib.float64 if value == "dtype" else value for value in given])


def test_to_with_an_unknown_argument(lib, net):
    with pytest.raises(TypeError):
        net.to(devise="cpu")
    with pytest.raises(TypeError):
        net.to(dtype=5)


def test_conversions_are_not_recorded(lib, net):
    seen = []

    def twice(tensor):
        seen.append((tensor * 2).requires_grad)
        return tensor * 2

    net._apply(twice)
    assert seen and not any(seen)
    assert all(parameter.requires_grad and parameter.is_leaf for parameter in net.parameters())
