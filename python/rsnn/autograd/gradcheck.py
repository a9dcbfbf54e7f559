"""Checking gradients against finite differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import rsnn
from rsnn._C import Tensor
from rsnn.autograd.walk import grad

if TYPE_CHECKING:
    import numpy as np

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

Inputs = Tensor | Sequence[Any]


class GradcheckError(RuntimeError):
    """A gradient that is not what finite differences say."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Inputs,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compares the gradients of a function with central differences, for every element of every input.

    Only ``float64`` gives differences that are exact enough for the default tolerances.

    Args:
        func: takes the inputs, returns a tensor or a tuple of tensors.
        inputs: a tensor or a sequence of arguments; those that require gradients are checked.
        eps: how far an element is moved to each side.
        atol: the absolute tolerance.
        rtol: the relative tolerance.
        raise_exception: raise an error for a wrong gradient, instead of returning ``False``.
        nondet_tol: how far two walks over the same graph may differ.
        check_undefined_grad: check that an output without a gradient counts as one whose gradient is zero.
        check_grad_dtypes: check that gradients have the dtype of their inputs.
        check_backward_ad: must be true: there is no forward mode.

    Returns:
        Whether all gradients are right.

    Raises:
        GradcheckError: for a wrong gradient.
        ValueError: if no input requires a gradient.
        NotImplementedError: for ``check_batched_grad``, ``check_batched_forward_grad``, ``check_forward_ad``,
            ``fast_mode`` and ``masked``.

    Example:
        >>> x = rsnn.tensor([1.0, 2.0], dtype=rsnn.float64, requires_grad=True)
        >>> rsnn.autograd.gradcheck(lambda x: x * x, x)
        True
    """
    _refuse(
        check_batched_grad=check_batched_grad,
        check_batched_forward_grad=check_batched_forward_grad,
        check_forward_ad=check_forward_ad,
        fast_mode=fast_mode,
        masked=bool(masked),
    )
    if not check_backward_ad:
        raise AssertionError("gradcheck: nothing to check, expected check_backward_ad=True")
    try:
        check = _Check(func, inputs)
        check.against_differences(eps, atol, rtol, nondet_tol, check_grad_dtypes)
        if check_undefined_grad:
            check.undefined_gradients()
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Inputs,
    grad_outputs: Inputs | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Compares second derivatives with central differences of first ones.

    Args:
        func: as for :func:`gradcheck`.
        inputs: as for :func:`gradcheck`.
        grad_outputs: the gradients of the outputs; random ones if not given.
        gen_non_contig_grad_outputs: make the random gradients of the outputs not contiguous.

    The other arguments are those of :func:`gradcheck`; ``check_fwd_over_rev`` is not supported.

    Example:
        >>> x = rsnn.tensor([1.0, 2.0], dtype=rsnn.float64, requires_grad=True)
        >>> rsnn.autograd.gradgradcheck(lambda x: x * x * x, x)
        True
    """
    _refuse(check_fwd_over_rev=check_fwd_over_rev)
    if not check_rev_over_rev:
        raise AssertionError("gradgradcheck: nothing to check, expected check_rev_over_rev=True")
    arguments = _as_tuple(inputs)
    if grad_outputs is None:
        shapes = [(y.shape, y.dtype) for y in _differentiable_outputs(func(*arguments))]
        gradients = tuple(_random(shape, dtype, gen_non_contig_grad_outputs) for shape, dtype in shapes)
    else:
        gradients = _as_tuple(grad_outputs)
    count = len(arguments)

    def first_derivatives(*both: Any) -> tuple[Tensor, ...]:
        leaves = _checked_inputs(both[:count])
        outputs = _differentiable_outputs(func(*both[:count]))
        grads = grad(outputs, leaves, list(both[count:]), create_graph=True, allow_unused=True)
        return tuple(g for g in grads if g is not None)

    return gradcheck(
        first_derivatives,
        arguments + gradients,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        fast_mode=fast_mode,
        masked=masked,
    )


def _refuse(**options: bool) -> None:
    for name, value in options.items():
        if value:
            raise NotImplementedError(f"gradcheck: {name}=True is not supported")


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _checked_inputs(arguments: Sequence[Any]) -> list[Tensor]:
    return [x for x in arguments if isinstance(x, Tensor) and x.requires_grad]


def _differentiable_outputs(outputs: Any) -> list[Tensor]:
    return [y for y in _as_tuple(outputs) if isinstance(y, Tensor) and y.requires_grad]


def _random(shape: Sequence[int], dtype: Any, spread: bool) -> Tensor:
    tensor = rsnn.randn(shape, dtype=dtype)
    if spread and tensor.ndim > 0:
        tensor = rsnn.stack([tensor, tensor], -1).select(-1, 0)
    return tensor.detach().requires_grad_()


class _Check:
    """A function, its arguments, and its outputs."""

    def __init__(self, func: Callable[..., Any], inputs: Inputs) -> None:
        self.func = func
        self.arguments = _as_tuple(inputs)
        self.inputs = _checked_inputs(self.arguments)
        if not self.inputs:
            raise ValueError("gradcheck: expected at least one input that requires a gradient, got none")
        for i, x in enumerate(self.inputs):
            if x.dtype is not rsnn.float64:
                warnings.warn(
                    f"gradcheck: input {i} is of dtype {x.dtype}; finite differences need float64 to be exact enough",
                    stacklevel=3,
                )
            if any(step == 0 and size > 1 for step, size in zip(x.stride(), x.shape, strict=True)):
                raise RuntimeError(f"gradcheck: elements of input {i} share memory (stride 0), expected separate ones")
        self.outputs = _differentiable_outputs(func(*self.arguments))

    def against_differences(self, eps: float, atol: float, rtol: float, nondet_tol: float, check_dtypes: bool) -> None:
        """Compares the whole Jacobian of each output."""
        import numpy as np

        if not self.outputs:
            self._constant(eps)
            return
        numerical = self._differences(eps)
        for j, output in enumerate(self.outputs):
            analytical = self._jacobian(output, check_dtypes)
            again = self._jacobian(output, check_dtypes)
            for i, (a, b, n) in enumerate(zip(analytical, again, numerical[j], strict=True)):
                if not np.allclose(a, n, rtol=rtol, atol=atol, equal_nan=True):
                    raise GradcheckError(
                        f"Jacobian mismatch for output {j} with respect to input {i},\nnumerical:{n}\nanalytical:{a}\n"
                    )
                if not np.allclose(a, b, rtol=0.0, atol=nondet_tol, equal_nan=True):
                    raise GradcheckError(
                        f"Backward is not reentrant: two walks over the graph of output {j} differ for input {i} by "
                        f"{np.abs(a - b).max()}, expected at most nondet_tol={nondet_tol}"
                    )

    def undefined_gradients(self) -> None:
        """Compares walks from one output alone with walks in which the others have a gradient of zero."""
        import numpy as np

        if len(self.outputs) < 2:
            return
        for j, output in enumerate(self.outputs):
            ones = [_full_like(y, 1.0 if k == j else 0.0) for k, y in enumerate(self.outputs)]
            alone = grad(output, self.inputs, ones[j], retain_graph=True, allow_unused=True)
            zeros = grad(self.outputs, self.inputs, ones, retain_graph=True, allow_unused=True)
            for i, (a, b) in enumerate(zip(alone, zeros, strict=True)):
                same = np.array_equal(_array(a, self.inputs[i]), _array(b, self.inputs[i]), equal_nan=True)
                if not same:
                    raise GradcheckError(
                        f"Expected backward function to handle undefined output grads: the gradient of input {i} from "
                        f"output {j} alone differs from that with zero gradients for the other outputs"
                    )

    def _constant(self, eps: float) -> None:
        """Outputs that require no gradient must not depend on the inputs."""
        import numpy as np

        if any(np.any(column) for row in self._differences(eps, all_outputs=True) for column in row):
            raise GradcheckError("Numerical gradient for function expected to be zero: no output requires a gradient")

    def _differences(self, eps: float, all_outputs: bool = False) -> list[list[np.ndarray]]:
        """``(f(x + e) - f(x - e)) / 2 eps`` by output and input, of shape (elements of input, elements of output)."""
        import numpy as np

        def evaluate() -> list[np.ndarray]:
            result = self.func(*self.arguments)
            kept = _as_tuple(result) if all_outputs else _differentiable_outputs(result)
            tensors = [y.detach() for y in kept if isinstance(y, Tensor)]
            return [np.array(y.numpy(), dtype=np.float64).reshape(-1) for y in tensors]

        outputs = evaluate()
        jacobian = [[np.zeros((x.numel(), len(y))) for x in self.inputs] for y in outputs]
        for i, x in enumerate(self.inputs):
            memory = x.detach().numpy()
            for row, place in enumerate(np.ndindex(memory.shape)):
                centre = memory[place].item()
                memory[place] = centre + eps
                above = evaluate()
                memory[place] = centre - eps
                below = evaluate()
                memory[place] = centre
                for j, (a, b) in enumerate(zip(above, below, strict=True)):
                    jacobian[j][i][row] = (a - b) / (2 * eps)
        return jacobian

    def _jacobian(self, output: Tensor, check_dtypes: bool) -> list[np.ndarray]:
        """The same by walking back once for each element of the output."""
        import numpy as np

        jacobian = [np.zeros((x.numel(), output.numel())) for x in self.inputs]
        for column in range(output.numel()):
            one_hot = np.zeros(output.numel())
            one_hot[column] = 1.0
            start = rsnn.tensor(one_hot.reshape(tuple(output.shape)), dtype=output.dtype)
            grads = grad(output, self.inputs, start, retain_graph=True, allow_unused=True)
            for i, (g, x) in enumerate(zip(grads, self.inputs, strict=True)):
                if check_dtypes and g is not None and g.dtype is not x.dtype:
                    raise GradcheckError(f"the gradient of input {i} is of dtype {g.dtype}, expected {x.dtype}")
                jacobian[i][:, column] = _array(g, x).reshape(-1)
        return jacobian


def _full_like(tensor: Tensor, value: float) -> Tensor:
    return rsnn.full(tensor.shape, value, dtype=tensor.dtype)


def _array(gradient: Tensor | None, of: Tensor) -> np.ndarray:
    """A gradient as numbers; zeros where there is none."""
    import numpy as np

    if gradient is None:
        return np.zeros(tuple(of.shape))
    return np.array(gradient.detach().numpy(), dtype=np.float64)
