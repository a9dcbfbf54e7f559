"""Conversions of tensors to other dtypes."""

import itertools
import math
import platform

import numpy as np
import pytest

import rsnn
from both import raises


@pytest.fixture(params=["rsnn", "torch"])
def lib(request):
    """The library under test: what is expected holds for PyTorch too."""
    return rsnn if request.param == "rsnn" else pytest.importorskip("torch")


def test_conversions():
    x = rsnn.tensor([1.5, -2.5])
    assert x.to(rsnn.float32) is x and x.to("cpu") is x and x.to(rsnn.float32, copy=True) is not x
    assert x.to(rsnn.int64).tolist() == x.long().tolist() == [1, -2]
    assert x.to(rsnn.tensor(1)).dtype == rsnn.int64 and x.to("cpu", rsnn.float64).dtype == rsnn.float64
    assert x.double().dtype == x.type_as(rsnn.zeros(1, dtype=rsnn.float64)).dtype == rsnn.float64
    assert [str(x.half().dtype), str(x.bfloat16().dtype), str(x.bool().dtype)] == [
        "rsnn.float16", "rsnn.bfloat16", "rsnn.bool",
    ]  # fmt: skip
    w = rsnn.ones(2, requires_grad=True)
    w.double().backward(rsnn.ones(2, dtype=rsnn.float64))
    assert w.grad.dtype == rsnn.float32
    with pytest.raises((NotImplementedError, RuntimeError)):
        x.to("cuda")
    with pytest.raises(TypeError, match="'other' .position 1. must be Tensor, not int"):
        x.type_as(5)
    assert x.to("cpu", rsnn.float32, False, True) is not x and x.to("cpu", rsnn.float32, False, False) is x
    assert x.to("cpu", None, True) is x and x.to(x, copy=True) is not x and x.to(rsnn.float32, non_blocking=True) is x
    four = rsnn.ones(2, 2, 2, 2)
    assert four.to(rsnn.float64, memory_format=rsnn.channels_last).stride() == (8, 1, 4, 2)
    assert four.to("cpu", memory_format=rsnn.channels_last).stride() == (8, 1, 4, 2)


NAMES = {
    "double": "float64", "float": "float32", "half": "float16", "bfloat16": "bfloat16", "long": "int64",
    "int": "int32", "short": "int16", "char": "int8", "byte": "uint8", "bool": "bool",
}  # fmt: skip
TYPES = {
    "float64": "DoubleTensor", "float32": "FloatTensor", "float16": "HalfTensor", "bfloat16": "BFloat16Tensor",
    "int64": "LongTensor", "int32": "IntTensor", "int16": "ShortTensor", "int8": "CharTensor", "uint8": "ByteTensor",
    "bool": "BoolTensor",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_methods_with_the_name_of_a_dtype(lib, name):
    x = lib.tensor([[[[0.0, 1.0], [1.0, 0.0]]] * 3])
    converted = getattr(x, name)()
    assert converted.dtype is getattr(lib, NAMES[name]) and converted.tolist() == x.tolist()
    assert getattr(converted, name)() is converted
    assert getattr(x, name)(memory_format=lib.channels_last).stride() == (12, 1, 6, 3)
    with pytest.raises(TypeError):
        getattr(x, name)(lib.channels_last)


@pytest.mark.parametrize("dtype", TYPES)
def test_types_by_name(lib, dtype):
    name = f"{lib.__name__}.{TYPES[dtype]}"
    x = lib.ones(2, dtype=getattr(lib, dtype))
    assert x.type() == x.type(None) == name and x.type(x.dtype) is x
    for given in (x.dtype, name, getattr(lib, TYPES[dtype])):
        assert lib.zeros(2).type(given).dtype is x.dtype
        assert lib.zeros(2).type(dtype=given, non_blocking=True).dtype is x.dtype
    for wrong in (TYPES[dtype], "other." + TYPES[dtype], name + " "):
        with raises(ValueError, f"invalid type: {wrong!r}".replace("torch", "rsnn")):
            x.type(wrong)


def test_the_type_without_a_dtype(lib):
    for given in (lib.Tensor, f"{lib.__name__}.Tensor"):
        assert lib.zeros(2, dtype=lib.int64).type(given).dtype is lib.float32
    with raises(ValueError, "invalid type: 'Tensor'"):
        lib.zeros(2).type("Tensor")
    for wrong in (np.float64, float, lib.nn.Parameter, type("FloatTensor", (), {})):
        with pytest.raises(ValueError, match=f"^invalid type: '.*{wrong.__name__}'$"):
            lib.zeros(2).type(wrong)
    with pytest.raises(TypeError, match="^dtype must be a type, str, or dtype object"):
        lib.zeros(2).type(5)


def test_names_of_pytorch():
    """What a program says in PyTorch's terms means the same here."""
    assert rsnn.zeros(2).type("torch.LongTensor").dtype is rsnn.int64
    for wrong in ("torch.cuda.FloatTensor", "rsnn.cuda.FloatTensor"):
        with raises(ValueError, f"invalid type: {wrong!r}".replace("torch", "rsnn")):
            rsnn.zeros(2).type(wrong)


def test_strides_are_kept(lib):
    x = lib.ones(2, 3).t()
    for same in (
        x.to(lib.float32),
        x.to("cpu", lib.float32),
        x.to(lib.float32, memory_format=lib.preserve_format),
        x.to(memory_format=lib.contiguous_format),
        x.cpu(),
        x.cpu(memory_format=lib.preserve_format),
    ):
        assert same is x
    assert x.to(lib.float64, memory_format=lib.preserve_format).stride() == x.double().stride() == (1, 3)
    assert x.to(lib.float32, copy=True).stride() == x.to(lib.float64, copy=True).stride() == (1, 3)
    assert x.to(lib.float64, memory_format=lib.contiguous_format).stride() == (2, 1)
    assert x.to(memory_format=lib.contiguous_format, copy=True).stride() == (2, 1)


def test_memory_formats_of_what_has_one(lib):
    """A tensor that follows a format, if with gaps, is left alone; so is what follows none where the plain one is wanted."""
    for x, last in ((lib.zeros(2, 3, 4, 5), lib.channels_last), (lib.zeros(2, 3, 4, 5, 2), lib.channels_last_3d)):
        assert x.to(memory_format=lib.contiguous_format) is x
        there = x.to(memory_format=last)
        assert there is not x and there.to(memory_format=last) is there and there.cpu(memory_format=last) is there
        assert x.cpu(memory_format=last).stride() == there.stride() != x.stride()
        for part in (there[:, :, 1:], x[:, :, :1].to(memory_format=last)[..., 1:]):
            assert part.to(memory_format=last) is part
        assert there.to(memory_format=lib.contiguous_format).stride() == x.stride()
        mixed = x.transpose(2, 3)
        assert mixed.to(memory_format=lib.contiguous_format) is mixed
        channel = there[:, :1]
        assert channel.to(memory_format=last) is channel
    for shape in ((4, 1, 1, 1), (4, 1, 1, 1, 1)):
        # Nothing tells which format this is.
        ones = lib.zeros(*shape)[::2]
        assert ones.to(memory_format=lib.contiguous_format) is ones
    nothing = lib.zeros(0, 3, 4, 5)
    assert nothing.to(memory_format=lib.contiguous_format) is nothing
    stretched = lib.zeros(2, 1, 4, 5).expand(2, 3, 4, 5)
    assert stretched.to(memory_format=lib.contiguous_format) is stretched


def test_copies_are_made_once(lib):
    x = lib.ones(2, requires_grad=True)
    step = x.to(lib.float64, copy=True).grad_fn
    assert step.name() == "ToCopyBackward0"
    assert [before.name().rpartition(":")[2] for before, _ in step.next_functions] == ["AccumulateGrad"]


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        (("f64",), {"copy": 1}),
        (("f64",), {"non_blocking": 1}),
        (("f64",), {"non_blocking": 1, "copy": 1}),
        (("f64",), {"dtype": "f64"}),
        (("f64",), {"device": "cpu"}),
        (("cpu",), {"device": "cpu"}),
        (("f64", 1), {}),
        (([],), {}),
    ],
)
def test_combinations_that_mean_nothing(lib, args, kwargs):
    def real(value):
        return lib.float64 if value == "f64" else value

    with pytest.raises(TypeError, match=r"^to\(\) received an invalid combination of arguments"):
        lib.ones(2).to(*map(real, args), **{name: real(value) for name, value in kwargs.items()})


def test_other_devices():
    x = rsnn.ones(2)
    for call in (
        lambda: x.to("meta"),
        lambda: x.to("meta", rsnn.float64),
        lambda: x.to(device="meta"),
        lambda: x.to(rsnn.device("meta"), copy=True),
    ):
        with pytest.raises(NotImplementedError, match="^to: expected device 'cpu', got "):
            call()
    for name in ("cuda", "ipu", "mtia", "xpu"):
        for args in ((), (0,), ("cuda:0", True)):
            with raises(RuntimeError, f"{name}(): device '{name}' is not available: rsnn runs on the CPU"):
                getattr(x, name)(*args)
    for device in ((), (None,), ("cuda",)):
        with raises(RuntimeError, "Cannot access accelerator device when none is available: pin_memory()"):
            x.pin_memory(*device)


def test_what_no_tensor_is(lib):
    x = lib.ones(2)
    for name in ("is_conj", "is_neg", "is_distributed", "is_pinned"):
        assert getattr(x, name)() is False
    kinds = "cuda ipu maia meta mkldnn mps mtia nested quantized sparse sparse_csr vulkan xla xpu"
    assert [name for name in kinds.split() if getattr(x, "is_" + name) is not False] == []
    assert x.is_cpu is True and x.layout is lib.strided and x.get_device() == -1
    with raises(RuntimeError, "is_coalesced expected sparse coordinate tensor layout but got Strided"):
        x.is_coalesced()
    for name in ("is_cuda", "is_cpu", "layout"):
        with pytest.raises(AttributeError):
            setattr(x, name, True)


def test_what_type_as_takes(lib):
    for wrong in (5, None, lib.float32):
        with pytest.raises(TypeError, match=r"^type_as\(\): argument 'other' \(position 1\) must be Tensor, not "):
            lib.ones(2).type_as(wrong)
    for one, other in itertools.product(NAMES.values(), repeat=2):
        assert lib.ones(1, dtype=getattr(lib, one)).type_as(lib.ones(1, dtype=getattr(lib, other))).dtype is getattr(
            lib, other
        )


@pytest.mark.parametrize("many", [1, 40])
@pytest.mark.parametrize("source", ["float64", "float32", "bfloat16"])
def test_numbers_that_an_integer_cannot_hold(lib, source, many):
    """They become what x86's instructions make of them, for PyTorch leaves it to the processor."""
    if lib is not rsnn and platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("another processor")
    numbers = [
        math.nan,
        math.inf,
        -math.inf,
        2.0**63,
        -(2.0**64),
        2.0**31,
        -(2.0**40),
        65_536.0 + 512,
        -1.0,
        256.0,
        -129.0,
    ]
    x = lib.tensor(numbers * many, dtype=getattr(lib, source))
    least = -(2**63)
    expected = {
        "int64": [least, least, least, least, least, 2**31, -(2**40), 66_048, -1, 256, -129],
        "int32": 7 * [-(2**31)] + [66_048, -1, 256, -129],
        "int16": 7 * [0] + [512, -1, 256, -129],
        "int8": 7 * [0] + [0, -1, 0, 127],
        "uint8": 7 * [0] + [0, 255, 0, 127],
    }
    for name, values in expected.items():
        dtype = getattr(lib, name)
        assert x.to(dtype).tolist() == values * many, name
        assert lib.zeros(len(x), dtype=dtype).copy_(x).tolist() == values * many, name
        assert lib.stack([x, x], 1)[:, 0].to(dtype).tolist() == values * many, name
