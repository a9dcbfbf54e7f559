"""Affine and bilinear maps."""

from __future__ import annotations

import rsnn
from rsnn._C import Tensor
from rsnn._C import linear as linear
from rsnn._expected import check_tensors

__all__ = ["bilinear", "linear"]


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``y_k = x_1^T A_k x_2 + b_k`` along the last axes.

    Args:
        input1: ``(*, in1_features)``.
        input2: ``(*, in2_features)``.
        weight: ``(out_features, in1_features, in2_features)``.
        bias: ``(out_features,)`` or ``None``.

    Raises:
        RuntimeError: for shapes that do not fit.

    Example:
        >>> F.bilinear(rsnn.randn(2, 3), rsnn.randn(2, 4), rsnn.randn(5, 3, 4)).shape
        rsnn.Size([2, 5])
    """
    check_tensors("bilinear", input1=input1, input2=input2, weight=weight)
    if tuple(input1.shape[:-1]) != tuple(input2.shape[:-1]):
        raise RuntimeError(
            "bilinear(): input batch dimensions do not match: got "
            f"{list(input1.shape)} and {list(input2.shape)}, expected all but the last sizes to be equal"
        )
    expected = (input1.size(-1), input2.size(-1))
    if weight.dim() != 3 or tuple(weight.shape[1:]) != expected:
        raise RuntimeError(
            f"bilinear(): expected a weight of shape (out_features, {expected[0]}, {expected[1]}), "
            f"got {list(weight.shape)}"
        )
    output = rsnn.einsum("bi,kij,bj->bk", input1.reshape(-1, expected[0]), weight, input2.reshape(-1, expected[1]))
    output = output.reshape(*input1.shape[:-1], weight.size(0))
    return output if bias is None else output + bias
