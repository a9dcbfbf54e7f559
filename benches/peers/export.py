"""Writes the network of a case as ONNX, and its input, into a folder: `export.py name folder`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from cases import CASES

case, folder = CASES[sys.argv[1]], Path(sys.argv[2])
model, x = case.model(torch, torch.float32, False)
np.save(folder / "input.npy", x.numpy())
torch.onnx.export(model, (x,), str(folder / "net.onnx"), dynamo=False, input_names=["x"])
