"""The libraries that are compared: each makes a case into its result and into what is timed."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from kinds import Case, Network

#: The module of each peer.
MODULES = {
    "torch": "torch",
    "torch channels-last": "torch",
    "onnxruntime": "onnxruntime",
    "openvino": "openvino",
    "rsnn": "rsnn",
}


#: Peers that run networks which PyTorch has written as files, in single precision.
EXPORTED = ("onnxruntime", "openvino")


def installed(peer: str) -> bool:
    """Whether a peer can be measured here."""
    needs = [MODULES[peer]] + (["torch", "onnx"] if peer in EXPORTED else [])
    return all(importlib.util.find_spec(module) for module in needs)


class Eager:
    """A library with PyTorch's names; with `channels_last`, networks are measured in this layout and nothing else is."""

    def __init__(self, module: str, threads: int, channels_last: bool = False):
        self.lib = importlib.import_module(module)
        for part in ("nn", "nn.functional", "optim"):
            importlib.import_module(f"{module}.{part}")
        self.lib.set_num_threads(threads)
        self.version = getattr(self.lib, "__version__", "").split("+")[0]
        self.channels_last = channels_last

    def has(self, name: str, case: Case) -> bool:
        """Whether the library can run a case."""
        return not self.channels_last or (isinstance(case, Network) and len(case.shape) == 4)

    def result(self, name: str, case: Case, double: bool = False) -> list[Any]:
        """What a case computes, as arrays."""
        dtype = self.lib.float64 if double else self.lib.float32
        return [x.detach().numpy() for x in case.result(self.lib, dtype, self.channels_last)]

    def prepare(self, name: str, case: Case) -> Callable[[], Any]:
        """What is timed."""
        return case.prepare(self.lib, self.channels_last)


class Exported:
    """A library that runs the inference of networks which PyTorch has written as ONNX files."""

    def __init__(self, threads: int):
        self.threads = threads

    def has(self, name: str, case: Case) -> bool:
        """Whether the library can run a case."""
        return isinstance(case, Network) and not case.train and len(case.shape) == 4

    def session(self, path: Path, x: Any) -> Callable[[], Any]:
        """A function that runs the network of a file."""
        raise NotImplementedError

    def prepare(self, name: str, case: Case) -> Callable[[], Any]:
        """What is timed."""
        with tempfile.TemporaryDirectory() as folder:
            # By another process, as PyTorch's threads would disturb.
            export = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("export.py")), name, folder]
            subprocess.run(export, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            return self.session(Path(folder) / "net.onnx", np.load(Path(folder) / "input.npy"))

    def result(self, name: str, case: Case, double: bool = False) -> list[Any]:
        """What a case computes, as arrays."""
        return [self.prepare(name, case)()]


class OnnxRuntime(Exported):
    """ONNX Runtime on the CPU."""

    def __init__(self, threads: int):
        super().__init__(threads)
        self.lib = importlib.import_module("onnxruntime")
        self.version = self.lib.__version__

    def session(self, path: Path, x: Any) -> Callable[[], Any]:
        options = self.lib.SessionOptions()
        options.intra_op_num_threads = self.threads
        session = self.lib.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return lambda: session.run(None, {"x": x})[0]


class OpenVino(Exported):
    """OpenVINO on the CPU, in single precision."""

    def __init__(self, threads: int):
        super().__init__(threads)
        self.lib = importlib.import_module("openvino")
        self.version = self.lib.__version__.split("-")[0]

    def session(self, path: Path, x: Any) -> Callable[[], Any]:
        how = {"INFERENCE_NUM_THREADS": self.threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        request = self.lib.Core().compile_model(str(path), "CPU", how).create_infer_request()
        return lambda: request.infer({0: x})[0]


def library(peer: str, threads: int) -> Any:
    """The library of a peer."""
    if peer == "onnxruntime":
        return OnnxRuntime(threads)
    if peer == "openvino":
        return OpenVino(threads)
    return Eager(MODULES[peer], threads, peer.endswith("channels-last"))
