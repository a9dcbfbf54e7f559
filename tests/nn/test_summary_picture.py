"""The picture of a summary: where boxes and arrows are, and that both kinds of files show them."""

from __future__ import annotations

import builtins
import xml.etree.ElementTree as ElementTree

import pytest

import rsnn
from both import raises
from rsnn import nn
from rsnn.nn.summary import Edge, Summary
from rsnn.nn.summary._picture import layout

SVG = "{http://www.w3.org/2000/svg}"
FILLS = {"weights": "#dbe9f6", "plain": "#f1f1ee", "end": "#fbe8d0"}


def module(forward, **children):
    """A module with children and a given forward."""
    m = type("Given", (nn.Module,), {"forward": lambda self, x: forward(self, x)})()
    for name, child in children.items():
        setattr(m, name, child)
    return m


def chain(length, more=lambda x: 0):
    """A module with a chain of layers, to whose result something of the input is added."""
    return module(lambda m, x: m.net(x) + more(x), net=nn.Sequential(*[nn.Tanh() for _ in range(length)]))


def skips(m, x):
    """Two results are used again further down."""
    y = m.a(x)
    return m.b(y) + m.c(m.b(y) + y)


NETS = {
    "branch": module(lambda m, x: m.c(m.a(x) + m.b(x)), a=nn.Linear(2, 2), b=nn.ReLU(), c=nn.Tanh()),
    "skip": module(skips, a=nn.ReLU(), b=nn.Tanh(), c=nn.Sigmoid()),
    "round": nn.Sequential(*[nn.Tanh(), nn.ReLU()] * 2),
    "twice": nn.Sequential(*[nn.ReLU()] * 3),
    "alone": nn.ReLU(),
    "none": module(lambda m, x: x * 2, a=nn.ReLU()),
    "around": chain(4, lambda x: x),
}
#: Title, text, row, column, kind of each box.
BOXES = {
    "branch": [
        ("input", "1×2", 0, 0.5, "end"),
        ("a", "Linear 1×2", 1, 0, "weights"),
        ("b", "ReLU 1×2", 1, 1, "plain"),
        ("c", "Tanh 1×2", 2, 0.5, "plain"),
        ("output", "1×2", 3, 0.5, "end"),
    ],
    "skip": [
        ("input", "1×2", 0, 0, "end"),
        ("a", "ReLU 1×2", 1, 0, "plain"),
        ("b", "Tanh 1×2", 2, 0, "plain"),
        ("c", "Sigmoid 1×2", 3, 0, "plain"),
        ("output", "1×2", 4, 0, "end"),
    ],
    "round": [
        ("input", "1×2", 0, 0.5, "end"),
        ("0", "Tanh 1×2", 3, 0, "plain"),
        ("1", "ReLU 1×2", 3, 1, "plain"),
        ("output", "1×2", 4, 0.5, "end"),
    ],
    "twice": [("input", "1×2", 0, 0, "end"), ("0", "ReLU 1×2", 1, 0, "plain"), ("output", "1×2", 2, 0, "end")],
    "alone": [("input", "1×2", 0, 0, "end"), ("(model)", "ReLU 1×2", 1, 0, "plain"), ("output", "1×2", 2, 0, "end")],
    "none": [("input", "1×2", 0, 0, "end"), ("output", "1×2", 1, 0, "end")],
    "around": [
        ("input", "1×2", 0, 0, "end"),
        *((f"net.{i}", "Tanh 1×2", i + 1, 0, "plain") for i in range(4)),
        ("output", "1×2", 5, 0, "end"),
    ],
}


def down(*points):
    """Arrows from a row to the next one, between the middles of boxes: left and upper end, then the right and lower one."""
    return [((x0, y0), (x0, y0 + 13), (x1, y0 + 13), (x1, y0 + 26)) for x0, x1, y0 in points]


ARROWS = {
    "branch": down((223, 115, 66), (223, 331, 66), (331, 223, 138), (115, 223, 138), (223, 223, 210)),
    "skip": [
        *down((115, 115, 66), (115, 115, 138)),
        ((210, 115), (270, 115), (270, 259), (210, 259)),
        *down((115, 115, 210), (115, 115, 282)),
        ((210, 187), (270, 187), (270, 331), (210, 331)),
    ],
    "round": [
        ((318, 43), (388, 43), (388, 259), (210, 259)),
        ((426, 259), (466, 259), (466, 259), (210, 259)),
        ((210, 259), (466, 259), (466, 259), (426, 259)),
        *down((331, 223, 282)),
    ],
    "twice": [
        *down((115, 115, 66)),
        ((210, 115), (250, 115), (250, 115), (210, 115)),
        *down((115, 115, 138)),
    ],
    "alone": down((115, 115, 66), (115, 115, 138)),
    "none": down((115, 115, 66)),
    "around": [
        *down(*((115, 115, 66 + 72 * i) for i in range(4))),
        ((210, 43), (300, 43), (300, 403), (210, 403)),
        *down((115, 115, 354)),
    ],
}
SIZES = {
    "branch": (446, 302),
    "skip": (275, 374),
    "round": (476, 374),
    "twice": (260, 230),
    "alone": (230, 230),
    "none": (230, 158),
    "around": (297.5, 446),
}


@pytest.mark.parametrize("name", NETS)
def test_boxes(name):
    boxes = layout(nn.summary(NETS[name], input_size=(1, 2))).values()
    assert [(box.title, box.text, box.row, box.column, box.fill) for box in boxes] == BOXES[name]
    assert [(box.x, box.y) for box in boxes] == [(20 + 216 * box[3], 20 + 72 * box[2]) for box in BOXES[name]]


def looks(root, kind, *keys):
    """The values that elements of a kind have for some attributes."""
    return {tuple(one.get(key) for key in keys) for one in root.findall(SVG + kind)}


@pytest.mark.parametrize("name", NETS)
def test_svg(name):
    root = ElementTree.fromstring(nn.summary(NETS[name], input_size=(1, 2)).to_svg())
    assert not any((one.tail or "").strip() for one in root.iter()) and not (root.text or "").strip()
    width, height = SIZES[name]
    assert root.get("viewBox") == f"0 0 {width:g} {height:g}"
    assert (root.get("width"), root.get("height")) == (f"{width:g}", f"{height:g}")
    ground, *rects = root.findall(SVG + "rect")
    assert (ground.get("width"), ground.get("height"), ground.get("fill")) == ("100%", "100%", "white")
    paths = [path.get("d") for path in root.findall(SVG + "path")]
    numbers = [[f"{x:g},{y:g}" for x, y in points] for points in ARROWS[name]]
    assert paths == [f"M{start} C{first} {second} {end}" for start, first, second, end in numbers]
    tip = root.find(f"{SVG}defs/{SVG}marker")
    assert tip.get("id") == "tip" and looks(root, "path", "fill", "stroke", "marker-end") == {
        ("none", "#555", "url(#tip)")
    }
    assert {(rect.get("rx"), rect.get("stroke")) for rect in rects} == {("6", "#777")}
    assert looks(root, "text", "font-size", "fill") == {("13", None), ("11", "#444")}
    texts = [(text.text, text.get("x"), text.get("y")) for text in root.findall(SVG + "text")]
    for i, (title, text, row, column, kind) in enumerate(BOXES[name]):
        x, y = 20 + 216 * column, 20 + 72 * row
        assert [rects[i].get(key) for key in ("x", "y", "width", "height")] == [f"{x:g}", f"{y:g}", "190", "46"]
        assert rects[i].get("fill") == FILLS[kind]
        assert texts[2 * i : 2 * i + 2] == [(title, f"{x + 95:g}", f"{y + 19}"), (text, f"{x + 95:g}", f"{y + 36}")]
    assert len(rects) == len(BOXES[name])


def test_files(tmp_path):
    report = nn.summary(nn.ReLU(), input_size=(2,))
    for path in (tmp_path / "net.SVG", str(tmp_path / "net.svg")):
        report.save(path)
    assert (tmp_path / "net.SVG").read_bytes() == report.to_svg().encode() == (tmp_path / "net.svg").read_bytes()
    for wrong in ("net", "net.gif"):
        text = f"Summary.save: expected a path that ends with .svg or .png, got {str(tmp_path / wrong)!r}"
        with raises(ValueError, text):
            report.save(tmp_path / wrong)


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are saved instead of being written."""
    figure = pytest.importorskip("matplotlib.figure")
    saved = []
    monkeypatch.setattr(figure.Figure, "savefig", lambda self, path: saved.append(self))
    return saved


@pytest.mark.parametrize("name", NETS)
def test_png(name, drawn, tmp_path):
    """The same as in the other file, in pixels from the upper left corner."""
    patches, colors = pytest.importorskip("matplotlib.patches"), pytest.importorskip("matplotlib.colors")
    nn.summary(NETS[name], input_size=(1, 2)).save(tmp_path / "net.png")
    (figure,) = drawn
    width, height = SIZES[name]
    assert tuple(figure.get_size_inches()) == (width / 100, height / 100) and figure.dpi == 150
    assert type(figure.canvas).__name__ == "FigureCanvasAgg"
    (axes,) = figure.axes
    assert axes.get_position().bounds == (0, 0, 1, 1) and not axes.axison
    assert axes.get_xlim() == (0, width) and axes.get_ylim() == (height, 0)
    arrows = [patch for patch in axes.patches if isinstance(patch, patches.FancyArrowPatch)]
    assert [tuple(map(tuple, arrow._path_original.vertices)) for arrow in arrows] == ARROWS[name]
    assert all(arrow._path_original.codes.tolist() == [1, 4, 4, 4] for arrow in arrows)
    assert {colors.to_hex(arrow.get_edgecolor()) for arrow in arrows} == {"#555555"}
    assert {arrow.get_mutation_scale() for arrow in arrows} == {8}
    boxes = [patch for patch in axes.patches if isinstance(patch, patches.FancyBboxPatch)]
    assert len(boxes) == len(BOXES[name]) and len(axes.texts) == 2 * len(boxes)
    for i, (title, text, row, column, kind) in enumerate(BOXES[name]):
        x, y = 20 + 216 * column, 20 + 72 * row
        place = [getattr(boxes[i], "get_" + key)() for key in ("x", "y", "width", "height")]
        assert place == [x, y, 190, 46]
        style = boxes[i].get_boxstyle()
        assert (style.pad, style.rounding_size) == (0, 6)
        assert colors.to_hex(boxes[i].get_facecolor()) == FILLS[kind]
        assert colors.to_hex(boxes[i].get_edgecolor()) == "#777777"
        for label, below, words, size, color in (
            (axes.texts[2 * i], 15, title, 7.5, None),
            (axes.texts[2 * i + 1], 33, text, 6.5, "#444"),
        ):
            assert label.get_text() == words and label.get_position() == (x + 95, y + below)
            assert (label.get_ha(), label.get_va(), label.get_fontsize()) == ("center", "center", size)
            assert color is None or label.get_color() == color


def test_png_without_what_draws_it(monkeypatch, tmp_path):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(f"No module named {name!r}")
        return real(name, *args, **kwargs)

    report = nn.summary(nn.ReLU(), input_size=(2,))
    monkeypatch.setattr(builtins, "__import__", missing)
    with raises(ImportError, "Summary.save: a .png needs matplotlib; install it, or save an .svg"):
        report.save(tmp_path / "net.png")
    assert not (tmp_path / "net.png").exists()


def test_other_shapes():
    empty = layout(nn.summary(module(lambda m, n: rsnn.ones(()), a=nn.ReLU()), 3)).values()
    assert [box.text for box in empty] == ["", "scalar"]
    wide = module(lambda m, x: m.a(x) + m.b(x) + m.c(x), a=nn.ReLU(), b=nn.Tanh(), c=nn.Sigmoid())
    boxes = list(layout(nn.summary(wide, input_size=(2, 3, 4))).values())
    assert [(box.row, box.column) for box in boxes] == [(0, 1), (1, 0), (1, 1), (1, 2), (2, 1)]
    assert boxes[0].text == "2×3×4"


def test_titles_are_escaped():
    m = nn.Sequential()
    m.add_module("<a & b>", nn.ReLU())
    root = ElementTree.fromstring(nn.summary(m, input_size=(2,)).to_svg())
    assert [text.text for text in root.findall(SVG + "text")][2] == "<a & b>"


def edged(count, *edges):
    """A report of layers that feed each other as said."""
    layer = nn.summary(nn.ReLU(), input_size=(2,)).layers[0]
    return Summary([layer] * count, 0, 0, edges=[Edge(*edge) for edge in edges])


def test_rows_where_data_goes_round():
    """No row is past the number of boxes, and the output is below all."""
    rows = {number: box.row for number, box in layout(edged(3, (-1, 1), (1, 2), (2, 1), (2, -1))).items()}
    assert rows == {-1: 0, 1: 3, 2: 3, -2: 4}
    # The output stands below what it does not come from, too.
    rows = {number: box.row for number, box in layout(edged(4, (-1, 1), (1, 2), (2, 3), (1, -1))).items()}
    assert rows == {-1: 0, 1: 1, 2: 2, 3: 3, -2: 4}
    # What comes from nowhere is below the input.
    rows = {number: box.row for number, box in layout(edged(3, (1, 2), (2, -1))).items()}
    assert rows == {-1: 0, 1: 1, 2: 2, -2: 3}


def test_arrows_past_many_rows_go_no_further_out():
    """At most 200 to the right of the boxes, of which the curve takes three quarters."""
    for length, side in ((14, 190), (15, 200), (16, 200), (30, 200)):
        svg = nn.summary(chain(length, lambda x: x), input_size=(1, 2)).to_svg()
        assert f"M210,43 C{210 + side},43 " in svg and f'width="{230 + 0.75 * side:g}"' in svg


def swing(points):
    """How far to the right an arrow's curve goes."""
    (a, _), (b, _), (c, _), (d, _) = points
    steps = [i / 1000 for i in range(1001)]
    return max(a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t * t * (1 - t) + d * t**3 for t in steps)


@pytest.mark.parametrize("length", [2, 7, 30])
def test_the_picture_holds_arrows_from_the_right_column(length):
    """One that starts in the right column and ends far below in the left one swings out past the boxes."""
    chained = [(-1, 1), (-1, 2), (1, 3), *((i, i + 1) for i in range(3, length + 3)), (2, length + 3), (length + 3, -1)]
    svg = edged(length + 4, *chained).to_svg()
    width = float(ElementTree.fromstring(svg).get("width"))
    curves = [path.get("d") for path in ElementTree.fromstring(svg).findall(SVG + "path")]
    ends = []
    for curve in curves:
        points = [tuple(map(float, point.strip("MC").split(","))) for point in curve.split(" ")]
        ends.append(swing(points))
    assert max(ends) < width - 15 and width < max(ends) + 80
