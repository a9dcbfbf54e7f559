"""Derivatives of Python functions of tensors: Jacobians, Hessians, and their products with vectors.

A function takes one tensor or several and returns one or a tuple of them. Results have the structure of its inputs and
outputs: a tensor where there is one, a tuple where there are several.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rsnn
from rsnn._C import Tensor

from .grad_mode import enable_grad
from .walk import grad as walk

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

_Tensors = tuple[Tensor, ...]


def _listed(value: Any, name: str, what: str) -> tuple[bool, _Tensors]:
    """Whether it is a tuple, and its tensors."""
    several = isinstance(value, (tuple, list))
    tensors = tuple(value) if several else (value,)
    for place, one in enumerate(tensors):
        if not isinstance(one, Tensor):
            where = f"the value at index {place}" if several else f"the given {what}"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but {where} has type "
                f"{type(one)}."
            )
    return several, tensors


def _fresh(tensors: _Tensors, create_graph: bool) -> _Tensors:
    """Copies to differentiate by: leaves, or views that stay in the caller's graph."""
    if create_graph:
        return tuple(x.view_as(x) if x.requires_grad else x.detach().requires_grad_() for x in tensors)
    return tuple(x.detach().requires_grad_() for x in tensors)


def _call(func: Callable[..., Any], inputs: _Tensors, name: str, strict: bool) -> tuple[bool, _Tensors]:
    several, outputs = _listed(func(*inputs), name, "outputs of the user-provided function")
    for place, output in enumerate(outputs):
        if strict and not output.requires_grad:
            raise RuntimeError(
                f"Output {place} of the user-provided function does not require gradients. The outputs must be computed in "
                "a differentiable manner from the input when running in strict mode."
            )
    return several, outputs


def _grad(
    outputs: _Tensors, inputs: _Tensors, cotangents: tuple[Any, ...], create_graph: bool
) -> tuple[Tensor | None, ...]:
    """As `autograd.grad`, where outputs that need no gradient count as constants."""
    pairs = [(o, c) for o, c in zip(outputs, cotangents) if o is not None and o.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    roots, seeds = zip(*pairs)
    return tuple(walk(roots, inputs, seeds, retain_graph=True, create_graph=create_graph, allow_unused=True))


def _filled(grads: tuple[Tensor | None, ...], likes: _Tensors, strict: bool, complaint: str) -> _Tensors:
    """Gradients with zeros for those that are missing; in strict mode those are mistakes."""
    for place, one in enumerate(grads):
        if one is None and strict:
            raise RuntimeError(complaint.format(place))
    return tuple(rsnn.zeros_like(like) if one is None else one for one, like in zip(grads, likes))


def _vector(v: Any, likes: _Tensors, name: str, what: str) -> _Tensors:
    """The vector to multiply with: given, or 1 for a single number."""
    if v is None:
        if len(likes) != 1 or likes[0].numel() != 1:
            raise RuntimeError(f"The vector v can only be None if {what} a single Tensor with a single element.")
        return (rsnn.ones_like(likes[0].detach()),)
    _, vectors = _listed(v, name, "v")
    if len(vectors) != len(likes):
        raise RuntimeError(f"v is a tuple of invalid length: should be {len(likes)} but got {len(vectors)}.")
    for place, (one, like) in enumerate(zip(vectors, likes)):
        if one.shape != like.shape:
            entry = f"Entry {place} in " if len(likes) > 1 else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {like.shape} but got {one.shape}.")
    return vectors


def _shaped(tensors: tuple[Any, ...], several: bool) -> Any:
    return tensors if several else tensors[0]


def _detached(tensors: _Tensors, create_graph: bool) -> _Tensors:
    return tensors if create_graph else tuple(x.detach() for x in tensors)


def _refuse_vectorize(name: str, vectorize: bool, strategy: str) -> None:
    if vectorize:
        raise NotImplementedError(f"{name}: vectorize=True is not supported")
    if strategy != "reverse-mode":
        raise NotImplementedError(f"{name}: the strategy {strategy!r} is not supported, expected 'reverse-mode'")


_INDEPENDENT = (
    "The output of the user-provided function is independent of input {}. This is not allowed in strict mode."
)
_FLAT = (
    "While computing the hessian, found that the jacobian of the user-provided function with respect to input {} is "
    "independent of the input. This is not allowed in strict mode. You should ensure that your function is twice "
    "differentiable and that the jacobian depends on the inputs."
)


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """All derivatives of the outputs of a function by its inputs.

    Args:
        func: the function.
        inputs: its input or inputs.
        create_graph: record the computation, so that the result can be differentiated.
        strict: raise an error where an output does not depend on an input; else the derivative is zero.
        vectorize: not supported.
        strategy: only `"reverse-mode"`.

    Returns:
        For each output and input a tensor with the axes of the output, then those of the input.

    Raises:
        TypeError: for inputs and outputs that are no tensors.
        RuntimeError: in strict mode, for constants.
        NotImplementedError: for `vectorize` and other strategies.

    Example:
        >>> rsnn.autograd.functional.jacobian(lambda x: x * x, rsnn.tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    _refuse_vectorize("jacobian", vectorize, strategy)
    with enable_grad():
        several_in, given = _listed(inputs, "jacobian", "inputs")
        leaves = _fresh(given, create_graph)
        several_out, outputs = _call(func, leaves, "jacobian", strict)
        result = []
        for place, output in enumerate(outputs):
            rows: list[list[Tensor]] = [[] for _ in leaves]
            complaint = (
                f"Output {place} of the user-provided function is independent of input {{}}. This is not allowed in "
                "strict mode."
            )
            for entry in output.reshape(-1) if output.requires_grad else ():
                grads = _grad((entry,), leaves, (None,), create_graph)
                for row, one in zip(rows, _filled(grads, leaves, strict, complaint)):
                    row.append(one)
            blocks = tuple(
                rsnn.stack(row).reshape(output.shape + x.shape) if row else x.new_zeros(output.shape + x.shape)
                for row, x in zip(rows, leaves)
            )
            result.append(_shaped(_detached(blocks, create_graph), several_in))
    return _shaped(tuple(result), several_out)


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """All second derivatives of a function that returns one number.

    Args:
        func: the function.
        inputs: its input or inputs.
        create_graph: record the computation, so that the result can be differentiated.
        strict: raise an error where a first derivative does not depend on an input; else the second one is zero.
        vectorize: not supported.
        outer_jacobian_strategy: only `"reverse-mode"`.

    Returns:
        For each pair of inputs a tensor with the axes of the first, then those of the second.

    Raises:
        TypeError: for inputs and outputs that are no tensors.
        RuntimeError: for a function of several numbers, and in strict mode for constants.
        NotImplementedError: for `vectorize` and other strategies.

    Example:
        >>> rsnn.autograd.functional.hessian(lambda x: (x**3).sum(), rsnn.tensor([1.0, 2.0]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """
    _refuse_vectorize("hessian", vectorize, outer_jacobian_strategy)
    several, given = _listed(inputs, "hessian", "inputs")

    def gradient(*leaves: Tensor) -> _Tensors:
        output = _number(func, leaves, "hessian", strict)
        return _gradient_of(output, leaves, strict)

    blocks = jacobian(gradient, given, create_graph=create_graph)
    return tuple(blocks) if several else blocks[0][0]


def _number(func: Callable[..., Any], leaves: _Tensors, name: str, strict: bool) -> Tensor:
    several, outputs = _call(func, leaves, name, strict)
    if several:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if outputs[0].numel() != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")
    return outputs[0]


def _gradient_of(output: Tensor, leaves: _Tensors, strict: bool) -> _Tensors:
    """The gradient of a number, recorded."""
    grads = _filled(_grad((output,), leaves, (None,), True), leaves, strict, _INDEPENDENT)
    for place, one in enumerate(grads):
        if strict and not one.requires_grad:
            raise RuntimeError(_FLAT.format(place))
    return grads


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs of a function, and the product of a vector and its Jacobian.

    Args:
        func: the function.
        inputs: its input or inputs.
        v: the vector, in the shape of the outputs; may be left out for a single number.
        create_graph: record the computation, so that the results can be differentiated.
        strict: raise an error where the outputs do not depend on an input; else the product is zero.

    Raises:
        TypeError: for inputs and outputs that are no tensors.
        RuntimeError: for a vector of another shape, and in strict mode for constants.

    Example:
        >>> rsnn.autograd.functional.vjp(lambda x: x * x, rsnn.tensor([1.0, 2.0]), rsnn.ones(2))
        (tensor([1., 4.]), tensor([2., 4.]))
    """
    with enable_grad():
        several_in, given = _listed(inputs, "vjp", "inputs")
        leaves = _fresh(given, create_graph)
        several_out, outputs = _call(func, leaves, "vjp", strict)
        vectors = _vector(v, outputs, "vjp", "the user-provided function returns")
        product = _filled(_grad(outputs, leaves, vectors, create_graph), leaves, strict, _INDEPENDENT)
    return (
        _shaped(_detached(outputs, create_graph), several_out),
        _shaped(_detached(product, create_graph), several_in),
    )


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs of a function, and the product of its Jacobian and a vector, by walking the graph twice.

    Args:
        func: the function.
        inputs: its input or inputs.
        v: the vector, in the shape of the inputs; may be left out for a single number.
        create_graph: record the computation, so that the results can be differentiated.
        strict: raise an error where an output does not depend on the inputs; else the product is zero.

    Raises:
        TypeError: for inputs and outputs that are no tensors.
        RuntimeError: for a vector of another shape, and in strict mode for constants.

    Example:
        >>> rsnn.autograd.functional.jvp(lambda x: x * x, rsnn.tensor([1.0, 2.0]), rsnn.ones(2))
        (tensor([1., 4.]), tensor([2., 4.]))
    """
    with enable_grad():
        _, given = _listed(inputs, "jvp", "inputs")
        vectors = _vector(v, given, "jvp", "the input to the user-provided function is")
        leaves = _fresh(given, create_graph)
        several, outputs = _call(func, leaves, "jvp", strict)
        # The gradient is linear in the seeds: its product with v, differentiated by them, is the Jacobian's.
        seeds = tuple(rsnn.zeros_like(x).requires_grad_() for x in outputs)
        first = _filled(_grad(outputs, leaves, seeds, True), leaves, strict, _INDEPENDENT)
        products = _grad(first, seeds, vectors, create_graph)
        complaint = (
            "Output {} of the user-provided function is independent of the inputs. This is not allowed in strict mode."
        )
        filled = _filled(products, outputs, strict, complaint)
    return _shaped(_detached(outputs, create_graph), several), _shaped(_detached(filled, create_graph), several)


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of a function that returns one number, and the product of a vector and its Hessian.

    Args:
        func: the function.
        inputs: its input or inputs.
        v: the vector, in the shape of the inputs; may be left out for a single number.
        create_graph: record the computation, so that the results can be differentiated.
        strict: raise an error where a derivative does not depend on an input; else the product is zero.

    Raises:
        TypeError: for inputs and outputs that are no tensors.
        RuntimeError: for a function of several numbers, a vector of another shape, and in strict mode for constants.

    Example:
        >>> rsnn.autograd.functional.vhp(lambda x: (x**3).sum(), rsnn.tensor([1.0, 2.0]), rsnn.ones(2))
        (tensor(9.), tensor([ 6., 12.]))
    """
    return _second("vhp", func, inputs, v, create_graph, strict)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of a function that returns one number, and the product of its Hessian and a vector.

    A Hessian is symmetric, so this is `vhp`. Arguments and errors are the same.

    Example:
        >>> rsnn.autograd.functional.hvp(lambda x: (x**3).sum(), rsnn.tensor([1.0, 2.0]), rsnn.ones(2))
        (tensor(9.), tensor([ 6., 12.]))
    """
    return _second("hvp", func, inputs, v, create_graph, strict)


def _second(name: str, func: Callable[..., Any], inputs: Any, v: Any, create_graph: bool, strict: bool) -> Any:
    with enable_grad():
        several, given = _listed(inputs, name, "inputs")
        vectors = _vector(v, given, name, "the input to the user-provided function is")
        leaves = _fresh(given, create_graph)
        output = _number(func, leaves, name, strict)
        first = _gradient_of(output, leaves, strict)
        product = _filled(_grad(first, leaves, vectors, create_graph), leaves, strict, _FLAT)
    return _detached((output,), create_graph)[0], _shaped(_detached(product, create_graph), several)
