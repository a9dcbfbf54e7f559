"""Tensors that modules register: `Parameter` and `Buffer`, also before their sizes are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rsnn import _C
from rsnn._C import Parameter as Parameter
from rsnn._C import Tensor

__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "UninitializedTensorMixin",
    "is_lazy",
]


class _BufferType(type):
    """Makes every tensor that `Buffer` has marked an instance of it."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and getattr(instance, "_is_buffer", False)


class Buffer(metaclass=_BufferType):
    """A tensor that a module registers as a buffer when it is assigned to an attribute.

    Args:
        data: the tensor whose memory the buffer shares; an empty tensor if not given.
        persistent: whether the buffer is part of the module's ``state_dict``.

    Example:
        >>> import rsnn, rsnn.nn as nn
        >>> m = nn.Module()
        >>> m.mean = nn.Buffer(rsnn.zeros(2), persistent=False)
        >>> [name for name, _ in m.named_buffers()], list(m.state_dict())
        (['mean'], [])
    """

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        data = Tensor(0) if data is None else data
        buffer = data.detach().requires_grad_(data.requires_grad)
        buffer.persistent = persistent
        buffer._is_buffer = True
        return buffer


# What the mixin is mixed into.
if TYPE_CHECKING:
    _Base = Tensor
else:
    _Base = object


class UninitializedTensorMixin(_Base):
    """A tensor whose sizes are not known yet: it has a dtype and no elements.

    Methods that ask for elements, or how many there are, raise ``ValueError``.
    """

    cls_to_become: type

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Gives the tensor its sizes and undefined elements, and makes it an ordinary one.

        Args:
            shape: the sizes.
            device: only ``"cpu"``.
            dtype: the dtype, if it is to be another one.
        """
        data = self.data
        self.data = _C.empty(tuple(shape), dtype=data.dtype if dtype is None else dtype, device=device)
        self.__class__ = self.cls_to_become

    @property
    def shape(self) -> Any:
        """Raises ``RuntimeError``: there is none yet."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` "
            "to initialize the parameters before accessing their attributes."
        )

    def share_memory_(self) -> Any:
        """Raises ``RuntimeError``: there is no memory yet."""
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters "
            "before calling `module.share_memory()`."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.requires_grad,)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, None, self.dtype)
        return memo[id(self)]


#: What may be asked of a tensor without sizes: what is not about its elements.
_ALLOWED = frozenset(
    """bfloat16 char cpu cuda double float get_device half int is_complex is_floating_point long requires_grad_
    share_memory_ short size to type""".split()
)
_OPERATORS = frozenset(
    f"__{name}__"
    for name in """abs add and array bool contains div dlpack eq float floordiv ge getitem gt iadd iand idiv ifloordiv
    ilshift imod imul index int invert ior ipow irshift isub iter itruediv ixor le len lshift lt matmul mod mul ne neg or
    pos pow radd rand rdiv reversed rfloordiv rlshift rmatmul rmod rmul ror rpow rrshift rshift rsub rtruediv rxor setitem
    sub truediv xor""".split()
)


def _refusing(name: str, method: Any) -> Any:
    def refuse(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise ValueError(
            f"Attempted to use an uninitialized parameter in {method}. This error happens when you are using a "
            f"`LazyModule` or explicitly manipulating `rsnn.nn.parameter.{type(self).__name__}` objects. When using "
            "LazyModules Call `forward` with a dummy batch to initialize the parameters before calling rsnn functions"
        )

    refuse.__doc__ = "Raises ``ValueError``: there are no elements yet."
    refuse.__name__, refuse.__qualname__ = name, f"UninitializedTensorMixin.{name}"
    return refuse


def _refuse_elements() -> None:
    """Make the methods of tensors say that there are no elements yet, where they would take none for an answer."""
    for name in dir(Tensor):
        method = getattr(Tensor, name)
        if callable(method) and (name in _OPERATORS or not (name.startswith("_") or name in _ALLOWED)):
            setattr(UninitializedTensorMixin, name, _refusing(name, method))


_refuse_elements()


def is_lazy(param: Any) -> bool:
    """Whether a tensor waits for its sizes."""
    return isinstance(param, UninitializedTensorMixin)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose sizes are not known yet.

    Args:
        requires_grad: whether it is to be trained.
        device: only ``"cpu"``.
        dtype: its dtype.

    Example:
        >>> p = nn.UninitializedParameter()
        >>> p.materialize((2, 3))
        >>> type(p) is nn.Parameter, p.shape
        (True, rsnn.Size([2, 3]))
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        data = _C.empty(0, device=device, dtype=dtype)
        return Parameter.__new__(cls, data, requires_grad)  # type: ignore[call-arg]  # the stub has it as `__init__`


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer whose sizes are not known yet.

    Args:
        requires_grad: whether it has a gradient.
        device: only ``"cpu"``.
        dtype: its dtype.
        persistent: whether it is part of the module's ``state_dict``.
    """

    cls_to_become = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> Any:
        buffer: Any = _C.empty(0, device=device, dtype=dtype).requires_grad_(requires_grad)
        buffer.persistent = persistent
        buffer._is_buffer = True
        buffer.__class__ = cls
        return buffer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass
