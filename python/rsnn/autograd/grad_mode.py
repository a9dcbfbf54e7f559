"""Switching the recording of operations on and off, for a block, for a function, or at once.

Each switch holds for the thread that uses it. All are context managers and decorators::

    with rsnn.no_grad():
        y = model(x)

    @rsnn.no_grad()
    def predict(x): ...
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Generator
from typing import Any, TypeVar, overload

from rsnn._C import _set_grad_enabled, _set_inference_mode, is_grad_enabled, is_inference_mode_enabled

__all__ = ["enable_grad", "inference_mode", "no_grad", "set_grad_enabled"]

_F = TypeVar("_F", bound=Callable[..., Any])


class _Switch:
    """A context manager that is also a decorator. Subclasses say what to enter and how to come back."""

    def __enter__(self) -> None:
        raise NotImplementedError

    def __exit__(self, exc_type: object, exc_value: object, traceback: object) -> None:
        raise NotImplementedError

    def _clone(self) -> _Switch:
        """A fresh switch of the same kind: one object cannot hold the state of two blocks."""
        return type(self)()

    def __call__(self, func: _F) -> _F:
        """Wraps a function, or a generator function, so that its body runs under the switch."""
        if inspect.isclass(func):
            warnings.warn(
                "Decorating classes is deprecated: only functions and methods should be decorated. "
                f"{func.__name__}.__init__ is decorated; the other methods are not.",
                FutureWarning,
                stacklevel=2,
            )
            func.__init__ = self(func.__init__)  # type: ignore[method-assign]
            return func
        if inspect.isgeneratorfunction(func):
            return _wrap_generator(self._clone, func)

        @functools.wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with self._clone():
                return func(*args, **kwargs)

        return wrapper  # type: ignore[return-value]


def _wrap_generator(clone: Callable[[], _Switch], func: _F) -> _F:
    """Runs each step of a generator under the switch, and what lies between its steps under the caller's modes."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        generator = func(*args, **kwargs)
        step: Callable[[], Any] = functools.partial(next, generator)
        while True:
            try:
                with clone():
                    item = step()
            except StopIteration as stop:
                return stop.value
            try:
                sent = yield item
            except GeneratorExit:
                with clone():
                    generator.close()
                raise
            except BaseException as error:
                step = functools.partial(generator.throw, error)
            else:
                step = functools.partial(generator.send, sent)

    return wrapper  # type: ignore[return-value]


class _BareSwitch(_Switch):
    """A switch without parameters, which may decorate without parentheses: ``@no_grad``."""

    @overload
    def __new__(cls, orig_func: _F) -> _F: ...  # type: ignore[misc]
    @overload
    def __new__(cls, orig_func: None = None) -> _BareSwitch: ...
    def __new__(cls, orig_func: Any = None) -> Any:
        self = super().__new__(cls)
        return self if orig_func is None else self(orig_func)


class no_grad(_BareSwitch):  # noqa: N801
    """Records no operations: results do not require gradients, whatever they are computed from.

    Example:
        >>> x = rsnn.tensor([1.0], requires_grad=True)
        >>> with rsnn.no_grad():
        ...     y = x * 2
        >>> y.requires_grad
        False
    """

    def __enter__(self) -> None:
        self._before = _set_grad_enabled(False)

    def __exit__(self, exc_type: object, exc_value: object, traceback: object) -> None:
        _set_grad_enabled(self._before)


class enable_grad(_BareSwitch):  # noqa: N801
    """Records operations again, inside of ``no_grad`` or ``set_grad_enabled(False)``.

    Example:
        >>> x = rsnn.tensor([1.0], requires_grad=True)
        >>> with rsnn.no_grad(), rsnn.enable_grad():
        ...     y = x * 2
        >>> y.requires_grad
        True
    """

    def __enter__(self) -> None:
        self._before = _set_grad_enabled(True)

    def __exit__(self, exc_type: object, exc_value: object, traceback: object) -> None:
        _set_grad_enabled(self._before)


class set_grad_enabled(_Switch):  # noqa: N801
    """Switches recording on or off: at once when called, until the end of the block when used in ``with``.

    Args:
        mode: whether to record.

    Example:
        >>> x = rsnn.tensor([1.0], requires_grad=True)
        >>> with rsnn.set_grad_enabled(False):
        ...     y = x * 2
        >>> y.requires_grad
        False
    """

    def __init__(self, mode: bool) -> None:
        self._mode = mode
        self._before = _set_grad_enabled(mode)

    def __enter__(self) -> None:
        _set_grad_enabled(self._mode)

    def __exit__(self, exc_type: object, exc_value: object, traceback: object) -> None:
        _set_grad_enabled(self._before)

    def __call__(self, func: _F) -> _F:
        """Decorates ``func``, and takes back what calling the class switched."""
        _set_grad_enabled(self._before)
        return super().__call__(func)

    def _clone(self) -> set_grad_enabled:
        return set_grad_enabled(self._mode)

    def __str__(self) -> str:
        return f"rsnn.set_grad_enabled(mode={self._mode})"

    __repr__ = __str__


class inference_mode(_Switch):  # noqa: N801
    """Records no operations, and makes tensors that can never take part in a graph.

    Such tensors may be changed in place in inference mode only, and cannot be saved for a gradient.

    Args:
        mode: whether inference mode is on; ``False`` switches it off inside of a block in which it is on.

    Example:
        >>> with rsnn.inference_mode():
        ...     y = rsnn.zeros(2)
        >>> y.is_inference()
        True
    """

    def __new__(cls, mode: Any = True) -> Any:
        # ``@inference_mode`` without parentheses.
        return super().__new__(cls) if isinstance(mode, bool) else cls()(mode)

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        self._before = is_inference_mode_enabled(), is_grad_enabled()
        _set_inference_mode(self.mode)
        _set_grad_enabled(not self.mode)

    def __exit__(self, exc_type: object, exc_value: object, traceback: object) -> None:
        inference, grad = self._before
        _set_inference_mode(inference)
        _set_grad_enabled(grad)

    def _clone(self) -> inference_mode:
        return inference_mode(self.mode)
