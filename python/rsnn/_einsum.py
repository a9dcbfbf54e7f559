"""`einsum`: sums of products, each pair of operands contracted by one batched matrix product."""

from __future__ import annotations

import math
from typing import Any

from ._C import Tensor


def einsum(equation: str, *operands: Any) -> Tensor:
    """The sum of products that an equation names.

    Args:
        equation: one group of letters for each operand, joined by commas, and after `->` the letters of the result. A
            letter that the result lacks is summed over; without `->` the result has the letters that occur once, in the
            order of the alphabet. `...` stands for further axes, which broadcast. A letter that occurs twice in a group takes
            the diagonal.
        operands: the tensors, one by one or as one sequence. They are contracted from left to right.

    Raises:
        RuntimeError: for equations that do not fit the operands.
        NotImplementedError: for the form with lists of axes instead of an equation.

    Example:
        >>> a, b = rsnn.ones(2, 3), rsnn.ones(3, 4)
        >>> rsnn.einsum("ij,jk->ik", a, b).shape
        rsnn.Size([2, 4])
    """
    if not isinstance(equation, str):
        raise NotImplementedError("einsum: the form with lists of axes is not supported; write an equation")
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    groups, result = _parse(equation.replace(" ", ""), operands)
    tensors = [_diagonals(tensor, group) for tensor, group in zip(operands, groups, strict=True)]
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


def _parse(equation: str, operands: tuple[Tensor, ...]) -> tuple[list[list[str]], list[str]]:
    """The axes of each operand and of the result. Axes behind an ellipsis are named by numbers, from the last."""
    left, arrow, right = equation.partition("->")
    groups = left.split(",")
    if not operands:
        raise RuntimeError("einsum(): must provide at least one operand")
    if len(groups) != len(operands):
        raise RuntimeError(
            f"einsum(): expected as many operands as groups in the equation, got {len(operands)} and {len(groups)}"
        )
    covered = 0
    parsed = []
    for place, (group, operand) in enumerate(zip(groups, operands, strict=True)):
        named = group.replace("...", "")
        if not all(c.isalpha() and c.isascii() for c in named) or group.count("...") > 1:
            raise RuntimeError(
                f"einsum(): invalid subscript given at operand {place}: {group!r}, expected letters [a-zA-Z]"
            )
        extra = operand.ndim - len(named)
        if extra < 0 or (extra > 0 and "..." not in group):
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(named)}) does not match the number of "
                f"dimensions ({operand.ndim}) for operand {place}" + (" and no ellipsis was given" if extra > 0 else "")
            )
        covered = max(covered, extra)
        before, _, after = group.partition("...")
        parsed.append([*before, *(str(i) for i in reversed(range(extra))), *after])
    ellipsis = [str(i) for i in reversed(range(covered))]
    if arrow:
        before, dots, after = right.partition("...")
        result = [*before, *(ellipsis if dots else []), *after]
    else:
        letters = [axis for group in parsed for axis in group if axis.isalpha()]
        result = ellipsis + sorted(axis for axis in set(letters) if letters.count(axis) == 1)
    for axis in result:
        if result.count(axis) > 1:
            raise RuntimeError(f"einsum(): output subscript {axis} appears more than once in the output")
        if not any(axis in group for group in parsed):
            raise RuntimeError(
                f"einsum(): output subscript {axis} does not appear in the equation for any input operand"
            )
    return parsed, result


def _diagonals(tensor: Tensor, axes: list[str]) -> tuple[Tensor, list[str]]:
    """The tensor with every axis named once: repeated names become diagonals."""
    axes = list(axes)
    for axis in dict.fromkeys(axes):
        while axes.count(axis) > 1:
            first = axes.index(axis)
            second = axes.index(axis, first + 1)
            if tensor.shape[first] != tensor.shape[second]:
                raise RuntimeError(
                    f"einsum(): subscript {axis} is repeated but the sizes, {tensor.shape[first]} and "
                    f"{tensor.shape[second]}, don't match"
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
