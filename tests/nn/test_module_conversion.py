"""Conversions of whole modules, and their gradients, in both libraries."""

from __future__ import annotations

import re

import numpy as np
import pytest

import rsnn
from both import names, raises, said


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


@pytest.mark.parametrize("given", [5, None, "no"])
def test_requires_grad_takes_booleans_alone(lib, net, given):
    text = f"requires_grad_(): argument 'requires_grad' (position 1) must be bool, not {type(given).__name__}"
    for changed in (net, lib.zeros(2)):
        with pytest.raises(TypeError, match=re.escape(text)):
            changed.requires_grad_(given)
    assert lib.nn.Module().requires_grad_(given) is not None


@pytest.mark.parametrize(("given", "kept"), [(5, False), (None, True), ("", True), ([0], False)])
def test_zero_grad_takes_what_is_true_or_not(lib, net, given, kept):
    for p in net.parameters():
        p.grad = lib.ones_like(p)
    net.zero_grad(given)
    assert all((p.grad is not None) == kept for p in net.parameters())
    assert not kept or all(p.grad.sum() == 0 for p in net.parameters())


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


@pytest.mark.parametrize("of", ["module", "tensor"])
@pytest.mark.parametrize(
    ("args", "kwargs", "got"),
    [
        (([1],), {}, "(list)"),
        ((np.zeros(2),), {}, "(numpy.ndarray)"),
        ((np.float64,), {}, "(type)"),
        (({},), {}, "(dict)"),
        (("cpu", 5), {}, "(str, int)"),
        (("cpu", True), {}, "(str, bool)"),
        ((None, True), {}, "(NoneType, bool)"),
        (("cpu", "dtype", 5), {}, "(str, rsnn.dtype, int)"),
        (("dtype", "cpu"), {}, "(rsnn.dtype, str)"),
        (("dtype", 5), {}, "(rsnn.dtype, int)"),
        (("dtype", True, 5), {}, "(rsnn.dtype, bool, int)"),
        (("dtype",), {"dtype": "dtype"}, "(rsnn.dtype, dtype=rsnn.dtype)"),
        (("dtype",), {"device": "cpu"}, "(rsnn.dtype, device=str)"),
        (("tensor", 5), {}, "(Tensor, int)"),
        (("tensor",), {"dtype": "dtype"}, "(Tensor, dtype=rsnn.dtype)"),
        (("cpu",), {"device": "cpu"}, "(str, device=str)"),
        (("format",), {}, "(rsnn.memory_format)"),
        ((), {"dtype": 3}, "(dtype=int, )"),
        ((), {"device": []}, "(device=list, )"),
        ((), {"memory_format": 3}, "(memory_format=int, )"),
        ((), {"non_blocking": 5}, "(non_blocking=int, )"),
    ],
)
def test_to_names_what_came(lib, of, args, kwargs, got):
    known = {"dtype": lib.float64, "tensor": lib.zeros(2), "format": lib.contiguous_format}
    args = [known.get(value, value) if isinstance(value, str) else value for value in args]
    kwargs = {name: known.get(value, value) if isinstance(value, str) else value for name, value in kwargs.items()}
    target = lib.nn.Linear(2, 2) if of == "module" else lib.zeros(2)
    with pytest.raises(TypeError) as caught:
        target.to(*args, **kwargs)
    text = (
        f"to() received an invalid combination of arguments - got {got}, but expected one of:\n * (rsnn.device device"
    )
    assert said(caught.value).startswith(text), said(caught.value)


@pytest.mark.parametrize("of", ["module", "tensor"])
def test_to_with_what_is_no_device(lib, of):
    target = lib.nn.Linear(2, 2) if of == "module" else lib.zeros(2)
    for device in ("nosuch", "cpu:x", "cpu:01", ""):
        with pytest.raises(RuntimeError):
            target.to(device)
    with pytest.raises(RuntimeError, match="at start of device string: nosuch"):
        target.to("nosuch")


def test_to_of_nothing(lib, net):
    for given in ({}, {"device": None}, {"dtype": None}, {"non_blocking": False}, {"memory_format": None}):
        assert net.to(**given) is net and dtypes(net)[0] == [lib.float32] * 2
    assert net.to(None) is net is net.to(None, None) is net.to("cpu", None) is net.to(None, lib.float64)
    assert dtypes(net)[0] == [lib.float64] * 2


def test_to_with_names_and_types_of_python(lib, net):
    assert net.to(tensor=lib.zeros(1, dtype=lib.float64)).mean.dtype == lib.float64
    assert net.to(lib.zeros(1), True).mean.dtype == lib.float32
    assert net.to(float).mean.dtype == net.to(dtype=float).mean.dtype == lib.float64
    assert lib.zeros(2).to(int).dtype == lib.int64 and lib.zeros(2).to("cpu", bool).dtype == lib.bool
    for wrong in (int, bool, lib.int32, lib.zeros(1, dtype=lib.int64)):
        with pytest.raises(TypeError, match="only accepts floating point or complex dtypes, but got desired dtype="):
            net.to(wrong)


def test_modules_are_not_copied(lib, net):
    for copied in (True, False):
        with raises(RuntimeError, ".to() does not accept copy argument"):
            net.to("cpu", copy=copied)


def test_to_with_a_memory_format(lib):
    m = lib.nn.Sequential(lib.nn.Conv2d(2, 3, 2), lib.nn.Conv3d(2, 3, 2), lib.nn.Linear(2, 2))
    x = lib.ones(1, 2, 4, 4)
    before = m[0](x)
    with pytest.raises(RuntimeError):
        m.to(memory_format=lib.channels_last)
    two = m[::2]
    assert two.to(memory_format=lib.channels_last) is two
    assert two[0].weight.stride() == (8, 1, 4, 2) and two[1].weight.stride() == (2, 1)
    assert lib.allclose(two[0](x), before)
    assert m[1].to(memory_format=lib.channels_last_3d).weight.stride() == (16, 1, 8, 4, 2)
    assert two.to(memory_format=lib.contiguous_format)[0].weight.stride() == (8, 4, 2, 1)


def test_type_of_what_is_no_type(lib, net):
    for wrong in (5, [], 2.5):
        with pytest.raises(TypeError, match="dtype must be a type, str, or dtype object"):
            net.type(wrong)
    for wrong in ("nosuch", "rsnn.nosuch", np.float64):
        with pytest.raises(ValueError, match="invalid type: '"):
            net.type(wrong)
    with pytest.raises(TypeError):
        net.type()
    assert net.type("rsnn.DoubleTensor" if lib.__name__ == "rsnn" else "torch.DoubleTensor").mean.dtype == lib.float64
    assert dtypes(net)[2] == [lib.float64] * 2


def test_to_empty_with_what_is_no_device(lib, net):
    for wrong, error in (("nosuch", RuntimeError), ([], TypeError), (2.5, TypeError)):
        with pytest.raises(error):
            net.to_empty(device=wrong)
    with pytest.raises(TypeError):
        net.to_empty()
    assert net.to_empty(device=None) is net


def test_each_conversion_from_any_dtype(lib, net):
    for name, dtype in (("double", "float64"), ("float", "float32"), ("half", "float16"), ("bfloat16", "bfloat16")):
        for start in (lib.float64, lib.float16):
            net.to(start)
            wanted = getattr(lib, dtype)
            assert dtypes(getattr(net, name)()) == ([wanted] * 2, [wanted] * 2, [wanted, lib.int64])


def test_to_with_a_memory_format_and_a_dtype(lib):
    m = lib.nn.Conv2d(2, 3, 2)
    m.register_buffer("counts", lib.zeros(1, 2, 2, 2, dtype=lib.int64))
    m.to(lib.float64, memory_format=lib.channels_last)
    assert m.weight.dtype == m.bias.dtype == lib.float64 and m.weight.stride() == (8, 1, 4, 2)
    assert m.counts.dtype == lib.int64 and m.counts.stride() == (8, 1, 4, 2)


def test_to_empty_of_one_level(lib, net):
    inner, mean = net[0].weight.data_ptr(), net.mean.data_ptr()
    assert net.to_empty(device="cpu", recurse=False) is net
    assert net.mean.data_ptr() != mean and net[0].weight.data_ptr() == inner


def test_gradients_stay_with_their_parameters(lib, net):
    weight = net[0].weight
    grad, values = weight.grad, weight.grad.tolist()
    net.double()
    assert weight.grad is grad and grad.dtype == lib.float64 and grad.tolist() == values


def test_sharing_memory_of_nothing(lib):
    m = lib.nn.Module()
    assert m.share_memory() is m


def test_replicas(lib, net):
    net.plain = []
    other = net._replicate_for_data_parallel()
    assert type(other) is type(net) and other is not net and other._is_replica is True
    inner = net[0]._replicate_for_data_parallel()
    assert not list(inner.parameters()) and names(net[0].named_parameters()) == ["weight", "bias"]
    assert not list(other.parameters(recurse=False)) and other.plain is net.plain and not hasattr(net, "_is_replica")
    assert other.mean is net.mean and list(other.children()) == list(net.children()) and other.training is True
    other.added, other.more = lib.nn.ReLU(), lib.zeros(1)
    assert not hasattr(net, "added") and names(net.named_children()) == ["0", "1"]


def test_methods_know_their_place(lib):
    for name in ("to", "get_submodule", "_apply", "double"):
        assert (
            getattr(lib.nn.Module, name).__qualname__ == f"Module.{name}" and getattr(lib.nn.Module, name).__doc__ != ""
        )


def test_the_texts_of_what_is_not_there():
    m = rsnn.nn.Linear(1, 1)
    for name in ("cuda", "ipu", "mtia", "xpu"):
        with raises(NotImplementedError, f"nn.Module.{name}: rsnn runs on the CPU"):
            getattr(m, name)()
    with raises(NotImplementedError, "nn.Module.compile is not supported"):
        m.compile()
    with raises(NotImplementedError, "nn.Module.to: expected device 'cpu', got 'cuda'"):
        m.to("cuda")
    with raises(NotImplementedError, "nn.Module.to_empty: expected device 'cpu', got 'meta'"):
        m.to_empty(device="meta")
    with raises(NotImplementedError, "to: expected device 'cpu', got device(type='cuda', index=1)"):
        rsnn.ones(1).to(rsnn.device("cuda", 1))


def test_the_text_of_an_integral_dtype(lib):
    text = "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=rsnn.int32"
    with raises(TypeError, text):
        lib.nn.Linear(1, 1).to(lib.int32)
