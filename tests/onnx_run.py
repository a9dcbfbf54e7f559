"""Runs ONNX graphs (opset 6 to 12) with rsnn's functions: an oracle that owes nothing to a live PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import AttributeProto, ModelProto, helper, numpy_helper

import rsnn
import rsnn.nn.functional as F


class Unsupported(Exception):
    """A graph with an operator that has no counterpart."""


OPERATORS: dict[str, Callable[..., Any]] = {}


def operator(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers `f(attributes, *inputs)` for operators."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        OPERATORS.update(dict.fromkeys(names, function))
        return function

    return register


def run(model: ModelProto, inputs: list[np.ndarray]) -> list[Any]:
    """The outputs of a model as numpy arrays."""
    graph = model.graph
    values: dict[str, Any] = {"": None}
    for tensor in graph.initializer:
        values[tensor.name] = tensor_of(numpy_helper.to_array(tensor))
    free = [value.name for value in graph.input if value.name not in values]
    names = free if len(free) == len(inputs) else [value.name for value in graph.input]
    values.update({name: tensor_of(array) for name, array in zip(names, inputs)})
    for node in graph.node:
        if node.op_type not in OPERATORS:
            raise Unsupported(node.op_type)
        attributes = {a.name: attribute(a) for a in node.attribute}
        attributes["outputs"] = len(node.output)
        outputs = OPERATORS[node.op_type](attributes, *[values[name] for name in node.input])
        outputs = outputs if isinstance(outputs, (tuple, list)) else [outputs]
        values.update(zip(node.output, outputs))
    return [values[output.name].numpy() for output in graph.output]


def tensor_of(array: np.ndarray) -> rsnn.Tensor:
    """A tensor that owns the values."""
    if array.dtype.kind not in "fiub":
        raise Unsupported(f"tensors of {array.dtype}")
    return rsnn.tensor(array)


def attribute(a: AttributeProto) -> Any:
    """The value of an attribute."""
    value = helper.get_attribute_value(a)
    if a.type == AttributeProto.TENSOR:
        return tensor_of(numpy_helper.to_array(value))
    return value.decode() if isinstance(value, bytes) else value


for name, function in {
    "Add": rsnn.add,
    "Sub": rsnn.sub,
    "Mul": rsnn.mul,
    "Div": rsnn.div,
    "Pow": rsnn.pow,
    "Neg": rsnn.neg,
    "Abs": rsnn.abs,
    "Exp": rsnn.exp,
    "Sqrt": rsnn.sqrt,
    "Sign": rsnn.sign,
    "Tanh": rsnn.tanh,
    "Sigmoid": rsnn.sigmoid,
    "Relu": F.relu,
    "Softplus": F.softplus,
    "Max": rsnn.maximum,
    "Min": rsnn.minimum,
    "MatMul": rsnn.matmul,
}.items():
    operator(name)(lambda attributes, *x, function=function: function(*x))


@operator("Sum")
def total(_: dict[str, Any], *x: Any) -> Any:
    return sum(x[1:], x[0])


@operator("Constant")
def constant(a: dict[str, Any]) -> Any:
    return a["value"]


@operator("Elu")
def elu(a: dict[str, Any], x: Any) -> Any:
    return F.elu(x, a.get("alpha", 1.0))


@operator("Selu")
def selu(a: dict[str, Any], x: Any) -> Any:
    return F.selu(x)


@operator("LeakyRelu")
def leaky_relu(a: dict[str, Any], x: Any) -> Any:
    return F.leaky_relu(x, a.get("alpha", 0.01))


@operator("PRelu")
def prelu(_: dict[str, Any], x: Any, slope: Any) -> Any:
    return F.prelu(x, slope.reshape(-1))


@operator("Shrink")
def shrink(a: dict[str, Any], x: Any) -> Any:
    return F.softshrink(x, a.get("lambd", 0.5)) if a.get("bias") else F.hardshrink(x, a.get("lambd", 0.5))


@operator("Clip")
def clip(a: dict[str, Any], x: Any, low: Any = None, high: Any = None) -> Any:
    return x.clamp(a.get("min", low), a.get("max", high))


def coerced(x: Any, axis: int) -> Any:
    """What softmax did before opset 13: the axes from `axis` on are one."""
    return x.flatten(axis, -1) if axis < x.dim() else x.unsqueeze(-1)


@operator("Softmax")
def softmax(a: dict[str, Any], x: Any) -> Any:
    axis = a.get("axis", 1)
    return coerced(x, axis).softmax(-1).reshape(x.shape)


@operator("LogSoftmax")
def log_softmax(a: dict[str, Any], x: Any) -> Any:
    axis = a.get("axis", 1)
    return coerced(x, axis).log_softmax(-1).reshape(x.shape)


def padded(x: Any, pads: list[int], value: float = 0.0) -> tuple[Any, list[int]]:
    """Symmetric padding is left to the operation, any other one is done first."""
    rank = len(pads) // 2
    before, after = pads[:rank], pads[rank:]
    if before == after:
        return x, before
    flat = [n for pair in zip(reversed(before), reversed(after)) for n in pair]
    return F.pad(x, flat, value=value), [0] * rank


@operator("Conv")
def conv(a: dict[str, Any], x: Any, w: Any, b: Any = None) -> Any:
    rank = w.dim() - 2
    x, padding = padded(x, a.get("pads", [0] * 2 * rank))
    function = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    return function(x, w, b, a.get("strides", 1), padding, a.get("dilations", 1), a.get("group", 1))


@operator("ConvTranspose")
def conv_transpose(a: dict[str, Any], x: Any, w: Any, b: Any = None) -> Any:
    rank = w.dim() - 2
    function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
    pads, more = a.get("pads", [0] * 2 * rank), a.get("output_padding", [0] * rank)
    assert pads[:rank] == pads[rank:]
    return function(x, w, b, a.get("strides", 1), pads[:rank], more, a.get("group", 1), a.get("dilations", 1))


@operator("MaxPool")
def max_pool(a: dict[str, Any], x: Any) -> Any:
    kernel = a["kernel_shape"]
    x, padding = padded(x, a.get("pads", [0] * 2 * len(kernel)), -float("inf"))
    function = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[len(kernel) - 1]
    return function(x, kernel, a.get("strides", 1), padding, a.get("dilations", 1), bool(a.get("ceil_mode", 0)))


@operator("AveragePool")
def average_pool(a: dict[str, Any], x: Any) -> Any:
    kernel = a["kernel_shape"]
    x, padding = padded(x, a.get("pads", [0] * 2 * len(kernel)))
    function = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[len(kernel) - 1]
    return function(x, kernel, a.get("strides", 1), padding, False, bool(a.get("count_include_pad", 0)))


@operator("BatchNormalization")
def batch_norm(a: dict[str, Any], x: Any, w: Any, b: Any, mean: Any, var: Any) -> Any:
    return F.batch_norm(x, mean, var, w, b, False, 0.0, a.get("epsilon", 1e-5))


@operator("InstanceNormalization")
def instance_norm(a: dict[str, Any], x: Any, w: Any, b: Any) -> Any:
    return F.instance_norm(x, weight=w, bias=b, eps=a.get("epsilon", 1e-5))


@operator("Gemm")
def gemm(a: dict[str, Any], x: Any, y: Any, c: Any = None) -> Any:
    x, y = x.t() if a.get("transA") else x, y.t() if a.get("transB") else y
    product = a.get("alpha", 1.0) * (x @ y)
    return product if c is None else product + a.get("beta", 1.0) * c


@operator("Pad")
def pad(a: dict[str, Any], x: Any) -> Any:
    pads = a["pads"]
    rank = len(pads) // 2
    pairs = list(zip(pads[:rank], pads[rank:]))
    mode = {"edge": "replicate"}.get(a.get("mode", "constant"), a.get("mode", "constant"))
    if mode != "constant":
        pairs = pairs[2:]
        return F.pad(x, [n for pair in reversed(pairs) for n in pair], mode)
    return F.pad(x, [n for pair in reversed(pairs) for n in pair], value=a.get("value", 0.0))


@operator("Transpose")
def transpose(a: dict[str, Any], x: Any) -> Any:
    return x.permute(a.get("perm", list(range(x.dim()))[::-1]))


@operator("Reshape")
def reshape(_: dict[str, Any], x: Any, shape: Any) -> Any:
    return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(shape.tolist())])


@operator("Expand")
def expand(_: dict[str, Any], x: Any, shape: Any) -> Any:
    return x.expand(np.broadcast_shapes(tuple(x.shape), tuple(shape.tolist())))


@operator("Flatten")
def flatten(a: dict[str, Any], x: Any) -> Any:
    axis = a.get("axis", 1)
    return x.reshape(int(np.prod(x.shape[:axis])), -1)


@operator("Squeeze")
def squeeze(a: dict[str, Any], x: Any) -> Any:
    return x.squeeze(tuple(a["axes"])) if "axes" in a else x.squeeze()


@operator("Unsqueeze")
def unsqueeze(a: dict[str, Any], x: Any) -> Any:
    for axis in sorted(a["axes"]):
        x = x.unsqueeze(axis)
    return x


@operator("Concat")
def concat(a: dict[str, Any], *x: Any) -> Any:
    return rsnn.cat(x, a["axis"])


@operator("Split")
def split(a: dict[str, Any], x: Any) -> Any:
    axis = a.get("axis", 0)
    return x.split(a.get("split", x.shape[axis] // a["outputs"]), axis)


@operator("Slice")
def slice_(a: dict[str, Any], x: Any) -> Any:
    axes = a.get("axes", range(len(a["starts"])))
    for axis, start, end in zip(axes, a["starts"], a["ends"]):
        x = x[(slice(None),) * axis + (slice(start, end),)]
    return x


@operator("Gather")
def gather(a: dict[str, Any], x: Any, indices: Any) -> Any:
    return x[(slice(None),) * a.get("axis", 0) + (indices,)]


@operator("Tile")
def tile(_: dict[str, Any], x: Any, repeats: Any) -> Any:
    return x.repeat(repeats.tolist())


@operator("ReduceSum")
def reduce_sum(a: dict[str, Any], x: Any) -> Any:
    return x.sum(a.get("axes"), keepdim=bool(a.get("keepdims", 1)))


@operator("ReduceMean")
def reduce_mean(a: dict[str, Any], x: Any) -> Any:
    return x.mean(a.get("axes"), keepdim=bool(a.get("keepdims", 1)))


@operator("SequenceConstruct")
def sequence(_: dict[str, Any], *x: Any) -> Any:
    return [list(x)]


@operator("SequenceEmpty")
def empty_sequence(_: dict[str, Any]) -> Any:
    return [[]]


@operator("SequenceAt")
def sequence_at(_: dict[str, Any], x: Any, i: Any) -> Any:
    return x[i.item()]


@operator("SequenceInsert")
def sequence_insert(_: dict[str, Any], x: Any, value: Any, i: Any = None) -> Any:
    at = len(x) if i is None else i.item() % (len(x) + 1) if i.item() >= 0 else i.item() + len(x)
    return [[*x[:at], value, *x[at:]]]


@operator("SequenceErase")
def sequence_erase(_: dict[str, Any], x: Any, i: Any = None) -> Any:
    at = (-1 if i is None else i.item()) % len(x)
    return [x[:at] + x[at + 1 :]]


@operator("SequenceLength")
def sequence_length(_: dict[str, Any], x: Any) -> Any:
    return rsnn.tensor(len(x))


@operator("ConcatFromSequence")
def concat_from_sequence(a: dict[str, Any], x: Any) -> Any:
    return (rsnn.stack if a.get("new_axis") else rsnn.cat)(x, a["axis"])


@operator("SplitToSequence")
def split_to_sequence(a: dict[str, Any], x: Any, sizes: Any = None) -> Any:
    axis = a.get("axis", 0)
    if sizes is None:
        parts = x.split(1, axis)
        return [list(parts) if a.get("keepdims", 1) else [part.squeeze(axis) for part in parts]]
    return [list(x.split(sizes.item() if sizes.dim() == 0 else sizes.tolist(), axis))]


@operator("Gradient")
def gradient(a: dict[str, Any], *x: Any) -> Any:
    raise Unsupported("Gradient")
