"""What is known of a model after a run: one entry a module, and which layer feeds which."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

Shape = tuple[int, ...]


@dataclass(frozen=True)
class LayerInfo:
    """One module of the model, as it ran.

    Attributes:
        name: its dotted path; empty for the model itself.
        kind: the name of its class.
        depth: how many modules it stands in.
        input_shape: the sizes of the first tensor that it was given, or `None` if there was none or it did not run.
        output_shape: the sizes of the first tensor that it returned, or `None`.
        parameters: numbers in its own parameters, children left out.
        trainable: those of them that require a gradient.
        bytes: memory of its own parameters and buffers.
        output_bytes: memory of the tensors that it returned, over all its calls.
        mult_adds: multiplications with an addition in all its calls, children left out.
        calls: how often it ran.
    """

    name: str
    kind: str
    depth: int
    input_shape: Shape | None
    output_shape: Shape | None
    parameters: int
    trainable: int
    bytes: int
    output_bytes: int
    mult_adds: int
    calls: int


class Edge(NamedTuple):
    """A tensor that goes from one layer to another: positions in `Summary.layers`. -1 as the source is the model's
    input, -1 as the target its output."""

    source: int
    target: int


def _shape(shape: Shape | None) -> str:
    return "-" if shape is None else str(list(shape))


def _count(number: int) -> str:
    return f"{number:,}" if number else "-"


def _size(count: int) -> str:
    """Bytes in the unit that suits them."""
    amount, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while amount >= 1000 and len(units) > 1:
        amount, units = amount / 1000, units[1:]
    return f"{count} B" if units[0] == "B" else f"{amount:.1f} {units[0]}"


@dataclass(frozen=True)
class Summary:
    """A printable table of a model's layers.

    Attributes:
        layers: one entry for each module, in the order of `named_modules()`.
        edges: which layers without children feed which.
        total_parameters: numbers in all parameters, shared ones counted once.
        trainable_parameters: those of them that require a gradient.
        total_bytes: memory of all parameters and buffers, shared ones counted once.
        total_mult_adds: multiplications with an addition of one run.
        activation_bytes: memory of what the layers without children returned.
        max_depth: how deep `str` shows the tree; `None` for all of it.
    """

    layers: list[LayerInfo]
    total_parameters: int
    trainable_parameters: int
    edges: list[Edge] = field(default_factory=list)
    total_bytes: int = 0
    total_mult_adds: int = 0
    activation_bytes: int = 0
    max_depth: int | None = None

    def shown(self) -> list[LayerInfo]:
        """The layers that the table shows; where the tree is cut, a layer's numbers include those below it."""
        if self.max_depth is None:
            return self.layers
        shown: list[LayerInfo] = []
        for layer in self.layers:
            if layer.depth <= self.max_depth:
                shown.append(layer)
                continue
            whole = asdict(shown[-1])
            for amount in ("parameters", "trainable", "bytes", "mult_adds"):
                whole[amount] += getattr(layer, amount)
            shown[-1] = LayerInfo(**whole)
        return shown

    def __str__(self) -> str:
        head = ("layer", "input shape", "output shape", "parameters", "mult-adds", "bytes")
        rows = [
            (
                "  " * layer.depth + (f"{layer.name.rpartition('.')[2]}: " if layer.name else "") + layer.kind,
                _shape(layer.input_shape),
                _shape(layer.output_shape),
                _count(layer.parameters),
                _count(layer.mult_adds),
                _size(layer.bytes) if layer.bytes else "-",
            )
            for layer in self.shown()
        ]
        widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

        def line(row: tuple[str, ...]) -> str:
            cells = [f"{cell:<{w}}" if i < 3 else f"{cell:>{w}}" for i, (cell, w) in enumerate(zip(row, widths))]
            return "  ".join(cells).rstrip()

        rule = "-" * (sum(widths) + 2 * (len(head) - 1))
        frozen = self.total_parameters - self.trainable_parameters
        total = f"{self.total_parameters:,} parameters" + (f", {frozen:,} of them frozen" if frozen else "")
        total += f", {_size(self.total_bytes)}; {self.total_mult_adds:,} multiply-adds"
        return "\n".join([line(head), rule, *map(line, rows), rule, total])

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain dictionaries, lists and numbers, as `json` takes them."""
        plain = asdict(self)
        plain["edges"] = [list(edge) for edge in self.edges]
        for layer in plain["layers"]:
            for name in ("input_shape", "output_shape"):
                layer[name] = None if layer[name] is None else list(layer[name])
        return plain

    def to_svg(self) -> str:
        """A picture of how data flows through the layers without children, as the text of an SVG file."""
        from ._picture import svg

        return svg(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file, as its ending says: `.svg`, or `.png`, which needs matplotlib.

        Raises:
            ValueError: for another ending.
            ImportError: for a `.png` without matplotlib.
        """
        from ._picture import png, svg

        ending = os.path.splitext(os.fspath(path))[1].lower()
        if ending == ".svg":
            with open(path, "w", encoding="utf-8") as file:
                file.write(svg(self))
        elif ending == ".png":
            png(self, path)
        else:
            raise ValueError(f"Summary.save: expected a path that ends with .svg or .png, got {os.fspath(path)!r}")
