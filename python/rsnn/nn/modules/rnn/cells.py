"""Single steps of recurrent layers."""

from __future__ import annotations

import math
from typing import Any

import rsnn
from rsnn import _C
from rsnn.nn import init
from rsnn.nn.modules.module import Module
from rsnn.nn.parameter import Parameter

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


class RNNCellBase(Module):
    r"""What the cells share.

    Args:
        input_size: the size of an input's last axis.
        hidden_size: the size of a hidden state.
        bias: whether there are biases.
        num_chunks: the number of gates.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - As of :class:`RNNCell`, :class:`LSTMCell` and :class:`GRUCell`

    Example:
        >>> nn.RNNCellBase(10, 20, bias=True, num_chunks=3).weight_ih.shape
        rsnn.Size([60, 10])
    """

    __constants__ = ["input_size", "hidden_size", "bias"]

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        wide = num_chunks * hidden_size
        self.weight_ih = Parameter(rsnn.empty((wide, input_size), device=device, dtype=dtype))
        self.weight_hh = Parameter(rsnn.empty((wide, hidden_size), device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            value = Parameter(rsnn.empty(wide, device=device, dtype=dtype)) if bias else None
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws all parameters from the uniform distribution between plus and minus ``1 / sqrt(hidden_size)``."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        return text if nonlinearity == "tanh" else f"{text}, nonlinearity={nonlinearity}"

    def _step(self, mode: str, input: Any, states: list[Any] | None) -> list[Any]:
        """The new states, by one step of a network of one layer."""
        name = type(self).__name__
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        for i, state in enumerate(states or ()):
            if state.dim() not in (1, 2):
                what = f"hx[{i}]" if mode == "LSTM" else "hidden"
                raise ValueError(f"{name}: Expected {what} to be 1D or 2D, got {state.dim()}D instead")
        batched = input.dim() == 2
        rows = input if batched else input.unsqueeze(0)
        if states is None:
            zeros = rsnn.zeros(rows.size(0), self.hidden_size, dtype=input.dtype)
            states = [zeros] * (2 if mode == "LSTM" else 1)
        elif not batched:
            states = [state.unsqueeze(0) for state in states]
        if rows.size(1) != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {rows.size(1)} expected {self.input_size}")
        for i, state in enumerate(states):
            if state.size(0) != rows.size(0):
                raise RuntimeError(
                    f"Input batch size {rows.size(0)} doesn't match hidden{i} batch size {state.size(0)}"
                )
            if state.size(-1) != self.hidden_size:
                raise RuntimeError(
                    f"hidden{i} has inconsistent hidden_size: got {state.size(-1)}, expected {self.hidden_size}"
                )
        parameters = [self.weight_ih, self.weight_hh]
        if self.bias_ih is not None:
            parameters += [self.bias_ih, self.bias_hh]
        first = [state.unsqueeze(0) for state in states]
        results = _C._recurrent(
            mode, rows, [rows.size(0)], first, parameters, len(parameters) == 4, 1, 0.0, False, False
        )
        states = [state.squeeze(0) for state in results[1:]]
        return states if batched else [state.squeeze(0) for state in states]


class RNNCell(RNNCellBase):
    r"""One step of a plain recurrent layer: :math:`h' = \tanh(W_{ih} x + b_{ih} + W_{hh} h + b_{hh})`.

    Args:
        input_size: the size of :math:`x`.
        hidden_size: the size of :math:`h`.
        bias: whether there are biases.
        nonlinearity: ``"tanh"`` or ``"relu"``.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Inputs: ``(N, input_size)`` and state ``(N, hidden_size)``, both possibly without ``N``
        - Output: as the state

    Example:
        >>> cell = nn.RNNCell(10, 20)
        >>> cell(rsnn.randn(3, 10)).shape
        rsnn.Size([3, 20])
    """

    __constants__ = ["input_size", "hidden_size", "bias", "nonlinearity"]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, num_chunks=1, device=device, dtype=dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Any:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._step(f"RNN_{self.nonlinearity.upper()}", input, None if hx is None else [hx])[0]


class LSTMCell(RNNCellBase):
    r"""One step of long short-term memory; see :class:`LSTM`.

    Args:
        input_size: the size of an input's last axis.
        hidden_size: the size of state and memory.
        bias: whether there are biases.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Inputs: ``(N, input_size)``, and state and memory ``(N, hidden_size)``, all possibly without ``N``
        - Outputs: state and memory

    Example:
        >>> cell = nn.LSTMCell(10, 20)
        >>> h, c = cell(rsnn.randn(3, 10))
        >>> h.shape
        rsnn.Size([3, 20])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, num_chunks=4, device=device, dtype=dtype)

    def forward(self, input: Any, hx: tuple[Any, Any] | None = None) -> tuple[Any, Any]:
        h, c = self._step("LSTM", input, None if hx is None else list(hx))
        return h, c


class GRUCell(RNNCellBase):
    r"""One step of a gated recurrent unit; see :class:`GRU`.

    Args:
        input_size: the size of an input's last axis.
        hidden_size: the size of the state.
        bias: whether there are biases.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Inputs: ``(N, input_size)`` and state ``(N, hidden_size)``, both possibly without ``N``
        - Output: as the state

    Example:
        >>> cell = nn.GRUCell(10, 20)
        >>> cell(rsnn.randn(3, 10)).shape
        rsnn.Size([3, 20])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, num_chunks=3, device=device, dtype=dtype)

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._step("GRU", input, None if hx is None else [hx])[0]
