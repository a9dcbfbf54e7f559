"""Writes `random.tsv`: what PyTorch's CPU generator gives, for the unit tests of `src/random/`.

A line `seed N` starts a generator. Every other line is a call on it:
call, dtype, size, hash of the generator's state afterwards, hash of the values, and the values if there are few.
Hashes are FNV-1a over little-endian bytes; values are written as the hex digits of those bytes.

Run with PyTorch on an x86 machine that PyTorch calls AVX2: `python tests/golden/make_random.py`. The tests in Python
repeat the calls with rsnn in place of PyTorch, hence the argument `lib`.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np

TABLE = pathlib.Path(__file__).with_name("random.tsv")

SEEDS = (0, 1, 42, 2**40 + 7, -1)
SIZES = (1, 2, 15, 16, 17, 31, 100, 1000)
SHOWN = 17
DTYPES = {
    "f32": "float32",
    "f64": "float64",
    "f16": "float16",
    "bf16": "bfloat16",
    "i64": "int64",
    "i32": "int32",
    "i16": "int16",
    "i8": "int8",
    "u8": "uint8",
    "bool": "bool",
}
FLOATS = ("f32", "f64", "f16", "bf16")

# Each call with the dtypes that it is tried with.
CALLS = {
    "uniform 0 1": FLOATS,
    "uniform -0.3 0.7": FLOATS,
    "normal 0 1": FLOATS,
    "normal 1.5 0.3": FLOATS,
    "normal_serial -2 0.7": FLOATS,
    "bernoulli 0.3": ("f32", "f64", "i64", "bool", "bf16"),
    "bernoulli_with_f32": ("f32", "bool"),
    "bernoulli_with_f64": ("f32", "f64"),
    "integers 0 10": tuple(DTYPES)[:-1],
    "integers 0 2": ("bool",),
    "integers -100 101": ("i64", "i32", "i16", "i8", "f32"),
    "integers 0 268435455": ("i64", "i32", "f32"),
    "integers -5 268435451": ("i64", "f32", "f64"),
    "integers -1099511627776 1099511627777": ("i64", "f32", "f64"),
    "integers 7 none": tuple(DTYPES)[:-1],
    "integers min none": ("i64", "f64", "f32"),
    "integers whole": tuple(DTYPES),
    "exponential 1.5": FLOATS,
    "cauchy 0.5 2": FLOATS,
    "geometric 0.2": ("f32", "f64", "i64", "i32"),
    "log_normal 0.1 0.6": FLOATS,
    "permutation": ("i64", "i32", "f64"),
    "multinomial": ("f32", "f64", "bf16"),
}
MIXED = (
    ("uniform 0 1", "f32", 3),
    ("normal 0 1", "f32", 5),
    ("permutation", "i64", 10),
    ("normal 0 1", "f64", 17),
    ("normal 0 1", "f32", 2),
    ("normal 0 1", "bf16", 33),
    ("bernoulli 0.5", "f32", 700),
    ("uniform -1 1", "f64", 400),
    ("log_normal 0 1", "f32", 3),
    ("exponential 1", "f32", 20),
    ("integers 0 10", "i64", 1000),
    ("normal 0 1", "f32", 1000),
    ("normal_serial 0 1", "f32", 31),
    ("geometric 0.5", "i64", 9),
    ("integers whole", "f64", 8),
    ("uniform 0 1", "f32", 1),
    ("normal 0 1", "f32", 200_003),
    ("normal 0.1 2", "f64", 20_003),
)


def fnv(data: bytes) -> str:
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return f"{value:016x}"


def little_endian(tensor: Any) -> bytes:
    """The bytes of a tensor of either library."""
    if "bfloat16" in str(tensor.dtype):
        return tensor.float().numpy().astype("<f4").view("<u2").reshape(-1)[1::2].tobytes()
    return np.ascontiguousarray(tensor.numpy()).tobytes()


def call(lib: Any, name: str, dtype: str, size: int, generator: Any) -> Any:
    """Runs one call; the probabilities and weights are multiples of 1/8, which every float type holds."""
    name, *words = name.split()
    dtype = getattr(lib, DTYPES[dtype])
    out = lib.zeros(size, dtype=dtype)
    if name == "integers":
        if words == ["whole"]:
            return out.random_(generator=generator)
        start = -(2**63) if words[0] == "min" else int(words[0])
        return out.random_(start, None if words[1] == "none" else int(words[1]), generator=generator)
    if name == "permutation":
        return lib.randperm(size, dtype=dtype, generator=generator)
    if name == "multinomial":
        weights = lib.tensor([(5 * i + 3) % 8 / 8 for i in range(size)], dtype=dtype)
        return lib.multinomial(weights, size, replacement=True, generator=generator)
    if name == "normal_serial":
        return lib.zeros(size, 2, dtype=dtype)[:, 0].normal_(*map(float, words), generator=generator)
    if name.startswith("bernoulli_with"):
        p = lib.tensor([i % 8 / 8 for i in range(size)], dtype=getattr(lib, DTYPES[name.split("_")[-1]]))
        return out.bernoulli_(p, generator=generator)
    return getattr(out, name + "_")(*map(float, words), generator=generator)


def line(lib: Any, name: str, dtype: str, size: int, generator: Any) -> str:
    """The line of the table for a call."""
    values = little_endian(call(lib, name, dtype, size, generator))
    shown = values.hex() if size <= SHOWN else "-"
    return "\t".join((name, dtype, str(size), fnv(little_endian(generator.get_state())), fnv(values), shown))


def lines(lib: Any) -> Iterator[str]:
    """The table."""
    for seed in SEEDS:
        generator = lib.Generator().manual_seed(seed)
        yield f"seed\t{seed % 2**64}"
        for step in MIXED:
            yield line(lib, *step, generator)
    for name, dtypes in CALLS.items():
        for dtype in dtypes:
            for size in SIZES:
                yield "seed\t42"
                yield line(lib, name, dtype, size, lib.Generator().manual_seed(42))


if __name__ == "__main__":
    import torch

    TABLE.write_text("\n".join(lines(torch)) + "\n")
