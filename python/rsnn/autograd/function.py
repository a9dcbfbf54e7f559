"""Operations with a gradient of one's own: :class:`Function`."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rsnn._C import Tensor, _FunctionContext, is_grad_enabled
from rsnn.autograd.grad_mode import no_grad

__all__ = ["Function", "FunctionCtx", "once_differentiable"]


class FunctionCtx(_FunctionContext):
    """What ``forward`` and ``backward`` of a :class:`Function` share, and the ``grad_fn`` of its outputs.

    Both may set any attribute on it. Tensors should rather go through ``save_for_backward``, which notices in-place
    changes and lets go of them when the graph is freed.

    Attributes:
        needs_input_grad: for each argument of ``forward``, whether its gradient is wanted.
        saved_tensors: what was given to ``save_for_backward``.
    """

    needs_input_grad: tuple[bool, ...]
    _function: type[Function]
    _is_tensor: tuple[bool, ...]

    def _run_backward(self, grads: tuple[Tensor | None, ...]) -> list[Tensor | None]:
        """Calls ``backward`` and returns the gradients of the tensors among the arguments of ``forward``."""
        function = self._function
        backward = function.backward
        if function.vjp is not Function.vjp:
            if backward is not Function.backward:
                raise RuntimeError(
                    f"{function.__name__} implements both 'backward' and 'vjp', which mean the same: implement one"
                )
            backward = function.vjp
        result = backward(self, *grads)
        return self._checked(result if isinstance(result, tuple) else (result,))

    def _checked(self, grads: tuple[Any, ...]) -> list[Tensor | None]:
        name = type(self).__name__
        expected = len(self._is_tensor)
        if len(grads) > expected and all(grad is None for grad in grads[expected:]):
            grads = grads[:expected]
        if len(grads) != expected:
            raise RuntimeError(
                f"function {name} returned an incorrect number of gradients (expected {expected}, got {len(grads)})"
            )
        for i, (grad, is_tensor) in enumerate(zip(grads, self._is_tensor, strict=True)):
            if grad is None:
                continue
            if not is_tensor:
                raise RuntimeError(
                    f"function {name} returned a gradient different than None at position {i + 1}, "
                    "but the corresponding forward input was not a Variable"
                )
            if not isinstance(grad, Tensor):
                raise RuntimeError(f"function {name}: expected Variable or None (got {type(grad).__name__})")
        return [grad for grad, is_tensor in zip(grads, self._is_tensor, strict=True) if is_tensor]


class _FunctionMeta(type):
    """Makes for each :class:`Function` the class of its contexts, which names its steps: ``ExpBackward``."""

    def __init__(cls, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> None:
        super().__init__(name, bases, attributes)
        cls._context_class = type(f"{name}Backward", (FunctionCtx,), {"_function": cls, "__module__": cls.__module__})


class Function(metaclass=_FunctionMeta):
    """Base of operations with a gradient of their own.

    Subclasses define static methods ``forward`` and ``backward`` and are used by ``apply``. ``forward`` runs without
    being recorded. It takes the context first; or it takes the arguments only, and ``setup_context(ctx, inputs,
    output)`` does the saving. ``backward`` gets the context and one gradient for each output, and returns one for each
    argument of ``forward`` (``None`` for those that are no tensors). It is recorded under ``create_graph=True``, so
    that a gradient written with tensor operations can be differentiated again.

    Example:
        >>> class Exp(rsnn.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         y = x.exp()
        ...         ctx.save_for_backward(y)
        ...         return y
        ...
        ...     @staticmethod
        ...     def backward(ctx, grad):
        ...         (y,) = ctx.saved_tensors
        ...         return grad * y
        >>> x = rsnn.tensor([0.0], requires_grad=True)
        >>> Exp.apply(x).backward()
        >>> x.grad
        tensor([1.])
    """

    _context_class: type[FunctionCtx]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated: methods of autograd functions are static, "
            f"use {type(self).__name__}.apply(...)",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated: make forward and backward static "
            f"methods and call {type(self).__name__}.apply(...)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Computes the outputs. To be defined by subclasses."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: FunctionCtx, inputs: tuple[Any, ...], output: Any) -> None:
        """Saves what ``backward`` needs, where ``forward`` takes no context."""
        raise NotImplementedError("setup_context is not implemented.")

    if TYPE_CHECKING:
        # A checker then lets subclasses say which gradients they take.
        @staticmethod
        def backward(*args: Any, **kwargs: Any) -> Any: ...

    else:

        @staticmethod
        def backward(ctx: FunctionCtx, *grad_outputs: Tensor | None) -> Any:
            """Computes the gradients of the arguments of ``forward``. To be defined by subclasses."""
            raise NotImplementedError(
                "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
                "backward mode AD."
            )

    # An older name of ``backward``.
    vjp = backward

    @staticmethod
    def jvp(ctx: FunctionCtx, *grad_inputs: Any) -> Any:
        """Forward-mode differentiation, which is not supported."""
        raise NotImplementedError("jvp: forward-mode differentiation is not supported")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Runs ``forward`` and records it as one step."""
        with_setup = cls.setup_context is not Function.setup_context
        if with_setup:
            args = _positional(cls.forward, args, kwargs)
        elif kwargs:
            raise TypeError(f"{cls.__name__}.apply() takes keyword arguments only if setup_context is defined")
        ctx = cls._context_class()
        ctx._is_tensor = tuple([isinstance(arg, Tensor) for arg in args])
        ctx.needs_input_grad = tuple([isinstance(arg, Tensor) and arg.requires_grad for arg in args])
        recording = is_grad_enabled() and any(ctx.needs_input_grad)
        with no_grad():
            if with_setup:
                output = cls.forward(*args)
                cls.setup_context(ctx, args, output)
            else:
                output = cls.forward(ctx, *args)
        inputs = [arg for arg in args if isinstance(arg, Tensor)]
        outputs = output if isinstance(output, tuple) else (output,)
        results = ctx._finish(cls._context_class.__name__, inputs, outputs, recording)
        return results if isinstance(output, tuple) else results[0]


def _positional(forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments of a call in their order, with defaults filled in."""
    bound = inspect.signature(forward).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.args


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates a ``backward`` that cannot be differentiated: trying to is an error instead of a wrong result.

    Example:
        >>> class Sign(rsnn.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return x * 2
        ...
        ...     @staticmethod
        ...     @once_differentiable
        ...     def backward(ctx, grad):
        ...         return grad * 2
    """

    @functools.wraps(backward)
    def wrapper(ctx: FunctionCtx, *grads: Tensor | None) -> Any:
        with no_grad():
            result = backward(ctx, *grads)
        if not is_grad_enabled() or not any(isinstance(g, Tensor) and g.requires_grad for g in grads):
            return result
        outputs = result if isinstance(result, tuple) else (result,)
        return _Refusal.apply(*[out.detach().requires_grad_() if isinstance(out, Tensor) else out for out in outputs])

    return wrapper


class _Refusal(Function):
    """Hands values through; their gradient is an error."""

    @staticmethod
    def forward(ctx: FunctionCtx, *values: Any) -> tuple[Any, ...]:
        return values

    @staticmethod
    def backward(ctx: FunctionCtx, *grads: Tensor | None) -> Any:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")
