"""Networks of plain recurrent cells, LSTMs and GRUs."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn.nn.modules.rnn.base import RNNBase, _permuted

__all__ = ["GRU", "LSTM", "RNN"]

_NO_PROJECTION = "proj_size argument is only supported for LSTM, not RNN or GRU"


class RNN(RNNBase):
    r"""Plain recurrent layers: :math:`h_t = \tanh(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})`.

    Args:
        input_size: the size of :math:`x_t`.
        hidden_size: ``H``, the size of :math:`h_t`.
        num_layers: the number of layers.
        nonlinearity: ``"tanh"`` or ``"relu"``.
        bias: whether there are biases.
        batch_first: whether the batch comes before the sequence.
        dropout: the probability of dropout between layers.
        bidirectional: whether every layer runs in both directions (``D = 2``).
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Input: ``(L, N, input_size)``, ``(N, L, input_size)`` with ``batch_first``, ``(L, input_size)``, or packed;
          first states ``(D * num_layers, N, H)`` or ``(D * num_layers, H)``
        - Output: as the input, of last size ``D * H``; last states as the first ones

    Example:
        >>> rnn = nn.RNN(10, 20, num_layers=2)
        >>> output, hidden = rnn(rsnn.randn(5, 3, 10))
        >>> output.shape, hidden.shape
        (rsnn.Size([5, 3, 20]), rsnn.Size([2, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError(_NO_PROJECTION)
        if len(args) > 3:
            nonlinearity = args[3]
            args = args[:3] + args[4:]
        else:
            nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(f"RNN_{nonlinearity.upper()}", *args, **kwargs)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    r"""Layers of long short-term memory: :math:`c_t = f \odot c_{t-1} + i \odot g`, :math:`h_t = o \odot \tanh(c_t)`.

    Args:
        input_size: the size of an input's last axis.
        hidden_size: ``H``, the size of :math:`c_t` and :math:`h_t`.
        num_layers: the number of layers.
        bias: whether there are biases.
        batch_first: whether the batch comes before the sequence.
        dropout: the probability of dropout between layers.
        bidirectional: whether every layer runs in both directions (``D = 2``).
        proj_size: the size ``P`` to which :math:`h_t` is projected; 0 for none (``P = H``).
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Input: ``(L, N, input_size)``, ``(N, L, input_size)`` with ``batch_first``, ``(L, input_size)``, or packed;
          first states ``(D * num_layers, N, P)`` and memories ``(D * num_layers, N, H)``, without ``N`` as the input
        - Output: as the input, of last size ``D * P``; last states and memories as the first ones

    Example:
        >>> lstm = nn.LSTM(10, 20, batch_first=True)
        >>> output, (h, c) = lstm(rsnn.randn(3, 5, 10))
        >>> output.shape, h.shape
        (rsnn.Size([3, 5, 20]), rsnn.Size([1, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def get_expected_cell_size(self, input: Any, batch_sizes: Any) -> tuple[int, int, int]:
        """The sizes that the first memories must have."""
        return self._states(input, batch_sizes, self.hidden_size)

    def check_forward_args(self, input: Any, hidden: Any, batch_sizes: Any) -> None:
        self.check_input(input, batch_sizes)
        sizes = (
            self.get_expected_hidden_size(input, batch_sizes),
            self.get_expected_cell_size(input, batch_sizes),
        )
        for i, size in enumerate(sizes):
            self.check_hidden_size(hidden[i], size, f"Expected hidden[{i}] size {{}}, got {{}}")

    def permute_hidden(self, hx: Any, permutation: Any) -> Any:
        return hx if permutation is None else tuple(_permuted(state, permutation) for state in hx)

    def _first(self, input: Any, batch_sizes: Any) -> Any:
        memories = rsnn.zeros(self.get_expected_cell_size(input, batch_sizes), dtype=input.dtype)
        return super()._first(input, batch_sizes), memories

    def _with_batch(self, hx: Any, batched: bool) -> Any:
        rank = 3 if batched else 2
        h, c = hx[0], hx[1]
        if h.dim() != rank or c.dim() != rank:
            kind = "batched" if batched else "unbatched"
            raise RuntimeError(
                f"For {kind} {rank}-D input, hx and cx should also be {rank}-D but got ({h.dim()}-D, {c.dim()}-D) tensors"
            )
        return (h, c) if batched else (h.unsqueeze(1), c.unsqueeze(1))

    def _without_batch(self, hidden: Any) -> Any:
        return tuple(state.squeeze(1) for state in hidden)


class GRU(RNNBase):
    r"""Layers of gated recurrent units: :math:`h_t = (1 - z) \odot n + z \odot h_{t-1}` with
    :math:`n = \tanh(W_{in} x_t + b_{in} + r \odot (W_{hn} h_{t-1} + b_{hn}))`.

    Args:
        input_size: the size of an input's last axis.
        hidden_size: ``H``, the size of :math:`h_t`.
        num_layers: the number of layers.
        bias: whether there are biases.
        batch_first: whether the batch comes before the sequence.
        dropout: the probability of dropout between layers.
        bidirectional: whether every layer runs in both directions (``D = 2``).
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - As of :class:`RNN`

    Example:
        >>> gru = nn.GRU(10, 20, bidirectional=True)
        >>> output, hidden = gru(rsnn.randn(5, 3, 10))
        >>> output.shape, hidden.shape
        (rsnn.Size([5, 3, 40]), rsnn.Size([2, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError(_NO_PROJECTION)
        super().__init__("GRU", *args, **kwargs)
