"""The recorded graph: its steps, and what tells where a gradient goes."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

from rsnn._C import (
    Node,
    Tensor,
    _current_walk,
    _forbid_saved_tensors_hooks,
    _pop_saved_tensors_hooks,
    _push_saved_tensors_hooks,
    _will_run,
)

__all__ = [
    "GradientEdge",
    "Node",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]


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
    """Within a block, keeps what gradients need in another form: on disk, compressed, ...

    Args:
        pack_hook: gets each tensor that is to be kept and returns what is kept in its place: anything.
        unpack_hook: gets that back when a walk needs it, and returns a tensor of the same values.

    Raises:
        RuntimeError: within :class:`disable_saved_tensors_hooks`.

    Example:
        >>> x = rsnn.ones(2, requires_grad=True)
        >>> with rsnn.autograd.graph.saved_tensors_hooks(lambda t: t.numpy(), rsnn.from_numpy):
        ...     y = x.exp()
        >>> y.sum().backward()
        >>> x.grad
        tensor([2.7183, 2.7183])
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        _push_saved_tensors_hooks(self.pack_hook, self.unpack_hook)

    def __exit__(self, *args: object) -> None:
        _pop_saved_tensors_hooks()


class save_on_cpu(saved_tensors_hooks):  # noqa: N801
    """Within a block, keeps what gradients need on the CPU, where it is anyway.

    Args:
        pin_memory: has no meaning on a CPU.
        device_type: which device the tensors would come from.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda tensor: tensor, lambda tensor: tensor)


class disable_saved_tensors_hooks(contextlib.ContextDecorator):  # noqa: N801
    """Within a block, makes :class:`saved_tensors_hooks` an error.

    Args:
        error_message: what the error says.

    Example:
        >>> with rsnn.autograd.graph.disable_saved_tensors_hooks("not here"):
        ...     y = rsnn.ones(2, requires_grad=True).exp()
    """

    def __init__(self, error_message: str) -> None:
        self.error_message = error_message

    def __enter__(self) -> None:
        _forbid_saved_tensors_hooks(self.error_message)

    def __exit__(self, *args: object) -> None:
        _pop_saved_tensors_hooks()


def register_multi_grad_hook(
    tensors: Sequence[Tensor],
    fn: Callable[[Sequence[Tensor | None]], None] | Callable[[Tensor], None],
    *,
    mode: str = "all",
) -> MultiGradHandle:
    """Calls a function with the gradients of several tensors, once in each walk.

    Args:
        tensors: each must require a gradient.
        fn: with ``mode="all"`` it gets the list of all gradients when the last one is there (``None`` for a tensor that
            the walk does not reach); with ``mode="any"`` it gets the first gradient that comes.
        mode: ``"all"`` or ``"any"``.

    Returns:
        A handle whose ``remove()`` takes the hook away.

    Raises:
        ValueError: for another mode.
        RuntimeError: if a tensor requires no gradient.

    Example:
        >>> x, y = rsnn.ones(1, requires_grad=True), rsnn.ones(1, requires_grad=True)
        >>> handle = rsnn.autograd.graph.register_multi_grad_hook((x, y), lambda grads: print(len(grads)))
        >>> (x * y).backward()
        2
        >>> handle.remove()
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    nodes = [get_gradient_edge(tensor).node for tensor in tensors]
    import threading  # only here, so that importing rsnn does not need it

    lock = threading.Lock()
    # By walk: the gradients so far and how many are still to come.
    walks: dict[int | None, tuple[list[Tensor | None], int]] = {}
    latest: list[int | None] = [-1]

    def collect(index: int, grad: Tensor) -> None:
        walk = _current_walk()
        with lock:
            state = walks.pop(walk, None)
            grads, missing = state or ([None] * len(tensors), sum(map(_will_run, nodes)))
            grads[index] = grad
            if missing > 1:
                walks[walk] = grads, missing - 1
                return
        cast("Callable[[Sequence[Tensor | None]], None]", fn)(grads)

    def first(index: int, grad: Tensor) -> None:
        walk = _current_walk()
        with lock:
            if latest[0] == walk:
                return
            latest[0] = walk
        cast("Callable[[Tensor], None]", fn)(grad)

    hook = collect if mode == "all" else first
    return MultiGradHandle([one.register_hook(functools.partial(hook, i)) for i, one in enumerate(tensors)])


class MultiGradHandle:
    """Takes away a hook of :func:`register_multi_grad_hook`: by ``remove()``, or at the end of a ``with`` block."""

    def __init__(self, handles: Sequence[Any]) -> None:
        self.handles = tuple(handles)

    def remove(self) -> None:
        """Takes the hook away. A second call does nothing."""
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> MultiGradHandle:
        return self

    def __exit__(self, *args: object) -> None:
        self.remove()


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
