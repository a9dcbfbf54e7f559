"""The types that `stubs.py` gives to parameters and results of the native module.

A key is a bare name, or `Class.method` (results), `Class.method.parameter` or `function.parameter` (parameters).
"""

HEADER = """# Written by tools/stubs.py from the built module; do not edit.
import builtins
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, SupportsIndex, final

import numpy as np

from typing_extensions import Self, disjoint_base

from rsnn._device import device as _device
from rsnn._size import Size
"""

CLASS_BASES = {"Parameter": "(Tensor)", "Sequential": "(Module)", "ModuleList": "(Module)", "ModuleDict": "(Module)"}

#: Class attributes.
ATTRIBUTES = {"Module": {"call_super_init": "bool", "dump_patches": "bool"}}

#: Members that need no stub: the interpreter's own, and what a type checker must not see.
SKIP = {
    "__doc__", "__module__", "__new__", "__dict__", "__weakref__", "__qualname__", "__file__", "__loader__", "__spec__",
    "__name__", "__package__", "__all__", "__class__", "__text_signature__",
}  # fmt: skip

PARAMETERS = {
    "dim": "int | Sequence[int]",
    "dims": "Any",
    "dim0": "int",
    "dim1": "int",
    "keepdim": "bool",
    "dtype": "dtype",
    "device": "str | _device",
    "requires_grad": "bool",
    "pin_memory": "bool",
    "inplace": "bool",
    "other": "Tensor | float",
    "input": "Tensor",
    "weight": "Tensor",
    "bias": "Tensor",
    "target": "Tensor",
    "mode": "Any",
    "generator": "Generator",
    "__eq__.value": "object", "__eq__.other": "object", "__ne__.value": "object",
    "update.other": "Any",
    "Generator.__new__.device": "str | _device",
}  # fmt: skip

RETURNS = {
    "__bool__": "bool", "__float__": "float", "__int__": "int", "__index__": "int", "__len__": "int", "__hash__": "int",
    "__repr__": "str", "__str__": "str", "__init__": "None", "__setitem__": "None", "__delitem__": "None",
    "__setattr__": "None", "__delattr__": "None", "__contains__": "bool", "__iter__": "Iterator[Any]",
    "__eq__": "bool", "__ne__": "bool", "Tensor.__eq__": "Tensor", "Tensor.__ne__": "Tensor", "__getattribute__": "Any", "__getattr__": "Any", "__reduce__": "Any", "__reduce_ex__": "Any", "__getstate__": "Any",
    "__setstate__": "None", "__call__": "Any", "__dir__": "list[str]", "__format__": "str", "__exit__": "None",
    "Tensor.shape": "Size", "Tensor.size": "Any", "Tensor.stride": "Any", "Tensor.storage_offset": "int",
    "Tensor.dim": "int", "Tensor.ndimension": "int", "Tensor.numel": "int", "Tensor.nelement": "int",
    "Tensor.element_size": "int", "Tensor.data_ptr": "int", "Tensor.is_contiguous": "bool",
    "Tensor.is_floating_point": "bool", "Tensor.is_complex": "bool", "Tensor.is_signed": "bool", "Tensor.item": "Any",
    "Tensor.backward": "None", "Tensor.retain_grad": "None", "Tensor.register_hook": "_HookHandle",
    "Tensor.register_post_accumulate_grad_hook": "_HookHandle", "Tensor.is_inference": "bool", "Tensor._is_view": "bool",
    "Tensor.numpy": "np.ndarray[Any, Any]", "Tensor.__array__": "np.ndarray[Any, Any]", "Tensor.tolist": "Any",
    "dtype.__reduce__": "str", "is_grad_enabled": "bool", "is_inference_mode_enabled": "bool", "can_cast": "bool",
    "get_default_dtype": "dtype", "promote_types": "dtype", "set_default_dtype": "None", "_set_grad_enabled": "bool",
    "_set_inference_mode": "bool", "_autograd_backward": "None", "_autograd_grad": "list[Tensor | None]",
}  # fmt: skip

#: What a checker holds against members that are as PyTorch has them.
IGNORE = {
    "Tensor.__eq__": "override", "Tensor.__ne__": "override", "Tensor.__ipow__": "misc",
    "NameSet.__iand__": "misc", "NameSet.__ior__": "misc", "NameSet.__isub__": "misc", "NameSet.__ixor__": "misc",
}  # fmt: skip

PROPERTIES = {
    "Tensor.shape": "Size", "Tensor.dtype": "dtype", "Tensor.device": "_device", "Tensor.ndim": "int",
    "Tensor.itemsize": "int", "Tensor.nbytes": "int", "Tensor.requires_grad": "bool", "Tensor.is_leaf": "bool",
    "Tensor.grad": "Tensor | None", "Tensor.grad_fn": "Node | None", "Tensor.data": "Tensor", "Tensor.output_nr": "int",
    "Tensor._version": "int", "Tensor._base": "Tensor | None", "Tensor.retains_grad": "bool",
    "dtype.itemsize": "int", "dtype.is_floating_point": "bool", "dtype.is_complex": "bool", "dtype.is_signed": "bool",
    "Module.training": "bool",
    "writable": "Tensor.requires_grad Tensor.grad Tensor.data Module.training",
}  # fmt: skip
