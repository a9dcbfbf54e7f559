"""Handwritten digits as tensors.

The digits that come with rsnn are the test part of the "Optical Recognition of Handwritten Digits" data set by E. Alpaydin
and C. Kaynak (UCI Machine Learning Repository, https://doi.org/10.24432/C50P49, CC BY 4.0): 1,797 pictures of 8 x 8 pixels
with values from 0 to 16.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np

import rsnn
from rsnn.utils.data import TensorDataset

HELD_OUT = 360
"""How many of the embedded digits are kept for testing."""


class Digits(NamedTuple):
    """Pictures of shape `(N, 1, 28, 28)` with mean 0 and deviation 1 over the training part, and their labels."""

    train: TensorDataset
    test: TensorDataset
    name: str


def embedded(seed: int = 0) -> Digits:
    """The embedded digits, each pixel enlarged to 3 x 3 and framed to LeNet's 28 x 28."""
    with np.load(Path(__file__).with_name("digits.npz")) as file:
        images, labels = file["images"], file["labels"]
    enlarged = images.repeat(3, axis=1).repeat(3, axis=2)
    framed = np.pad(enlarged, ((0, 0), (2, 2), (2, 2))).astype(np.float32) / 16.0
    order = np.random.default_rng(seed).permutation(len(framed))
    test, train = order[:HELD_OUT], order[HELD_OUT:]
    return _digits((framed[train], labels[train]), (framed[test], labels[test]), "UCI digits")


def from_folder(folder: str | Path) -> Digits:
    """MNIST or Fashion-MNIST from their four idx files, gzipped or not.

    Raises:
        FileNotFoundError: if one of the four files is missing.
        ValueError: if a file is no idx file of bytes, or is cut short.
    """
    folder = Path(folder)

    def part(prefix: str) -> tuple[np.ndarray, np.ndarray]:
        images = read_idx(_find(folder, f"{prefix}-images-idx3-ubyte", f"{prefix}-images.idx3-ubyte"))
        labels = read_idx(_find(folder, f"{prefix}-labels-idx1-ubyte", f"{prefix}-labels.idx1-ubyte"))
        if len(images) != len(labels):
            raise ValueError(f"{folder}: {len(images)} {prefix} images but {len(labels)} labels")
        return images.astype(np.float32) / 255.0, labels

    return _digits(part("train"), part("t10k"), folder.name)


def read_idx(path: Path) -> np.ndarray:
    """The array in an idx file of unsigned bytes.

    Raises:
        ValueError: if it is something else, or if its size is not what its header says.
    """
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        raise ValueError(f"{path}: not an idx file of unsigned bytes")
    ndim = data[3]
    header = 4 + 4 * ndim
    if len(data) < header:
        raise ValueError(f"{path}: header cut short")
    shape = struct.unpack(f">{ndim}I", data[4:header])
    expected = int(np.prod(shape, dtype=np.int64))
    if len(data) - header != expected:
        raise ValueError(f"{path}: expected {expected} values for shape {shape}, got {len(data) - header}")
    return np.frombuffer(data, dtype=np.uint8, offset=header).reshape(shape)


def _find(folder: Path, *names: str) -> Path:
    for name in names:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.exists():
                return path
    raise FileNotFoundError(f"{folder}: expected {names[0]} or {names[0]}.gz")


def _digits(train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], name: str) -> Digits:
    mean, deviation = train[0].mean(), train[0].std()

    def dataset(images: np.ndarray, labels: np.ndarray) -> TensorDataset:
        normal = (images - mean) / deviation
        return TensorDataset(rsnn.from_numpy(normal[:, None]), rsnn.from_numpy(labels.astype(np.int64)))

    return Digits(dataset(*train), dataset(*test), name)
