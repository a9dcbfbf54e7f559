"""Automatic differentiation: walking the recorded graph, modes, and functions with gradients of their own."""

from __future__ import annotations

from rsnn._C import Tensor as Variable
from rsnn.autograd import functional as functional
from rsnn.autograd import graph as graph
from rsnn.autograd.anomaly import detect_anomaly as detect_anomaly
from rsnn.autograd.anomaly import set_detect_anomaly as set_detect_anomaly
from rsnn.autograd.function import Function as Function
from rsnn.autograd.grad_mode import enable_grad as enable_grad
from rsnn.autograd.grad_mode import inference_mode as inference_mode
from rsnn.autograd.grad_mode import no_grad as no_grad
from rsnn.autograd.grad_mode import set_grad_enabled as set_grad_enabled
from rsnn.autograd.gradcheck import gradcheck as gradcheck
from rsnn.autograd.gradcheck import gradgradcheck as gradgradcheck
from rsnn.autograd.walk import backward as backward
from rsnn.autograd.walk import grad as grad

__all__ = [
    "Function",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]
