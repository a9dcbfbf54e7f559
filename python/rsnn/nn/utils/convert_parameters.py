"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

import rsnn

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[rsnn.Tensor]) -> rsnn.Tensor:
    """Joins parameters into one vector; gradients flow back to them.

    Args:
        parameters: at least one.

    Example:
        >>> parameters_to_vector([rsnn.ones(1, 2), rsnn.zeros(1)])
        tensor([1., 1., 0.])
    """
    return rsnn.cat([parameter.view(-1) for parameter in parameters])


def vector_to_parameters(vec: rsnn.Tensor, parameters: Iterable[rsnn.Tensor]) -> None:
    """Makes parameters the successive slices of a vector; they share its memory from then on.

    Args:
        vec: at least as long as all parameters together.
        parameters: their shapes stay.

    Raises:
        TypeError: `vec` is not a tensor.
        RuntimeError: `vec` is too short.

    Example:
        >>> w = rsnn.zeros(2, 1)
        >>> vector_to_parameters(rsnn.arange(2.0), [w])
        >>> w
        tensor([[0.],
                [1.]])
    """
    if not isinstance(vec, rsnn.Tensor):
        raise TypeError(f"vector_to_parameters: expected a tensor, got {type(vec).__name__}")
    start = 0
    for parameter in parameters:
        end = start + parameter.numel()
        parameter.data = vec[start:end].view_as(parameter).data
        start = end
