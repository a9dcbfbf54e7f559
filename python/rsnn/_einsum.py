"""`einsum`: sums of products, each pair of operands contracted by one batched matrix product."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from operator import index
from typing import Any

from ._C import Tensor
from ._expected import check_elements, type_name

#: Further axes, without names.
DOTS = "..."
#: The symbols of axes, in the order of the numbers that may stand for them.
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

#: Where the symbols of the result are.
OUTPUT = "output"


def einsum(*args: Any) -> Tensor:
    """The sum of products that an equation names: `einsum(equation, *operands)`.

    Args:
        equation: one group of letters for each operand, joined by commas, and after `->` the letters of the result. A
            letter that the result lacks is summed over; without `->` the result has the letters that occur once, in the
            order of the alphabet. `...` stands for further axes, which broadcast. A letter that occurs twice in a group takes
            the diagonal.
        operands: the tensors, one by one or as one sequence. They are contracted from left to right.

    Instead of an equation, each operand may be followed by the list of its axes, which are numbers below 52 or `...`, and
    all of them by the axes of the result: `einsum(a, [0, 1], b, [1, 2], [0, 2])`.

    Raises:
        ValueError: without operands, and for axes out of range.
        TypeError: for operands that are no tensors, an equation that is no text, axes that are no integers.
        RuntimeError: for equations that do not fit the operands.

    Example:
        >>> a, b = rsnn.ones(2, 3), rsnn.ones(3, 4)
        >>> rsnn.einsum("ij,jk->ik", a, b).shape
        rsnn.Size([2, 4])
    """
    if len(args) > 1 and isinstance(args[0], Tensor):
        args = _of_lists(*args)
    equation, operands = args[0] if args else "", args[1:]
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    if not operands:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its "
            "subscripts list"
        )
    if not isinstance(equation, str):
        raise TypeError(f"einsum(): argument 'equation' (position 1) must be str, not {type_name(equation)}")
    check_elements(operands, argument=1)
    groups, result = _parse(equation, tuple(operand.ndim for operand in operands))
    tensors = [
        _diagonals(tensor, group, place) for place, (tensor, group) in enumerate(zip(operands, groups, strict=True))
    ]
    _check_sizes(tensors)

    tensor, axes = tensors[0]
    for place, (other, other_axes) in enumerate(tensors[1:], start=1):
        later = set(result).union(*(a for _, a in tensors[place + 1 :]))
        tensor, axes = _contract(tensor, axes, other, other_axes, later)
    gone = [i for i, axis in enumerate(axes) if axis not in result]
    if gone:
        tensor = tensor.sum(gone)
        axes = [axis for axis in axes if axis in result]
    return tensor.permute([axes.index(axis) for axis in result])


def _of_lists(*args: Any) -> tuple[Any, ...]:
    """The equation, and then the operands, of operands that come with lists of axes."""

    def letter(axis: Any) -> str:
        if axis is Ellipsis:
            return DOTS
        if not (axis >= 0 and axis < len(LETTERS)):  # noqa: SIM300
            raise ValueError("einsum(): subscript in subscript list is not within the valid range [0, 52)")
        return LETTERS[index(axis)]

    groups = ["".join(map(letter, axes)) for axes in args[1::2]]
    if len(args) % 2:
        return ",".join(groups) + "->" + "".join(map(letter, args[-1])), *args[:-1:2]
    return ",".join(groups), *args[::2]


def _symbols(equation: str, start: int, end: int, where: str) -> Iterator[str]:
    """The letters, commas and ellipses of a part of an equation. `where` gets the number of commas so far."""
    commas, dotted, at = 0, False, start
    while at < end:
        symbol = equation[at]
        at += 1
        if symbol == " ":
            continue
        if symbol == ".":
            place = where.format(commas)
            if dotted:
                already = " but" if where == OUTPUT else " for which"
                shown = " (...)" if where == OUTPUT else ""
                raise RuntimeError(f"einsum(): found '.' for {place}{already} an ellipsis{shown} was already found")
            if equation[at : min(at + 2, end)] != "..":
                shown = " (...)" if where == OUTPUT else ""
                raise RuntimeError(f"einsum(): found '.' for {place} that is not part of any ellipsis{shown}")
            dotted, symbol, at = True, DOTS, at + 2
        elif symbol == "," and where != OUTPUT:
            commas, dotted = commas + 1, False
        elif symbol not in LETTERS:
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {at - 1} in the equation string, subscripts must be in "
                "[a-zA-Z]"
            )
        yield symbol


def _groups(equation: str, end: int, number: int) -> list[list[str]]:
    """The symbols of each of a number of operands."""
    groups: list[list[str]] = [[]]
    for symbol in _symbols(equation, 0, end, "operand {}"):
        if symbol != ",":
            groups[-1].append(symbol)
        elif len(groups) == number:
            raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
        else:
            groups.append([])
    if len(groups) < number:
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    return groups


@lru_cache(maxsize=256)
def _parse(equation: str, ndims: tuple[int, ...]) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """The axes of each operand and of the result. Axes behind an ellipsis are named by numbers, from the last."""
    arrow = equation.find("->")
    covered = 0
    parsed = []
    for place, group in enumerate(_groups(equation, arrow if arrow >= 0 else len(equation), len(ndims))):
        ndim = ndims[place]
        named = len(group) - group.count(DOTS)
        extra = ndim - named
        if extra < 0 and DOTS in group:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) is more than the number of dimensions "
                f"({ndim}) for operand {place}"
            )
        if extra != 0 and DOTS not in group:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions "
                f"({ndim}) for operand {place} and no ellipsis was given"
            )
        covered = max(covered, extra)
        parsed.append(tuple(axis for symbol in group for axis in (_numbers(extra) if symbol == DOTS else [symbol])))
    if arrow < 0:
        letters = [axis for group in parsed for axis in group if axis.isalpha()]
        once = sorted(axis for axis in set(letters) if letters.count(axis) == 1)
        return tuple(parsed), (*_numbers(covered), *once)
    result: list[str] = []
    for symbol in _symbols(equation, arrow + 2, len(equation), OUTPUT):
        if symbol in result:
            raise RuntimeError(f"einsum(): output subscript {symbol} appears more than once in the output")
        if symbol != DOTS and not any(symbol in group for group in parsed):
            raise RuntimeError(
                f"einsum(): output subscript {symbol} does not appear in the equation for any input operand"
            )
        result += _numbers(covered) if symbol == DOTS else [symbol]
    return tuple(parsed), tuple(result)


def _numbers(count: int) -> list[str]:
    return [str(i) for i in reversed(range(count))]


def _diagonals(tensor: Tensor, group: tuple[str, ...], place: int) -> tuple[Tensor, list[str]]:
    """The tensor with every axis named once: repeated names become diagonals."""
    axes = list(group)
    for axis in dict.fromkeys(axes):
        while axes.count(axis) > 1:
            first = axes.index(axis)
            second = axes.index(axis, first + 1)
            if tensor.shape[first] != tensor.shape[second]:
                raise RuntimeError(
                    f"einsum(): subscript {axis} is repeated for operand {place} but the sizes don't match, "
                    f"{tensor.shape[second]} != {tensor.shape[first]}"
                )
            tensor = tensor.diagonal(0, first, second)
            axes = [a for i, a in enumerate(axes) if i not in (first, second)] + [axis]
    return tensor, axes


def _check_sizes(tensors: list[tuple[Tensor, list[str]]]) -> None:
    sizes: dict[str, int] = {}
    for place, (tensor, axes) in enumerate(tensors):
        for axis, size in zip(axes, tensor.shape, strict=True):
            known = sizes.get(axis, 1)
            if known != size and known != 1 and size != 1:
                raise RuntimeError(
                    f"einsum(): subscript {axis} has size {size} for operand {place} which does not broadcast with "
                    f"previously seen size {known}"
                )
            sizes[axis] = max(known, size) if 0 not in (known, size) else 0


def _contract(a: Tensor, a_axes: list[str], b: Tensor, b_axes: list[str], later: set[str]) -> tuple[Tensor, list[str]]:
    """The product of two operands, summed over the axes that nothing later needs."""
    # Axes of one operand alone, which nothing later needs, are summed away at once.
    a, a_axes = _drop(a, a_axes, b_axes, later)
    b, b_axes = _drop(b, b_axes, a_axes, later)
    shared = [x for x in a_axes if x in b_axes]
    batch = [x for x in shared if x in later]
    summed = [x for x in shared if x not in later]
    left = [x for x in a_axes if x not in shared]
    right = [x for x in b_axes if x not in shared]
    sizes = {x: max(a.shape[a_axes.index(x)], b.shape[b_axes.index(x)]) for x in shared}
    sizes |= {x: a.shape[a_axes.index(x)] for x in left} | {x: b.shape[b_axes.index(x)] for x in right}

    def arrange(tensor: Tensor, axes: list[str], *groups: list[str]) -> Tensor:
        order = [x for group in groups for x in group]
        tensor = tensor.permute([axes.index(x) for x in order]).expand([sizes[x] for x in order])
        return tensor.reshape([math.prod(sizes[x] for x in group) for group in groups])

    product = arrange(a, a_axes, batch, left, summed).bmm(arrange(b, b_axes, batch, summed, right))
    axes = batch + left + right
    return product.reshape([sizes[x] for x in axes]), axes


def _drop(tensor: Tensor, axes: list[str], other_axes: list[str], later: set[str]) -> tuple[Tensor, list[str]]:
    gone = [i for i, axis in enumerate(axes) if axis not in later and axis not in other_axes]
    if gone:
        tensor = tensor.sum(gone)
        axes = [axis for i, axis in enumerate(axes) if i not in gone]
    return tensor, axes
