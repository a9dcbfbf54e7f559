"""Calls everything public with random arguments, most of them bad, and looks for what no call may do: panic, crash, hang.

Run in a process of its own: `python tests/fuzz.py SEED CALLS [NAME_PART]`. The last line of the output tells how many calls
there were; every finding is a line that begins with `FOUND`. Where the process dies or hangs, the last line of the file named
by the environment variable `RSNN_FUZZ_LOG` is the call that did it.
"""

from __future__ import annotations

import inspect
import math
import os
import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import rsnn
import rsnn.nn as nn
import rsnn.nn.functional as F

#: Texts of Rust's own failures; an exception with one of them is a panic that somebody caught, or as bad as one.
INTERNAL = (
    "panick",
    "internal error of rsnn",
    "unwrap()",
    "capacity overflow",
    "index out of bounds: the len",
    "slice index starts",
    "range end index",
)

#: Not to be called: they change the process, wait, or only work with files and hooks.
SKIPPED = {
    "set_num_threads",
    "set_printoptions",
    "set_default_dtype",
    "set_rng_state",
    "load",
    "save",
    "seed",
    "register_module_backward_hook",
}

SIZES = (0, 1, 2, 3, 4, 5, 7, 8)
ODD_INTS = (
    -1,
    -2,
    -5,
    13,
    64,
    1000,
    2**15,
    2**31 - 1,
    2**31,
    -(2**31),
    2**40,
    2**62,
    2**63 - 1,
    -(2**63),
    2**63,
    2**70,
)
ODD_FLOATS = (0.0, -0.0, 0.5, 1.0, -1.5, 1e-40, 1e30, 1e308, math.inf, -math.inf, math.nan)
DTYPES = [getattr(rsnn, name) for name in "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64".split()]
TEXTS = (
    "mean",
    "sum",
    "none",
    "same",
    "valid",
    "constant",
    "reflect",
    "replicate",
    "circular",
    "floor",
    "trunc",
    "",
    "x",
    "ij",
)

#: Parameter names, and what they mostly take.
NAMED = {
    "tensor": "input self other tensor x y weight bias target mat1 mat2 mat vec vec1 vec2 batch1 batch2 end tensor1 tensor2 mask value "
    "index values src running_mean running_var input1 input2 x1 x2 anchor positive negative source exponent min max var log_probs".split(),
    "ints": "size kernel_size stride padding dilation output_padding output_size normalized_shape shape dims pad repeats sizes "
    "split_size_or_sections split_size indices_or_sections indices dim axis output_ratio".split(),
    "int": "dim0 dim1 dim groups k n m start length step offset diagonal num_classes upscale_factor downscale_factor sections chunks "
    "correction num_groups decimals num_samples in_features out_features in_channels out_channels num_features embedding_dim "
    "num_embeddings padding_idx num_parameters low high steps storage_offset dimension axis0 axis1".split(),
    "float": "p eps alpha beta momentum margin negative_slope lower upper threshold lambd std mean tau lr weight_decay label_smoothing "
    "norm_type rtol atol nan posinf neginf rcond fill_value".split(),
    "bool": "keepdim training inplace ceil_mode count_include_pad return_indices unbiased descending largest sorted stable hard affine "
    "track_running_stats requires_grad full log_target log_input batch_first equal_nan elementwise_affine swap".split(),
    "text": "reduction mode padding_mode rounding_mode approximate device ord".split(),
    "dtype": "dtype".split(),
    "tensors": "tensors operands".split(),
}
KIND_OF = {name: kind for kind, names in NAMED.items() for name in names}


class Draw:
    """Random arguments."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def shape(self) -> tuple[int, ...]:
        rank = self.rng.choice((0, 1, 1, 2, 2, 3, 3, 4, 4, 5))
        return tuple(self.rng.choice(SIZES) for _ in range(rank))

    def tensor(self) -> Any:
        rng = self.rng
        dtype = rng.choice(DTYPES) if rng.random() < 0.4 else rng.choice((rsnn.float32, rsnn.float64, rsnn.int64))
        x = rsnn.from_numpy(np.array(np.random.default_rng(rng.randrange(100)).uniform(-3, 9, self.shape()))).to(dtype)
        form = rng.random()
        if form < 0.15 and x.dim():
            x = x.transpose(0, -1)
        elif form < 0.25 and x.dim():
            x = x[..., ::2]
        elif form < 0.35:
            x = x.expand(rng.choice((2, 3)), *x.shape)
        elif form < 0.5 and dtype.is_floating_point:
            x = x.detach().requires_grad_()
        return x

    def int(self) -> int:
        return (
            self.rng.choice(ODD_INTS)
            if self.rng.random() < 0.25
            else self.rng.choice((-2, -1, 0, 0, 1, 1, 1, 2, 2, 3, 4, 6))
        )

    def ints(self) -> Any:
        if self.rng.random() < 0.3:
            return self.int()
        values = [self.int() for _ in range(self.rng.choice((0, 1, 2, 2, 3, 3, 4, 6)))]
        return self.rng.choice((tuple, list))(values)

    def float(self) -> float:
        return self.rng.choice(ODD_FLOATS)

    def bool(self) -> bool:
        return self.rng.random() < 0.5

    def text(self) -> str:
        return self.rng.choice(TEXTS)

    def dtype(self) -> Any:
        return self.rng.choice(DTYPES)

    def tensors(self) -> list[Any]:
        return [self.tensor() for _ in range(self.rng.choice((0, 1, 2, 3)))]

    def junk(self) -> Any:
        rng = self.rng
        plain: list[Callable[[], Any]] = [
            lambda: None,
            lambda: [],
            lambda: {},
            lambda: object(),
            lambda: ...,
            lambda: slice(self.int(), self.int(), self.int()),
            lambda: b"bytes",
            lambda: np.float32(1.5),
            lambda: np.zeros((2, 2)),
            lambda: np.array(["a"]),
            lambda: complex(1, 2),
            lambda: [self.int(), self.tensor(), None],
            lambda: [[1, 2], [3]],
            lambda: lambda *a: a,
            lambda: rsnn.float32,
            lambda: nn.ReLU(),
            lambda: "\0\U0001f600",
            lambda: range(self.rng.choice((0, 3))),
        ]
        return rng.choice(plain)()

    def any(self) -> Any:
        kind = self.rng.choice(("tensor", "tensor", "int", "ints", "float", "bool", "text", "dtype", "tensors", "junk"))
        return getattr(self, kind)()

    def named(self, name: str) -> Any:
        """An argument for a parameter of this name."""
        kind = KIND_OF.get(name)
        if kind is None or self.rng.random() < 0.12:
            return self.any()
        if kind == "ints" and name in ("dim", "axis") and self.rng.random() < 0.7:
            kind = "int"
        return getattr(self, kind)()

    def arguments(self, target: Any) -> tuple[list[Any], dict[str, Any]]:
        """Arguments for something callable: by its signature where that can be read."""
        try:
            parameters = list(inspect.signature(target).parameters.values())
        except (ValueError, TypeError):
            parameters = None
        if parameters is None or all(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
            return [self.any() for _ in range(self.rng.choice((0, 1, 1, 2, 2, 3, 4)))], {}
        positional: list[Any] = []
        named: dict[str, Any] = {}
        by_name = False
        for p in parameters:
            if p.kind is p.VAR_KEYWORD:
                continue
            if p.kind is p.VAR_POSITIONAL:
                positional += [self.named(p.name) for _ in range(self.rng.choice((0, 1, 1, 2, 3)))]
                continue
            left_out = self.rng.random() < (0.03 if p.default is p.empty else 0.55)
            if left_out:
                by_name = by_name or p.kind is not p.POSITIONAL_ONLY
                continue
            if p.kind is p.KEYWORD_ONLY or (by_name and p.kind is not p.POSITIONAL_ONLY):
                named[p.name] = self.named(p.name)
            else:
                positional.append(self.named(p.name))
        return positional, named


def targets() -> dict[str, tuple[str, Any]]:
    """Everything to call, by name: functions, methods of tensors, layers, optimisers and initialisers."""
    found: dict[str, tuple[str, Any]] = {}
    for module, prefix in (
        (rsnn, "rsnn."),
        (F, "F."),
        (nn.init, "init."),
        (nn.utils, "utils."),
        (nn.utils.rnn, "rnn."),
    ):
        for name in dir(module):
            value = getattr(module, name)
            if name.startswith("_") or name in SKIPPED or not callable(value) or inspect.isclass(value):
                continue
            if "hook" not in name:
                found[prefix + name] = ("function", value)
    for name in dir(rsnn.Tensor):
        if name.startswith("_") and not (name.startswith("__") and name.strip("_") in OPERATORS):
            continue
        if callable(getattr(rsnn.Tensor, name)) and "hook" not in name and name != "set_":
            found["Tensor." + name] = ("method", getattr(rsnn.Tensor, name))
    for name in dir(nn):
        value = getattr(nn, name)
        if inspect.isclass(value) and issubclass(value, nn.Module):
            found["nn." + name] = ("layer", value)
    for name in dir(rsnn.optim):
        value = getattr(rsnn.optim, name)
        if inspect.isclass(value) and issubclass(value, rsnn.optim.Optimizer) and value is not rsnn.optim.Optimizer:
            found["optim." + name] = ("optimizer", value)
    found["DataLoader"] = ("loader", rsnn.utils.data.DataLoader)
    return found


OPERATORS = set(
    "add radd sub rsub mul rmul truediv floordiv mod pow rpow matmul and or xor lshift rshift invert neg getitem setitem len iter "
    "bool int float index eq lt ge iadd imul".split()
)


def call(kind: str, target: Any, draw: Draw) -> str:
    """Makes one random call, and goes on with its result where there is one. Returns what was called."""
    args, kwargs = draw.arguments(target)
    if kind == "method" and not (args and isinstance(args[0], rsnn.Tensor)):
        args = [draw.tensor(), *args[1:]]
    if kind == "optimizer":
        args[:1] = (
            [[draw.tensor().detach().float().contiguous().requires_grad_() for _ in range(2)]]
            if draw.bool()
            else [draw.any()]
        )
    if kind == "loader":
        kwargs.pop("num_workers", None)
        kwargs.pop("timeout", None)
        args = [[draw.tensor() for _ in range(3)]]
    log(target, args, kwargs)
    result = target(*args, **kwargs)
    if kind == "layer":
        for _ in range(3):
            inputs = [
                draw.tensor() if draw.rng.random() < 0.9 else draw.any()
                for _ in range(draw.rng.choice((1, 1, 1, 2, 2, 3)))
            ]
            log(result, inputs, {})
            output = result(*inputs)
            consume(output, draw)
    elif kind == "optimizer":
        for group in result.param_groups:
            for x in group["params"]:
                x.grad = rsnn.ones_like(x)
        result.step()
        result.load_state_dict(result.state_dict())
    elif kind == "loader":
        list(result)
    else:
        consume(result, draw)
    return ""


def consume(result: Any, draw: Draw) -> None:
    """Prints a result and walks back from it."""
    if isinstance(result, (tuple, list)):
        for part in result[:2]:
            consume(part, draw)
        return
    if not isinstance(result, rsnn.Tensor):
        return
    repr(result)
    if result.requires_grad and result.grad_fn is not None:
        (grad,) = (None,) if result.numel() == 1 and draw.bool() else (rsnn.ones_like(result),)
        result.backward(grad)


LOG = os.environ.get("RSNN_FUZZ_LOG")


def log(target: Any, args: Any, kwargs: Any) -> None:
    """Leaves word of the call to come."""
    global last
    last = (getattr(target, "__name__", type(target).__name__), args, kwargs)
    if LOG:
        with open(LOG, "w") as file:
            file.write(describe(last))


def describe(call: tuple[str, Any, Any]) -> str:
    name, args, kwargs = call

    def short(x: Any) -> str:
        if isinstance(x, rsnn.Tensor):
            return f"T({list(x.shape)}, {str(x.dtype)[5:]}, stride={list(x.stride())}{', grad' if x.requires_grad else ''})"
        if isinstance(x, (list, tuple)):
            return type(x).__name__ + "[" + ", ".join(map(short, x)) + "]"
        return repr(x)[:80]

    inside = [*map(short, args), *(f"{k}={short(v)}" for k, v in kwargs.items())]
    return f"{name}({', '.join(inside)})"


last: tuple[str, Any, Any] = ("", (), {})


def is_panic(error: BaseException) -> bool:
    """Whether an exception is a failure of rsnn itself."""
    text = str(error)
    return "Panic" in type(error).__name__ or isinstance(error, SystemError) or any(part in text for part in INTERNAL)


def main(seed: int, calls: int, part: str = "") -> None:
    import resource
    import warnings

    # Huge sizes are refused by the system, not granted and then touched.
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + (3 << 30),) * 2)
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(400)
    choices = [(name, *what) for name, what in targets().items() if part in name]
    raised = 0
    for i in range(calls):
        draw = Draw(seed * 1_000_003 + i)
        name, kind, target = draw.rng.choice(choices)
        rsnn.manual_seed(0)
        try:
            call(kind, target, draw)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001
            raised += 1
            if is_panic(error):
                print(
                    f"FOUND {name} draw {seed * 1_000_003 + i}: {describe(last)}\n    {type(error).__name__}: {str(error)[:300]}",
                    flush=True,
                )
    print(f"{calls} calls of {len(choices)} names, {raised} raised")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:4])
