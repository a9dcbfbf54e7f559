"""What recurrent networks share: parameters, checks, and the way through sequences padded and packed."""

from __future__ import annotations

import math
import numbers
import warnings
from typing import Any

import rsnn
from rsnn import _C
from rsnn.nn import init
from rsnn.nn.modules.module import Module
from rsnn.nn.parameter import Parameter
from rsnn.nn.utils.rnn import PackedSequence

__all__ = ["RNNBase"]

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def _permuted(state: Any, permutation: Any) -> Any:
    return state if permutation is None else state[:, permutation]


class RNNBase(Module):
    r"""Layers of recurrent cells one upon the other; see :class:`RNN`, :class:`LSTM` and :class:`GRU`.

    Args:
        mode: ``"RNN_TANH"``, ``"RNN_RELU"``, ``"LSTM"`` or ``"GRU"``.
        input_size: the size of an input's last axis.
        hidden_size: the size of a hidden state.
        num_layers: the number of layers.
        bias: whether there are biases.
        batch_first: whether the batch comes before the sequence.
        dropout: the probability of dropout between layers.
        bidirectional: whether every layer runs in both directions.
        proj_size: the size to which an LSTM's hidden states are projected; 0 for none.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Attributes:
        weight_ih_l[k]: from the input to the gates of layer ``k``.
        weight_hh_l[k]: from the state to the gates.
        bias_ih_l[k]: a bias of the gates.
        bias_hh_l[k]: another one.
        weight_hr_l[k]: the projection of the states.

    The other direction's parameters have the suffix ``_reverse``.

    Shape:
        - As of :class:`RNN`, :class:`LSTM` and :class:`GRU`

    Example:
        >>> nn.RNNBase("GRU", 10, 20)(rsnn.randn(5, 3, 10))[0].shape
        rsnn.Size([5, 3, 20])
    """

    __constants__ = [
        "mode",
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
        "proj_size",
    ]

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if not isinstance(dropout, numbers.Number) or not 0 <= dropout <= 1 or isinstance(dropout, bool):
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
                stacklevel=3,
            )
        for name, value, kind in (
            ("bias", bias, bool),
            ("batch_first", batch_first, bool),
            ("input_size", input_size, int),
            ("hidden_size", hidden_size, int),
        ):
            if not isinstance(value, kind):
                raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
            if size <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if proj_size < 0:
            raise ValueError("proj_size should be a positive integer or zero to disable projections")
        if proj_size >= hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")
        if mode not in _GATES:
            raise ValueError("Unrecognized RNN mode: " + mode)
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._flat_weights_names: list[str] = []
        self._all_weights: list[list[str]] = []
        wide = _GATES[mode] * hidden_size
        state = proj_size or hidden_size
        directions = 2 if bidirectional else 1
        for layer in range(num_layers):
            for direction in range(directions):
                features = input_size if layer == 0 else state * directions
                shapes: dict[str, Any] = {"weight_ih": (wide, features), "weight_hh": (wide, state)}
                if bias:
                    shapes |= {"bias_ih": (wide,), "bias_hh": (wide,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                names = []
                for part, shape in shapes.items():
                    weight = f"{part}_l{layer}{'_reverse' if direction else ''}"
                    setattr(self, weight, Parameter(rsnn.empty(shape, device=device, dtype=dtype)))
                    names.append(weight)
                self._flat_weights_names += names
                self._all_weights.append(names)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws all parameters from the uniform distribution between plus and minus ``1 / sqrt(hidden_size)``."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    @property
    def _flat_weights(self) -> list[Any]:
        return [getattr(self, name, None) for name in self._flat_weights_names]

    @property
    def all_weights(self) -> list[list[Any]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def flatten_parameters(self) -> None:
        """Does nothing: parameters may lie anywhere."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "proj_size" not in state:
            self.proj_size = 0

    def check_input(self, input: Any, batch_sizes: Any) -> None:
        """Checks dtype, rank and last size of an input.

        Raises:
            ValueError: for a dtype that is not that of the weights.
            RuntimeError: for another rank or last size.
        """
        dtype = self._flat_weights[0].dtype
        if input.dtype is not dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({dtype}). "
                f"Convert input: input.to({dtype}), or convert model: model.to({input.dtype})"
            )
        rank = 2 if batch_sizes is not None else 3
        if input.dim() != rank:
            raise RuntimeError(f"input must have {rank} dimensions, got {input.dim()}")
        if self.input_size != input.size(-1):
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.size(-1)}"
            )

    def _states(self, input: Any, batch_sizes: Any, width: int) -> tuple[int, int, int]:
        batch = int(batch_sizes[0]) if batch_sizes is not None else input.size(0 if self.batch_first else 1)
        return (self.num_layers * (2 if self.bidirectional else 1), batch, width)

    def get_expected_hidden_size(self, input: Any, batch_sizes: Any) -> tuple[int, int, int]:
        """The sizes that the first states must have."""
        return self._states(input, batch_sizes, self.proj_size or self.hidden_size)

    def check_hidden_size(
        self, hx: Any, expected_hidden_size: tuple[int, int, int], msg: str = "Expected hidden size {}, got {}"
    ) -> None:
        """Checks the sizes of first states.

        Raises:
            RuntimeError: for other sizes.
        """
        if tuple(hx.shape) != tuple(expected_hidden_size):
            raise RuntimeError(msg.format(expected_hidden_size, list(hx.shape)))

    def check_forward_args(self, input: Any, hidden: Any, batch_sizes: Any) -> None:
        """Checks an input and its first states; raises as the two checks do."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx: Any, permutation: Any) -> Any:
        """States with their batch in another order."""
        return _permuted(hx, permutation)

    def _first(self, input: Any, batch_sizes: Any) -> Any:
        """States of zeros."""
        return rsnn.zeros(self.get_expected_hidden_size(input, batch_sizes), dtype=input.dtype)

    def _with_batch(self, hx: Any, batched: bool) -> Any:
        """Given states with a batch axis.

        Raises:
            RuntimeError: where their rank does not go with the input's.
        """
        rank = 3 if batched else 2
        if hx.dim() != rank:
            kind = "batched" if batched else "unbatched"
            raise RuntimeError(f"For {kind} {rank}-D input, hx should also be {rank}-D but got {hx.dim()}-D tensor")
        return hx if batched else hx.unsqueeze(1)

    def _without_batch(self, hidden: Any) -> Any:
        return hidden.squeeze(1)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """All states of the last layer, and the last ones of all.

        Args:
            input: a tensor, or a :class:`rsnn.nn.utils.rnn.PackedSequence`.
            hx: the first states; zeros if ``None``.

        Raises:
            ValueError: for an input of another dtype, or neither 2-D nor 3-D.
            RuntimeError: where sizes or ranks do not fit.
        """
        if isinstance(input, PackedSequence):
            data, batch_sizes, sorted_indices, unsorted_indices = input
            hx = self._first(data, batch_sizes) if hx is None else self.permute_hidden(hx, sorted_indices)
            self.check_forward_args(data, hx, batch_sizes)
            output, hidden = self._run(data, batch_sizes.tolist(), hx)
            packed = PackedSequence(output, batch_sizes, sorted_indices, unsorted_indices)
            return packed, self.permute_hidden(hidden, unsorted_indices)
        if input.dim() not in (2, 3):
            name = self.mode.partition("_")[0]
            what = f"{input.dim()}D tensor" if name == "RNN" else f"{input.dim()}D"
            raise ValueError(f"{name}: Expected input to be 2D or 3D, got {what} instead")
        batched = input.dim() == 3
        axis = 0 if self.batch_first else 1
        if not batched:
            input = input.unsqueeze(axis)
        hx = self._first(input, None) if hx is None else self._with_batch(hx, batched)
        self.check_forward_args(input, hx, None)
        steps = input.transpose(0, 1) if self.batch_first else input
        length, batch, features = steps.shape
        output, hidden = self._run(steps.reshape(length * batch, features), [batch] * length, hx)
        output = output.view(length, batch, output.size(-1))
        if self.batch_first:
            output = output.transpose(0, 1)
        return (output, hidden) if batched else (output.squeeze(axis), self._without_batch(hidden))

    def _run(self, rows: Any, batch_sizes: list[int], hx: Any) -> tuple[Any, Any]:
        states = list(hx) if isinstance(hx, tuple) else [hx]
        output, *hidden = _C._recurrent(
            self.mode,
            rows,
            batch_sizes,
            states,
            self._flat_weights,
            self.bias,
            self.num_layers,
            self.dropout,
            self.training,
            self.bidirectional,
        )
        return output, tuple(hidden) if len(hidden) > 1 else hidden[0]

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False
        }  # fmt: skip
        for name, default in defaults.items():
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        return text
