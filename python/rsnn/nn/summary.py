"""`summary`: what a model is made of, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rsnn._C import Module, Tensor, zeros
from rsnn.autograd import no_grad


@dataclass(frozen=True)
class LayerInfo:
    """One module of the model, as it ran.

    Attributes:
        name: its dotted path; empty for the model itself.
        kind: the name of its class.
        depth: how many modules it stands in.
        output_shape: the sizes of its (first) output tensor, or `None` if it has none or did not run.
        parameters: numbers in its own parameters, children left out.
    """

    name: str
    kind: str
    depth: int
    output_shape: tuple[int, ...] | None
    parameters: int


@dataclass(frozen=True)
class Summary:
    """A printable table of a model's layers.

    Attributes:
        layers: one entry for each module, in the order of `named_modules()`.
        total_parameters: numbers in all parameters, shared ones counted once.
        trainable_parameters: those of them that require a gradient.
    """

    layers: list[LayerInfo]
    total_parameters: int
    trainable_parameters: int

    def __str__(self) -> str:
        rows = [
            (
                "  " * layer.depth + (f"{layer.name.rpartition('.')[2]}: " if layer.name else "") + layer.kind,
                str(list(layer.output_shape)) if layer.output_shape is not None else "-",
                f"{layer.parameters:,}" if layer.parameters else "-",
            )
            for layer in self.layers
        ]
        head = ("layer", "output shape", "parameters")
        widths = [max(len(row[i]) for row in [head, *rows]) for i in range(3)]

        def line(row: tuple[str, str, str]) -> str:
            return f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}"

        rule = "-" * (sum(widths) + 4)
        frozen = self.total_parameters - self.trainable_parameters
        total = f"{self.total_parameters:,} parameters" + (f", {frozen:,} of them frozen" if frozen else "")
        return "\n".join([line(head), rule, *map(line, rows), rule, total])

    __repr__ = __str__


def summary(model: Module, *inputs: Any, input_size: Sequence[int] | Sequence[Sequence[int]] | None = None) -> Summary:
    """A table of the model's layers, their output shapes and parameters, from one run in `eval` mode without gradients.

    Args:
        model: the model; its training flags are as before afterwards.
        inputs: what to call it with.
        input_size: instead of inputs, the sizes of one zero-filled input, or a sequence of such sizes.

    Raises:
        ValueError: if both or neither of `inputs` and `input_size` are given.

    Example:
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> print(nn.summary(model, input_size=(1, 4)))
        layer          output shape  parameters
        ---------------------------------------
        Sequential     [1, 2]                 -
          0: Linear    [1, 8]                40
          1: ReLU      [1, 8]                 -
          2: Linear    [1, 2]                18
        ---------------------------------------
        58 parameters
    """
    if bool(inputs) == (input_size is not None):
        raise ValueError("summary: expected either inputs or input_size")
    if input_size is not None:
        sizes: Any = [input_size] if all(isinstance(n, int) for n in input_size) else input_size
        inputs = tuple(zeros(size) for size in sizes)

    shapes: dict[int, tuple[int, ...]] = {}

    def note(module: Module, _: Any, output: Any) -> None:
        first = _first_tensor(output)
        if first is not None:
            shapes[id(module)] = tuple(first.shape)

    modules = list(model.named_modules())
    training = [module.training for _, module in modules]
    handles = [module.register_forward_hook(note) for _, module in modules]
    try:
        model.eval()
        with no_grad():
            model(*inputs)
    finally:
        for handle in handles:
            handle.remove()
        for (_, module), flag in zip(modules, training, strict=True):
            module.training = flag

    layers = [
        LayerInfo(
            name=name,
            kind=type(module).__name__,
            depth=0 if not name else name.count(".") + 1,
            output_shape=shapes.get(id(module)),
            parameters=sum(p.numel() for p in module.parameters(recurse=False)),
        )
        for name, module in modules
    ]
    parameters = list(model.parameters())
    return Summary(
        layers=layers,
        total_parameters=sum(p.numel() for p in parameters),
        trainable_parameters=sum(p.numel() for p in parameters if p.requires_grad),
    )


def _first_tensor(output: Any) -> Tensor | None:
    if isinstance(output, Tensor):
        return output
    if isinstance(output, dict):
        output = list(output.values())
    if isinstance(output, (list, tuple)):
        return next((t for t in map(_first_tensor, output) if t is not None), None)
    return None
