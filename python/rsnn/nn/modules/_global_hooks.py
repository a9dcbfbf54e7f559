"""The tables of hooks that all modules share, live, under PyTorch's names."""

from __future__ import annotations

from types import ModuleType

from rsnn._C import _global_full_backward, _global_table, _set_global_full_backward

_global_backward_hooks = _global_table("_global_backward_hooks")
_global_backward_pre_hooks = _global_table("_global_backward_pre_hooks")
_global_buffer_registration_hooks = _global_table("_global_buffer_registration_hooks")
_global_forward_hooks = _global_table("_global_forward_hooks")
_global_forward_hooks_always_called = _global_table("_global_forward_hooks_always_called")
_global_forward_hooks_with_kwargs = _global_table("_global_forward_hooks_with_kwargs")
_global_forward_pre_hooks = _global_table("_global_forward_pre_hooks")
_global_module_registration_hooks = _global_table("_global_module_registration_hooks")
_global_parameter_registration_hooks = _global_table("_global_parameter_registration_hooks")


def _has_any_global_hook() -> bool:
    """Whether a call of any module has hooks to run that all modules share."""
    return bool(
        _global_backward_pre_hooks or _global_backward_hooks or _global_forward_hooks or _global_forward_pre_hooks
    )


class _WithGlobalHooks(ModuleType):
    """A module that has the sort of the global backward hooks as a variable, to read and to write."""

    @property
    def _global_is_full_backward_hook(self) -> bool | None:
        return _global_full_backward()

    @_global_is_full_backward_hook.setter
    def _global_is_full_backward_hook(self, full: bool | None) -> None:
        _set_global_full_backward(full)
