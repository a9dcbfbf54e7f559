"""Hooks: the handle that removes one, and what runs the full backward hooks of a module."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import rsnn
from rsnn._C import RemovableHandle as RemovableHandle
from rsnn._C import Tensor, _module_passage, is_grad_enabled

__all__ = ["BackwardHook", "RemovableHandle"]

_NO_INPUT_GRADIENTS = (
    "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require "
    "gradients."
)


class BackwardHook:
    """One call of a module whose gradients are watched.

    All tensors that go into the module pass one step of the graph, all that come out of it another one. The hooks run
    at these steps: the pre-hooks when the gradients of all outputs are there, the hooks when those of all inputs are.

    Args:
        module: the module.
        user_hooks: called as ``hook(module, grad_input, grad_output)``.
        user_pre_hooks: called as ``hook(module, grad_output)``.
    """

    def __init__(
        self, module: Any, user_hooks: list[Callable[..., Any]], user_pre_hooks: list[Callable[..., Any]]
    ) -> None:
        self.module = module
        self.user_hooks = user_hooks
        self.user_pre_hooks = user_pre_hooks
        self.grad_outputs: tuple[Any, ...] | None = None
        self.inputs: _Passage | None = None
        self.n_inputs = 0
        self.plain: dict[int, tuple[Any, Any]] = {}

    def setup_input_hook(self, args: Any) -> Any:
        """Let the arguments pass their step; returns what ``forward`` is to get instead."""
        self.n_inputs = len(args)
        self.plain = {
            i: (arg.shape, arg.dtype) for i, arg in enumerate(args) if isinstance(arg, Tensor) and not arg.requires_grad
        }
        self.inputs, node, args = _Passage.through(args)
        if node is not None:
            node.register_hook(self._at_inputs)
        return args

    def setup_output_hook(self, result: Any) -> Any:
        """Let the result pass its step; returns what the call is to return instead."""
        if not isinstance(result, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
                f"{type(result)}",
                stacklevel=2,
            )
        outputs, node, passed = _Passage.through(result if isinstance(result, tuple) else (result,))
        if outputs is None:
            return result
        node.register_hook(lambda passed, gradients: self._at_outputs(outputs, passed, gradients))
        return passed if isinstance(result, tuple) else passed[0]

    def _at_outputs(self, outputs: _Passage, passed: tuple[Any, ...], gradients: tuple[Any, ...]) -> Any:
        grads = outputs.spread(gradients)
        for hook in self.user_pre_hooks:
            replaced = hook(self.module, grads)
            if replaced is None:
                continue
            replaced = (replaced,) if isinstance(replaced, Tensor) else replaced
            if len(replaced) != len(grads):
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, "
                    f"got {len(replaced)}, but expected {len(grads)}"
                )
            grads = replaced
        self.grad_outputs = grads
        if self.inputs is None:
            self._without_inputs()
        return outputs.pick(grads, passed)

    def _without_inputs(self) -> None:
        """Run the hooks where nothing flows on, since no input requires a gradient."""
        warnings.warn(_NO_INPUT_GRADIENTS, stacklevel=2)
        nothing = (None,) * self.n_inputs
        for hook in self.user_hooks:
            replaced = hook(self.module, nothing, self.grad_outputs)
            if replaced is not None and not (isinstance(replaced, tuple) and all(one is None for one in replaced)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for "
                    "all gradients."
                )
        self.grad_outputs = None

    def _at_inputs(self, gradients: tuple[Any, ...], _: Any) -> Any:
        if self.grad_outputs is None or self.inputs is None:
            # Gradients that did not come through the outputs, as in a double backward.
            return None
        zeros = {i: rsnn.zeros(shape, dtype=dtype) for i, (shape, dtype) in self.plain.items()}
        grads = self.inputs.spread(gradients, zeros)
        for hook in self.user_hooks:
            replaced = hook(self.module, grads, self.grad_outputs)
            if replaced is None:
                continue
            replaced = (replaced,) if isinstance(replaced, Tensor) else replaced
            if len(replaced) != len(grads):
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, "
                    f"got {len(replaced)}, but expected {len(grads)}"
                )
            grads = replaced
        self.grad_outputs = None
        return self.inputs.pick(grads, gradients)


class _Passage:
    """The positions, in a tuple, of the tensors that pass a step of the graph.

    The step keeps its hooks, and so this. It is not kept here: that would be a cycle which nobody can collect.
    """

    def __init__(self, positions: list[int], length: int) -> None:
        self.positions = positions
        self.length = length

    @classmethod
    def through(cls, values: Any) -> tuple[_Passage | None, Any, Any]:
        """Let the tensors among ``values`` that require gradients pass a step; without such, there is none.

        Returns the passage, the step, and what ``values`` become.
        """
        if not is_grad_enabled():
            return None, None, values
        positions = [i for i, value in enumerate(values) if isinstance(value, Tensor) and value.requires_grad]
        if not positions:
            return None, None, values
        tensors, node = _module_passage([values[i] for i in positions])
        passed = list(values)
        for position, tensor in zip(positions, tensors, strict=True):
            passed[position] = tensor
        return cls(positions, len(passed)), node, _like(values, passed)

    def spread(self, gradients: tuple[Any, ...], others: dict[int, Any] | None = None) -> tuple[Any, ...]:
        """Gradients at the positions of their tensors, ``others`` at theirs, ``None`` elsewhere."""
        spread = [(others or {}).get(position) for position in range(self.length)]
        for position, gradient in zip(self.positions, gradients, strict=True):
            spread[position] = gradient
        return tuple(spread)

    def pick(self, spread: tuple[Any, ...], before: tuple[Any, ...]) -> tuple[Any, ...]:
        """The gradients of the tensors that pass. Raises ``RuntimeError`` for one of other sort, or size, than ``before``."""
        picked = tuple(spread[position] for position in self.positions)
        for old, new in zip(before, picked, strict=True):
            if old is None or not isinstance(new, Tensor) or new is old:
                continue
            if new.dtype != old.dtype:
                raise RuntimeError(f"hook 'hook' has changed the type of value (was {old.type()} got {new.type()})")
            if new.shape != old.shape:
                raise RuntimeError("hook 'hook' has changed the size of value")
        return picked


def _like(values: Any, items: list[Any]) -> Any:
    """``items`` as a tuple of the class of ``values``, which may be a named one."""
    return tuple(items) if type(values) is tuple else type(values)(*items)
