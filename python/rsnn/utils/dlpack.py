"""DLPack: exchange of memory with other libraries, without copies."""

from __future__ import annotations

import enum
from typing import Any

from .._C import from_dlpack as from_dlpack

__all__ = ["DLDeviceType", "from_dlpack", "to_dlpack"]


class DLDeviceType(enum.IntEnum):
    """The kinds of devices that DLPack knows. Tensors of rsnn live on `kDLCPU`."""

    kDLCPU = 1
    kDLCUDA = 2
    kDLCUDAHost = 3
    kDLOpenCL = 4
    kDLVulkan = 7
    kDLMetal = 8
    kDLVPI = 9
    kDLROCM = 10
    kDLROCMHost = 11
    kDLExtDev = 12
    kDLCUDAManaged = 13
    kDLOneAPI = 14
    kDLWebGPU = 15
    kDLHexagon = 16
    kDLMAIA = 17


def to_dlpack(tensor: Any) -> Any:
    """A DLPack capsule that shares the memory of a tensor. It can be used once.

    Raises:
        BufferError: for a tensor that requires a gradient, or one over read-only memory.

    Example:
        >>> x = rsnn.zeros(2)
        >>> rsnn.from_dlpack(rsnn.utils.dlpack.to_dlpack(x))[0] = 1
        >>> x
        tensor([1., 0.])
    """
    return tensor.__dlpack__()
