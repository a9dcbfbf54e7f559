"""The picture of a summary: boxes for the layers that ran, from top to bottom, and arrows for the tensors between."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from ._report import Summary

_WIDTH, _HEIGHT, _GAP, _MARGIN = 190, 46, 26, 20
_INPUT, _OUTPUT = -1, -2
#: Fills of boxes: layers with parameters, layers without, the model's input and output.
_FILLS = {"weights": "#dbe9f6", "plain": "#f1f1ee", "end": "#fbe8d0"}


@dataclass
class Box:
    """A layer, or an end of the model, and where it stands."""

    title: str
    text: str
    fill: str
    row: int = 0
    column: float = 0.0
    sources: list[int] = field(default_factory=list)

    @property
    def x(self) -> float:
        """The left side."""
        return _MARGIN + self.column * (_WIDTH + _GAP)

    @property
    def y(self) -> float:
        """The upper side."""
        return _MARGIN + self.row * (_HEIGHT + _GAP)


def layout(summary: Summary) -> dict[int, Box]:
    """The boxes by layer, in rows: each box below all those that feed it."""
    boxes = {_INPUT: Box("input", _text(summary.layers[0].input_shape), "end")}
    used = {number for edge in summary.edges for number in edge} - {-1}
    for number in sorted(used):
        layer = summary.layers[number]
        fill = "weights" if layer.parameters else "plain"
        boxes[number] = Box(layer.name or "(model)", f"{layer.kind} {_text(layer.output_shape)}", fill)
    boxes[_OUTPUT] = Box("output", _text(summary.layers[0].output_shape), "end")
    for source, target in summary.edges:
        boxes[_OUTPUT if target == -1 else target].sources.append(source)
    _assign_rows(boxes)
    rows: dict[int, list[Box]] = {}
    for box in boxes.values():
        rows.setdefault(box.row, []).append(box)
    widest = max(map(len, rows.values()))
    for row in rows.values():
        for place, box in enumerate(row):
            box.column = place + (widest - len(row)) / 2
    return boxes


def _assign_rows(boxes: dict[int, Box]) -> None:
    """Puts each box a row below its lowest source. A layer that runs more than once may feed itself: such arrows, and
    whatever else goes round, do not count after as many passes as there are boxes."""
    for _ in range(len(boxes)):
        moved = False
        for number, box in boxes.items():
            above = [boxes[source].row for source in box.sources if source != number]
            row = min(1 + max(above, default=0 if number != _INPUT else -1), len(boxes) - 1)
            if row > box.row:
                box.row, moved = row, True
        if not moved:
            break
    others = [box.row for number, box in boxes.items() if number != _OUTPUT]
    boxes[_OUTPUT].row = max(boxes[_OUTPUT].row, 1 + max(others))


def _text(shape: tuple[int, ...] | None) -> str:
    return "" if shape is None else "×".join(map(str, shape)) if shape else "scalar"


def _size(boxes: dict[int, Box]) -> tuple[float, float]:
    right = max(box.x for box in boxes.values()) + _WIDTH
    for (start, _), (handle, _), _, (end, _) in _arrows(boxes):
        # An arrow at the side swings out by three quarters of what its handles do, or less if an end is further left.
        side = max(start, end)
        right = max(right, side + 0.75 * (handle - side))
    return right + _MARGIN, max(box.y for box in boxes.values()) + _HEIGHT + _MARGIN


def _arrows(boxes: dict[int, Box]) -> list[list[tuple[float, float]]]:
    """The four points of each arrow's curve: start, its handle, the end's handle, end. From a row to the next one it
    goes down the middle; past rows it goes around at the right side."""
    arrows = []
    for box in boxes.values():
        for source in dict.fromkeys(box.sources):
            start = boxes[source]
            if box.row - start.row == 1:
                x0, y0, x1, y1 = start.x + _WIDTH / 2, start.y + _HEIGHT, box.x + _WIDTH / 2, box.y
                arrows.append([(x0, y0), (x0, y0 + _GAP / 2), (x1, y1 - _GAP / 2), (x1, y1)])
            else:
                x0, y0, x1, y1 = start.x + _WIDTH, start.y + _HEIGHT / 2, box.x + _WIDTH, box.y + _HEIGHT / 2
                side = max(x0, x1) + min(40 + 10 * abs(box.row - start.row), 200)
                arrows.append([(x0, y0), (side, y0), (side, y1), (x1, y1)])
    return arrows


def svg(summary: Summary) -> str:
    """The picture as the text of an SVG file."""
    boxes = layout(summary)
    width, height = _size(boxes)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" font-family="sans-serif" text-anchor="middle">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#555"/></marker></defs>',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for points in _arrows(boxes):
        start, first, second, end = (f"{x:g},{y:g}" for x, y in points)
        path = f"M{start} C{first} {second} {end}"
        lines.append(f'<path d="{path}" fill="none" stroke="#555" marker-end="url(#tip)"/>')
    for box in boxes.values():
        middle = box.x + _WIDTH / 2
        lines.append(
            f'<rect x="{box.x:g}" y="{box.y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="{_FILLS[box.fill]}" '
            f'stroke="#777"/><text x="{middle:g}" y="{box.y + 19:g}" font-size="13">{escape(box.title)}</text>'
            f'<text x="{middle:g}" y="{box.y + 36:g}" font-size="11" fill="#444">{escape(box.text)}</text>'
        )
    lines.append("</svg>")
    return "\n".join(lines) + "\n"


def png(summary: Summary, path: str | os.PathLike[str]) -> None:
    """The picture as a PNG file, drawn by matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
        from matplotlib.path import Path
    except ImportError as error:
        raise ImportError("Summary.save: a .png needs matplotlib; install it, or save an .svg") from error
    boxes = layout(summary)
    width, height = _size(boxes)
    figure = Figure(figsize=(width / 100, height / 100), dpi=150)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    for points in _arrows(boxes):
        curve = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
        axes.add_patch(FancyArrowPatch(path=curve, arrowstyle="-|>", mutation_scale=8, color="#555"))
    for box in boxes.values():
        style = f"round,pad=0,rounding_size={6}"
        fill = _FILLS[box.fill]
        axes.add_patch(FancyBboxPatch((box.x, box.y), _WIDTH, _HEIGHT, style, facecolor=fill, edgecolor="#777"))
        axes.text(box.x + _WIDTH / 2, box.y + 15, box.title, ha="center", va="center", fontsize=7.5)
        axes.text(box.x + _WIDTH / 2, box.y + 33, box.text, ha="center", va="center", fontsize=6.5, color="#444")
    figure.savefig(path)
