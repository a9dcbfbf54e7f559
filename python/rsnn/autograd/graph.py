"""The recorded graph: its steps, and what tells where a gradient goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rsnn._C import Node, Tensor

__all__ = ["GradientEdge", "Node", "get_gradient_edge", "saved_tensors_hooks"]


class GradientEdge(NamedTuple):
    """Where the gradient of a tensor goes.

    Attributes:
        node: the step that computed the tensor, or that adds to its ``.grad``.
        output_nr: which output of the step it is.
    """

    node: Node
    output_nr: int


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The place of a tensor in the graph.

    Raises:
        RuntimeError: if the tensor does not require a gradient.

    Example:
        >>> x = rsnn.tensor([1.0], requires_grad=True)
        >>> rsnn.autograd.graph.get_gradient_edge(x).node.name()
        'AccumulateGrad'
    """
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    node = tensor._gradient_node()
    assert node is not None
    return GradientEdge(node, tensor.output_nr)


class saved_tensors_hooks:  # noqa: N801
    """Hooks on saving values for the gradient, which are not supported.

    Raises:
        NotImplementedError: always.
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        raise NotImplementedError("saved_tensors_hooks is not supported: saved values stay in memory as they are")


def increment_version(tensor: Tensor | Sequence[Tensor]) -> None:
    """Counts an in-place change that was made behind the back of autograd, for example through numpy.

    Example:
        >>> x = rsnn.zeros(2)
        >>> rsnn.autograd.graph.increment_version(x)
        >>> x._version
        1
    """
    for one in [tensor] if isinstance(tensor, Tensor) else tensor:
        one._bump_version()
