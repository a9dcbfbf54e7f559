"""The class `Module`. It is native; its methods that are rarely called are written here and added to it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import rsnn
from rsnn._C import Module as Module
from rsnn._C import Parameter, _set_grad_enabled, _show_module_tables
from rsnn._C import register_module_backward_hook as register_module_backward_hook
from rsnn._C import register_module_buffer_registration_hook as register_module_buffer_registration_hook
from rsnn._C import register_module_forward_hook as register_module_forward_hook
from rsnn._C import register_module_forward_pre_hook as register_module_forward_pre_hook
from rsnn._C import register_module_full_backward_hook as register_module_full_backward_hook
from rsnn._C import register_module_full_backward_pre_hook as register_module_full_backward_pre_hook
from rsnn._C import register_module_module_registration_hook as register_module_module_registration_hook
from rsnn._C import register_module_parameter_registration_hook as register_module_parameter_registration_hook
from rsnn._tensor._destination import check_device, destination
from rsnn.nn.modules._attributes import ATTRIBUTES
from rsnn.nn.modules._global_hooks import _global_backward_hooks as _global_backward_hooks
from rsnn.nn.modules._global_hooks import _global_backward_pre_hooks as _global_backward_pre_hooks
from rsnn.nn.modules._global_hooks import _global_buffer_registration_hooks as _global_buffer_registration_hooks
from rsnn.nn.modules._global_hooks import _global_forward_hooks as _global_forward_hooks
from rsnn.nn.modules._global_hooks import _global_forward_hooks_always_called as _global_forward_hooks_always_called
from rsnn.nn.modules._global_hooks import _global_forward_hooks_with_kwargs as _global_forward_hooks_with_kwargs
from rsnn.nn.modules._global_hooks import _global_forward_pre_hooks as _global_forward_pre_hooks
from rsnn.nn.modules._global_hooks import _global_module_registration_hooks as _global_module_registration_hooks
from rsnn.nn.modules._global_hooks import _global_parameter_registration_hooks as _global_parameter_registration_hooks
from rsnn.nn.modules._global_hooks import _has_any_global_hook as _has_any_global_hook
from rsnn.nn.modules._global_hooks import _WithGlobalHooks
from rsnn.nn.modules._handles import install_handles
from rsnn.nn.modules._incompatible_keys import _IncompatibleKeys as _IncompatibleKeys
from rsnn.nn.modules._tables import install_tables

__all__ = [
    "Module",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]


def _without_grad(fn: Callable[[Any], Any], tensor: Any) -> Any:
    before = _set_grad_enabled(False)
    try:
        return fn(tensor)
    finally:
        _set_grad_enabled(before)


def _check_path(owner: Any, name: str) -> Any:
    if not hasattr(owner, name):
        raise AttributeError(f"{owner._get_name()} has no attribute `{name}`")
    return getattr(owner, name)


class _Methods:
    """Methods of `Module`."""

    def get_submodule(self: Any, target: str) -> Any:
        """The descendant at a dotted path; the module itself for an empty one.

        Raises ``AttributeError`` if there is nothing at the path, or no module.

        Example:
            >>> import rsnn.nn as nn
            >>> net = nn.Sequential(nn.Sequential(nn.Identity()))
            >>> net.get_submodule("0.0")
            Identity()
        """
        module = self
        for name in () if target == "" else target.split("."):
            module = _check_path(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def set_submodule(self: Any, target: str, module: Any, strict: bool = False) -> None:
        """Put a module in the place of a dotted path.

        Args:
            target: the path; its last name may be new, unless ``strict``.
            module: the module to put there.
            strict: whether there must be a module at the path already.

        Raises ``ValueError`` for an empty path or anything but a module, ``AttributeError`` for a path that does not
        lead to a module.
        """
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        *path, name = target.split(".")
        parent = self.get_submodule(".".join(path))
        if strict or hasattr(parent, name):
            known = _check_path(parent, name)
            if not isinstance(known, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self: Any, target: str) -> Any:
        """The parameter at a dotted path. Raises ``AttributeError`` if there is none."""
        path, _, name = target.rpartition(".")
        parameter = _check_path(self.get_submodule(path), name)
        if not isinstance(parameter, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return parameter

    def get_buffer(self: Any, target: str) -> Any:
        """The buffer at a dotted path. Raises ``AttributeError`` if there is none."""
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        buffer = _check_path(owner, name)
        if name not in owner._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return buffer

    def _apply(self: Any, fn: Callable[[Any], Any], recurse: bool = True) -> Any:
        """Replace every tensor of the module by ``fn`` of it. Parameters keep their identity, and their gradients are
        replaced too. Returns the module."""
        if recurse:
            for child in self.children():
                child._apply(fn)
        for parameter in list(self._parameters.values()):
            if parameter is None:
                continue
            applied = _without_grad(fn, parameter)
            gradient = parameter.grad
            parameter.data = applied
            if gradient is not None:
                gradient.data = _without_grad(fn, gradient)
        for name, buffer in list(self._buffers.items()):
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self: Any, *args: Any, **kwargs: Any) -> Any:
        """Convert the parameters and buffers in place: ``to(device, dtype)``, ``to(dtype)`` or ``to(tensor)``.

        Only floating-point ones get the dtype, only those of four or five axes a ``memory_format``; the only device is
        ``cpu``. Returns the module.

        Raises ``TypeError`` for a dtype that is not floating point and for arguments of other kinds, ``RuntimeError`` for
        ``copy`` and for what names no device, ``NotImplementedError`` for another device.

        Example:
            >>> import rsnn, rsnn.nn as nn
            >>> m = nn.Module()
            >>> m.w = nn.Parameter(rsnn.zeros(2))
            >>> m.to(rsnn.float64).w.dtype
            rsnn.float64
        """
        device, dtype, _, copy, memory_format = destination(args, kwargs)
        if copy is not None:
            raise RuntimeError(".to() does not accept copy argument")
        if dtype is not None and not dtype.is_floating_point:
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )
        check_device("nn.Module.to", device)

        def convert(tensor: Any) -> Any:
            wanted = dtype if tensor.is_floating_point() else None
            if memory_format is None or tensor.dim() not in (4, 5):
                return tensor if wanted is None else tensor.to(wanted)
            return tensor.to(dtype=wanted, memory_format=memory_format)

        return self._apply(convert)

    def cpu(self: Any) -> Any:
        """Move the tensors to the CPU, where they are. Returns the module."""
        return self._apply(lambda tensor: tensor.cpu())

    def cuda(self: Any, device: Any = None) -> Any:
        """Raises ``NotImplementedError``: the only device is the CPU. So do ``ipu``, ``mtia`` and ``xpu``."""
        raise NotImplementedError("nn.Module.cuda: rsnn runs on the CPU")

    def ipu(self: Any, device: Any = None) -> Any:
        """See ``cuda``."""
        raise NotImplementedError("nn.Module.ipu: rsnn runs on the CPU")

    def mtia(self: Any, device: Any = None) -> Any:
        """See ``cuda``."""
        raise NotImplementedError("nn.Module.mtia: rsnn runs on the CPU")

    def xpu(self: Any, device: Any = None) -> Any:
        """See ``cuda``."""
        raise NotImplementedError("nn.Module.xpu: rsnn runs on the CPU")

    def compile(self: Any, *args: Any, **kwargs: Any) -> Any:
        """Raises ``NotImplementedError``: modules are not compiled."""
        raise NotImplementedError("nn.Module.compile is not supported")

    def type(self: Any, dst_type: Any) -> Any:
        """Convert all parameters and buffers, whatever they are, to a dtype. Returns the module."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    def float(self: Any) -> Any:
        """Convert the floating-point parameters and buffers to ``float32``. Returns the module."""
        return self._apply(lambda tensor: tensor.float() if tensor.is_floating_point() else tensor)

    def double(self: Any) -> Any:
        """Convert the floating-point parameters and buffers to ``float64``. Returns the module."""
        return self._apply(lambda tensor: tensor.double() if tensor.is_floating_point() else tensor)

    def half(self: Any) -> Any:
        """Convert the floating-point parameters and buffers to ``float16``. Returns the module."""
        return self._apply(lambda tensor: tensor.half() if tensor.is_floating_point() else tensor)

    def bfloat16(self: Any) -> Any:
        """Convert the floating-point parameters and buffers to ``bfloat16``. Returns the module."""
        return self._apply(lambda tensor: tensor.bfloat16() if tensor.is_floating_point() else tensor)

    def to_empty(self: Any, *, device: Any, recurse: bool = True) -> Any:
        """Give the parameters and buffers fresh memory on a device, without copying. Returns the module."""
        check_device("nn.Module.to_empty", device)
        return self._apply(lambda tensor: rsnn.empty_like(tensor, device=device), recurse=recurse)

    def share_memory(self: Any) -> Any:
        """Raises ``NotImplementedError`` if there are tensors: none can be in memory that processes share."""
        return self._apply(lambda tensor: tensor.share_memory_())

    def _wrapped_call_impl(self: Any, *args: Any, **kwargs: Any) -> Any:
        """Call ``_call_impl``: what calling a module does whose class overrides that."""
        return self._call_impl(*args, **kwargs)

    def _replicate_for_data_parallel(self: Any) -> Any:
        """A copy with the same children and buffers and without parameters."""
        replica = self.__new__(type(self))
        replica.__dict__ = self.__dict__.copy()
        replica._parameters = {}
        replica._is_replica = True
        return replica


def _install() -> None:
    for name, method in vars(_Methods).items():
        if callable(method):
            method.__qualname__ = f"Module.{name}"
            setattr(Module, name, method)
    install_tables()
    install_handles()
    _show_module_tables(ATTRIBUTES)
    sys.modules[__name__].__class__ = _WithGlobalHooks


_install()
