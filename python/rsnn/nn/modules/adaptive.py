"""A softmax over many classes of which a few are frequent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import rsnn
from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.container import ModuleList, Sequential
from rsnn.nn.modules.linear import Linear
from rsnn.nn.modules.module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class _ASMoutput(NamedTuple):
    output: Any
    loss: Any


class AdaptiveLogSoftmaxWithLoss(Module):
    r"""The log-softmax of the right class, where classes are sorted by frequency: the first ones are scored at once,
    others by clusters, each scored through a narrower layer and only where it is asked for.

    Args:
        in_features: the size of an input's last axis.
        n_classes: the number of classes.
        cutoffs: the first class of each cluster.
        div_value: by how much each cluster's layer is narrower than the one before.
        head_bias: whether the scores of first classes and clusters have a bias.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Inputs: ``(N, in_features)`` and targets ``(N,)``, or ``(in_features,)`` and ``()``
        - Outputs: ``output``, the log-probabilities of the targets, ``(N,)`` or ``()``; ``loss``, their negative mean, ``()``

    Example:
        >>> m = nn.AdaptiveLogSoftmaxWithLoss(16, 100, cutoffs=[10, 40])
        >>> m(rsnn.randn(5, 16), rsnn.tensor([0, 9, 10, 50, 99])).output.shape
        rsnn.Size([5])
    """

    cutoffs: list[int]

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if len(cutoffs) == 0:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        increasing = all(before < after for before, after in zip([0, *cutoffs], cutoffs))
        if not increasing or cutoffs[-1] > n_classes - 1 or any(int(c) != c for c in cutoffs):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                "value is between 1 and n_classes-1"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        options = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **options)
        self.tail: ModuleList[Sequential] = ModuleList()
        for i in range(self.n_clusters):
            hidden = int(in_features // (div_value ** (i + 1)))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(
                    Linear(in_features, hidden, bias=False, **options), Linear(hidden, size, bias=False, **options)
                )
            )

    def reset_parameters(self) -> None:
        """Draws all parameters anew."""
        self.head.reset_parameters()
        for first, second in self.tail:
            first.reset_parameters()
            second.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        rank = target_.dim()
        if rank > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if rank == 1 and input_.size(0) != target_.size(0):
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if input_.dim() != rank + 1:
            raise RuntimeError(
                f"{rank}D target tensor expects {rank + 1}D input tensors, "
                f"but found inputs with size {list(input_.shape)}"
            )
        input = input_ if rank else input_.unsqueeze(0)
        target = target_ if rank else target_.unsqueeze(0)
        if target.numel() and not 0 <= int(target.min()) <= int(target.max()) < self.n_classes:
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found. "
            )
        classes = target.tolist()
        # What the head says of each target: itself, or its cluster.
        places = list(classes)
        parts = []
        for i, tail in enumerate(self.tail):
            low, high = self.cutoffs[i], self.cutoffs[i + 1]
            rows = [row for row, c in enumerate(classes) if low <= c < high]
            if not rows:
                continue
            within = rsnn.tensor([classes[row] - low for row in rows])
            logs = F.log_softmax(tail(input[rsnn.tensor(rows)]), dim=1)
            parts.append((rsnn.tensor(rows), logs[rsnn.arange(len(rows)), within]))
            for row in rows:
                places[row] = self.shortlist_size + i
        head = F.log_softmax(self.head(input), dim=1)
        output = head[rsnn.arange(len(places)), rsnn.tensor(places, dtype=rsnn.int64)]
        for chosen, logs in parts:
            more = input.new_zeros(len(places))
            more[chosen] = logs
            output = output + more
        loss = (-output).mean()
        return _ASMoutput(output if rank else output.squeeze(0), loss)

    def _get_full_log_prob(self, input: Tensor, head_output: Tensor) -> Tensor:
        """The log-probabilities of all classes from those of the head."""
        head = F.log_softmax(head_output, dim=1)
        parts = [head[:, : self.shortlist_size]]
        for i, tail in enumerate(self.tail):
            parts.append(F.log_softmax(tail(input), dim=1) + head[:, self.shortlist_size + i].unsqueeze(1))
        return rsnn.cat(parts, 1)

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes: ``(N, in_features)`` to ``(N, n_classes)``."""
        return self._get_full_log_prob(input, self.head(input))

    def predict(self, input: Tensor) -> Tensor:
        """The most likely classes: ``(N, in_features)`` to ``(N,)``."""
        head_output = self.head(input)
        best = head_output.argmax(dim=1)
        # A cluster's best class is worth looking for only where the cluster wins.
        others = best >= self.shortlist_size
        if not others.any():
            return best
        full = self._get_full_log_prob(input, head_output).argmax(dim=1)
        return best * (~others) + full * others
