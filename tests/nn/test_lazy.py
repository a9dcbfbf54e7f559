"""Lazy layers: with rsnn and PyTorch alike, and with the same initial values."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import rsnn
from both import raises

LAYERS = [
    ("LazyLinear", "3", (2, 5)),
    ("LazyLinear", "3, bias=False", (4, 2, 5)),
    ("LazyConv1d", "4, 3", (2, 3, 7)),
    ("LazyConv1d", "4, 3", (3, 7)),
    ("LazyConv2d", "4, (3, 2), stride=2, padding=1, groups=2, bias=False", (2, 6, 7, 8)),
    ("LazyConv3d", "4, 2, dilation=2", (2, 3, 4, 5, 6)),
    ("LazyConvTranspose1d", "4, 3, stride=2, output_padding=1", (2, 3, 7)),
    ("LazyConvTranspose2d", "4, 3, groups=2", (2, 6, 4, 4)),
    ("LazyConvTranspose3d", "4, 2, bias=False", (2, 3, 3, 3, 3)),
    ("LazyBatchNorm1d", "", (4, 3)),
    ("LazyBatchNorm2d", "eps=1e-3, momentum=None", (4, 3, 5, 5)),
    ("LazyBatchNorm3d", "affine=False", (4, 3, 2, 3, 2)),
    ("LazyBatchNorm2d", "track_running_stats=False, bias=False", (4, 3, 5, 5)),
    ("LazyInstanceNorm1d", "", (4, 3, 5)),
    ("LazyInstanceNorm2d", "bias=False, track_running_stats=False", (4, 3, 5, 5)),
    ("LazyInstanceNorm3d", "", (4, 3, 2, 3, 2)),
]
table = pytest.mark.parametrize(("name", "arguments", "shape"), LAYERS, ids=[f"{n}({a})" for n, a, _ in LAYERS])


def build(lib, name, arguments):
    return eval(f"nn.{name}({arguments})", {"nn": lib.nn})


@table
def test_layers(torch, name, arguments, shape):
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    results = []
    for lib in (rsnn, torch):
        module = build(lib, name, arguments)
        before = (repr(module), list(module.state_dict()), len(list(module.parameters())))
        lib.manual_seed(0)
        y = module(lib.from_numpy(x))
        assert type(module) is getattr(lib.nn, name.removeprefix("Lazy"))
        assert not module._forward_pre_hooks
        after = (repr(module), list(module.state_dict()))
        results.append((before, after, y.detach().numpy(), [v.numpy() for v in module.state_dict().values()]))
    (ours, theirs) = results
    assert ours[:2] == theirs[:2]
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-4, atol=1e-5)
    for a, b in zip(ours[3], theirs[3], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@table
def test_states(lib, name, arguments, shape):
    done = build(lib, name, arguments)
    x = lib.ones(*shape)
    expected = done(x).detach().numpy()
    lazy = build(lib, name, arguments)
    lazy.load_state_dict(done.state_dict())
    if "InstanceNorm" in name:
        # Its check of the channels comes before it knows them.
        assert not lazy.has_uninitialized_params()
        return
    np.testing.assert_allclose(lazy(x).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    assert type(lazy) is type(done)
    with pytest.raises(RuntimeError):
        if not done.state_dict():
            raise RuntimeError("nothing to load")
        done.load_state_dict(build(lib, name, arguments).state_dict())


def test_uninitialized_tensors(lib):
    for name, become in (("UninitializedParameter", lib.nn.Parameter), ("UninitializedBuffer", lib.Tensor)):
        x = getattr(lib.nn, name)(dtype=lib.float64)
        assert repr(x) == f"<{name}>"
        assert lib.nn.parameter.is_lazy(x)
        with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized parameter or buffer"):
            print(x.shape)
        if name == "UninitializedParameter":
            assert type(copy.deepcopy(x)) is type(x)
        x.materialize((2, 3))
        assert type(x) is become and tuple(x.shape) == (2, 3) and x.dtype is lib.float64


def test_dtypes_follow_the_module(lib):
    module = lib.nn.LazyLinear(3).to(lib.float64)
    assert module(lib.zeros(1, 2, dtype=lib.float64)).dtype is lib.float64


def test_copies_before_the_first_call(lib):
    twin = copy.deepcopy(lib.nn.LazyLinear(3))
    assert tuple(twin(lib.zeros(1, 2)).shape) == (1, 3)


def test_lazy_layers_in_containers(lib):
    net = lib.nn.Sequential(lib.nn.LazyConv2d(4, 3), lib.nn.LazyBatchNorm2d(), lib.nn.Flatten(), lib.nn.LazyLinear(2))
    assert tuple(net(lib.zeros(2, 3, 5, 5)).shape) == (2, 2)
    assert [type(each).__name__ for each in net] == ["Conv2d", "BatchNorm2d", "Flatten", "Linear"]


def test_mistakes(lib):
    with pytest.raises(RuntimeError, match=r"Expected 3D \(unbatched\) or 4D \(batched\) input to LazyConv2d"):
        lib.nn.LazyConv2d(4, 3)(lib.zeros(2, 2))
    with pytest.raises(ValueError, match="in_channels must be divisible by groups"):
        lib.nn.LazyConv2d(4, 3, groups=2)(lib.zeros(1, 3, 5, 5))
    loaded = lib.nn.LazyLinear(3)
    loaded.load_state_dict(lib.nn.Linear(4, 3).state_dict())
    with pytest.raises(AssertionError, match="The in_features inferred from input: 5"):
        loaded(lib.zeros(1, 5))


def test_a_lazy_module_of_ones_own(lib):
    class Scale(lib.nn.modules.lazy.LazyModuleMixin, lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = lib.nn.UninitializedParameter()

        def initialize_parameters(self, x):
            with lib.no_grad():
                self.factor.materialize(x.shape[-1:])
                self.factor.fill_(2.0)

        def forward(self, x):
            return x * self.factor

    module = Scale()
    assert module.has_uninitialized_params()
    np.testing.assert_array_equal(module(lib.ones(2, 3)).detach().numpy(), np.full((2, 3), 2.0))
    assert type(module) is Scale


def test_buffers(lib):
    nn = lib.nn
    assert tuple(nn.Buffer().shape) == (0,) and isinstance(nn.Buffer(), nn.Buffer) and nn.Buffer().persistent is True
    data = lib.ones(2)
    buffer = nn.Buffer(data, persistent=False)
    assert buffer.data_ptr() == data.data_ptr() and not buffer.persistent and not isinstance(data, nn.Buffer)
    assert nn.Buffer(lib.ones(1, requires_grad=True)).requires_grad and not buffer.requires_grad

    class Other:
        _is_buffer = True

    assert not isinstance(Other(), nn.Buffer)


def test_tensors_without_sizes(lib):
    parameter = lib.nn.parameter
    p, b = parameter.UninitializedParameter(), parameter.UninitializedBuffer()
    assert p.requires_grad is True and b.requires_grad is False and b.persistent is True
    assert isinstance(b, parameter.Buffer) and isinstance(p, parameter.Parameter) and parameter.is_lazy(p)
    assert parameter.UninitializedParameter(requires_grad=False).requires_grad is False
    assert parameter.UninitializedBuffer(persistent=False).persistent is False
    assert parameter.UninitializedBuffer(True, dtype=lib.float64).requires_grad is True
    assert p.dtype == b.dtype == lib.float32
    with raises(RuntimeError, SHAPE):
        _ = p.shape
    for tensor in (p, b):
        with raises(RuntimeError, SHARE):
            tensor.share_memory_()
    assert repr(p) == "<UninitializedParameter>" and repr(b) == "<UninitializedBuffer>"


def test_copies_and_pickles_of_tensors_without_sizes(lib):
    p = lib.nn.parameter.UninitializedParameter(False, dtype=lib.float64)
    first, second = copy.deepcopy([p, p])
    assert first is second is not p and type(first) is type(p) and first.dtype == lib.float64
    again = pickle.loads(pickle.dumps(p))
    assert type(again) is type(p) and again.requires_grad is first.requires_grad is False
    p.materialize((2, 3), dtype=lib.float32)
    assert type(p) is lib.nn.Parameter and tuple(p.shape) == (2, 3) and p.dtype == lib.float32
    first.materialize([2])
    assert first.dtype == lib.float64


def test_tensors_without_sizes_hold_nothing():
    parameter = rsnn.nn.parameter
    assert parameter.UninitializedParameter().data.shape == parameter.UninitializedBuffer().data.shape == (0,)


USES = {
    "numel": lambda p: p.numel(),
    "sum": lambda p: sum(one.numel() for one in [p]),
    "dim": lambda p: p.dim(),
    "stride": lambda p: p.stride(),
    "tolist": lambda p: p.tolist(),
    "detach": lambda p: p.detach(),
    "clone": lambda p: p.clone(),
    "zero_": lambda p: p.zero_(),
    "norm": lambda p: p.norm(2),
    "view": lambda p: p.view(-1),
    "register_hook": lambda p: p.register_hook(print),
    "+": lambda p: p + 1,
    "radd": lambda p: 1 + p,
    "-": lambda p: -p,
    "@": lambda p: p @ p,
    "+=": lambda p: p.__iadd__(1),
    "==": lambda p: p == 1,
    "<": lambda p: p < 1,
    "[]": lambda p: p[0],
    "[]=": lambda p: p.__setitem__(0, 1),
    "len": len,
    "bool": bool,
    "float": float,
    "iter": list,
    "in": lambda p: 1 in p,
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("name", ["UninitializedParameter", "UninitializedBuffer"])
def test_uses_of_what_is_not_there(lib, use, name):
    p = getattr(lib.nn, name)()
    with pytest.raises(ValueError) as caught:
        USES[use](p)
    text = str(caught.value).replace("torch", "rsnn")
    assert text.startswith("Attempted to use an uninitialized parameter in <")
    assert text.endswith(
        ". This error happens when you are using a `LazyModule` or explicitly manipulating "
        f"`rsnn.nn.parameter.{name}` objects. When using LazyModules Call `forward` with a dummy batch to "
        "initialize the parameters before calling rsnn functions"
    )


def test_uses_of_what_is_there(lib):
    p = lib.nn.UninitializedParameter()
    assert p in [p] and {p: 1}[p] == 1 and p.is_floating_point() and not p.is_complex() and p.get_device() == -1
    assert p.double().dtype is p.to(lib.float64).dtype is lib.float64 and p.cpu() is p and p.half().dtype is lib.float16
    assert p.grad is None and p.is_leaf and p.dtype is lib.float32 and str(p) == "<UninitializedParameter>"
    p.materialize((2,))
    assert p.numel() == 2 and (p * 0 + 1).sum().item() == 2 and len(p) == 2


OPERATORS = """abs add and array bool contains div dlpack eq float floordiv ge getitem gt iadd iand idiv ifloordiv ilshift imod
imul index int invert ior ipow irshift isub iter itruediv ixor le len lshift lt matmul mod mul ne neg or pos pow radd rand
rdiv reversed rfloordiv rlshift rmatmul rmod rmul ror rpow rrshift rshift rsub rtruediv rxor setitem sub truediv xor"""


@pytest.mark.parametrize("name", OPERATORS.split())
def test_every_operator_asks_too(lib, name):
    p = lib.nn.UninitializedBuffer()
    method = getattr(p, f"__{name}__")
    for args in ((), (1,), (p,), (1, 1)):
        try:
            method(*args)
        except ValueError as error:
            assert str(error).startswith("Attempted to use an uninitialized parameter in ")
            return
        except TypeError:
            continue
        # PyTorch's operators of binary operations try another number of arguments first.
        assert lib.__name__ == "torch"


def test_every_method_asks_whether_there_are_elements():
    """But those that a tensor without sizes can answer; with it, some that PyTorch refuses, such as `requires_grad_`."""
    p = rsnn.nn.UninitializedParameter()
    answered = []
    for name in dir(rsnn.Tensor):
        if name.startswith("_") or not callable(getattr(rsnn.Tensor, name)):
            continue
        try:
            getattr(p, name)()
        except ValueError as error:
            method = getattr(rsnn.Tensor, name)
            assert str(error).startswith(f"Attempted to use an uninitialized parameter in {method}. This error happens")
            assert getattr(p, name).__qualname__ == f"UninitializedTensorMixin.{name}"
        except (TypeError, RuntimeError, NotImplementedError):
            answered.append(name)
        else:
            answered.append(name)
    assert answered == sorted(
        "bfloat16 char cpu cuda double float get_device half int is_complex is_floating_point long requires_grad_ "
        "share_memory_ short size to type".split()
    )
    assert p.requires_grad_(False).requires_grad is False and p.bfloat16().dtype is rsnn.bfloat16
    net = rsnn.nn.Sequential(rsnn.nn.LazyLinear(2)).bfloat16().requires_grad_(False)
    assert net[0].weight.dtype is rsnn.bfloat16 and rsnn.nn.parameter.is_lazy(net[0].weight)


SHAPE = (
    "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in `load_state_dict` when "
    "trying to load an uninitialized parameter into an initialized one. Call `forward` to initialize the parameters before "
    "accessing their attributes."
)
SHARE = (
    "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters before calling "
    "`module.share_memory()`."
)
