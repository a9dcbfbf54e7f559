"""Walking the graph: :func:`backward` adds gradients to ``.grad``, :func:`grad` returns them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import rsnn
from rsnn._C import Tensor, _autograd_backward, _autograd_grad

__all__ = ["backward", "grad"]


def _tensors(value: Any, what: str) -> list[Tensor]:
    tensors = [value] if isinstance(value, Tensor) else list(value)
    for one in tensors:
        if not isinstance(one, Tensor):
            raise RuntimeError(f"all {what} have to be Tensors, but got {type(one).__name__}")
    return tensors


def _root_gradients(roots: Sequence[Tensor], grads: Any) -> list[Tensor | None]:
    """One gradient or ``None`` for each root."""
    if grads is None:
        return [None] * len(roots)
    gradients = [grads] if isinstance(grads, Tensor) else list(grads)
    for one in gradients:
        if not isinstance(one, (Tensor, type(None))):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(one).__name__}")
    if len(gradients) != len(roots):
        raise RuntimeError(f"got {len(roots)} tensors and {len(gradients)} gradients")
    return gradients


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Tensor | Sequence[Tensor | None] | None = None,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Computes the gradient of the sum of ``tensors`` and adds it to the ``.grad`` of the leaves.

    Args:
        tensors: the roots of the walk.
        grad_tensors: for each root the gradient that starts at it; ``None`` stands for 1, for roots of one element.
        retain_graph: keep the graph for another walk; defaults to ``create_graph``.
        create_graph: record the walk, so that gradients can be differentiated again.
        grad_variables: a deprecated name of ``grad_tensors``.
        inputs: add to the ``.grad`` of these tensors only.

    Raises:
        RuntimeError: if a root requires no gradient, a gradient has another shape than its root or is missing, the
            graph was freed, or a saved value was changed in place.

    Example:
        >>> x = rsnn.tensor([1.0, 2.0], requires_grad=True)
        >>> rsnn.autograd.backward([x * 2, x * 3], [rsnn.ones(2), rsnn.ones(2)])
        >>> x.grad
        tensor([5., 5.])
    """
    if grad_variables is not None:
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        if grad_tensors is not None:
            raise RuntimeError(
                "backward: expected one of `grad_tensors` and its deprecated name `grad_variables`, got both"
            )
        grad_tensors = grad_variables
    roots = _tensors(tensors, "tensors")
    gradients = _root_gradients(roots, grad_tensors)
    if inputs is not None:
        inputs = _tensors(inputs, "inputs")
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    if retain_graph is None:
        retain_graph = create_graph
    _autograd_backward(roots, gradients, inputs, retain_graph, create_graph)


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor, ...]:
    """Returns the gradient of the sum of ``outputs`` with respect to each of ``inputs``, and touches no ``.grad``.

    Args:
        outputs: the roots of the walk.
        inputs: what to differentiate by.
        grad_outputs: for each root the gradient that starts at it; ``None`` stands for 1, for roots of one element.
        retain_graph: keep the graph for another walk; defaults to ``create_graph``.
        create_graph: record the walk, so that gradients can be differentiated again.
        only_inputs: deprecated; always true.
        allow_unused: return ``None`` for an input on which no output depends, instead of raising an error; defaults to
            ``materialize_grads``.
        is_grads_batched: not supported.
        materialize_grads: return zeros for an input on which no output depends.

    Raises:
        RuntimeError: as for :func:`backward`, and for an input on which no output depends.
        ValueError: for ``materialize_grads=True`` with ``allow_unused=False``.
        NotImplementedError: for ``is_grads_batched=True``.

    Example:
        >>> x = rsnn.tensor([1.0, 2.0], requires_grad=True)
        >>> rsnn.autograd.grad(x * x, x, rsnn.ones(2))
        (tensor([2., 4.]),)
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    if is_grads_batched:
        raise NotImplementedError("autograd.grad: is_grads_batched=True is not supported; call grad once per gradient")
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for "
            "other parts of the graph, use rsnn.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    if allow_unused is None:
        allow_unused = materialize_grads
    roots = _tensors(outputs, "outputs")
    leaves = _tensors(inputs, "inputs")
    if not leaves:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    if retain_graph is None:
        retain_graph = create_graph
    grads = _autograd_grad(roots, _root_gradients(roots, grad_outputs), leaves, retain_graph, create_graph)
    for index, gradient in enumerate(grads):
        if gradient is None and not allow_unused:
            raise RuntimeError(
                f"The differentiated Tensor at index {index} appears to not have been used in the graph. "
                "Set allow_unused=True if this is the desired behavior."
            )
    if materialize_grads:
        grads = [
            rsnn.zeros(leaf.shape, dtype=leaf.dtype, requires_grad=create_graph) if g is None else g
            for g, leaf in zip(grads, leaves, strict=True)
        ]
    # With `allow_unused`, some may be None; as in PyTorch, that is left to those who ask for it.
    return tuple(grads)  # type: ignore[arg-type]
