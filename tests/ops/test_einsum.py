"""`einsum`: operands with lists of axes, and what is wrong with equations and operands."""

from __future__ import annotations

import re

import numpy as np
import pytest

import rsnn
from helpers import check_op

try:
    import torch
except ImportError:
    torch = None

MISSING = "einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts list"
RANGE = "einsum(): subscript in subscript list is not within the valid range [0, 52)"


def letter(index):
    """What is said of a character that is no letter."""
    return f"einsum(): invalid subscript given at index {index} in the equation string, subscripts must be in [a-zA-Z]"


#: Arguments, with `x` for a vector of three and `m` for a matrix of two rows and three columns, and their error.
MISTAKES = [
    (lambda x, m: (), ValueError, MISSING),
    (lambda x, m: ("i",), ValueError, MISSING),
    (lambda x, m: (x,), ValueError, MISSING),
    (lambda x, m: ("i", []), ValueError, MISSING),
    (lambda x, m: (5, x), TypeError, "einsum(): argument 'equation' (position 1) must be str, not int"),
    (lambda x, m: (None, x), TypeError, "einsum(): argument 'equation' (position 1) must be str, not NoneType"),
    (lambda x, m: ([x], "i"), TypeError, "einsum(): argument 'equation' (position 1) must be str, not list"),
    (lambda x, m: ("i", 5), TypeError, "expected Tensor as element 0 in argument 1, but got int"),
    (lambda x, m: ("i,i", x, None), TypeError, "expected Tensor as element 1 in argument 1, but got NoneType"),
    (lambda x, m: ("i,i", [x, 1.5]), TypeError, "expected Tensor as element 1 in argument 1, but got float"),
    (lambda x, m: ("i", np.ones(3)), TypeError, "expected Tensor as element 0 in argument 1, but got numpy.ndarray"),
    (lambda x, m: (x, [0.5]), TypeError, "'float' object cannot be interpreted as an integer"),
    (lambda x, m: (x, ["a"]), TypeError, "'>=' not supported between instances of 'str' and 'int'"),
    (lambda x, m: (x, 5), TypeError, "'int' object is not iterable"),
    (lambda x, m: (x, [52]), ValueError, RANGE),
    (lambda x, m: (x, [-1]), ValueError, RANGE),
    (lambda x, m: ("i,i->", x), RuntimeError, "einsum(): fewer operands were provided than specified in the equation"),
    (lambda x, m: ("i->", x, x), RuntimeError, "einsum(): more operands were provided than specified in the equation"),
    (lambda x, m: ("i!->", x), RuntimeError, letter(1)),
    (lambda x, m: ("i-", x), RuntimeError, letter(1)),
    (lambda x, m: ("i ,\u00e9->", x, x), RuntimeError, letter(3)),
    (lambda x, m: ("i->->", x), RuntimeError, letter(3)),
    (lambda x, m: ("i -> i,", x), RuntimeError, letter(6)),
    (lambda x, m: ("i..->", x), RuntimeError, "einsum(): found '.' for operand 0 that is not part of any ellipsis"),
    (
        lambda x, m: ("i,. ..i", x, x),
        RuntimeError,
        "einsum(): found '.' for operand 1 that is not part of any ellipsis",
    ),
    (
        lambda x, m: ("i,......", x, x),
        RuntimeError,
        "einsum(): found '.' for operand 1 for which an ellipsis was already found",
    ),
    (lambda x, m: ("i->i..", x), RuntimeError, "einsum(): found '.' for output that is not part of any ellipsis (...)"),
    (
        lambda x, m: ("i->......", x),
        RuntimeError,
        "einsum(): found '.' for output but an ellipsis (...) was already found",
    ),
    (
        lambda x, m: ("i,ij", x, x),
        RuntimeError,
        "einsum(): the number of subscripts in the equation (2) does not match the number of dimensions (1) for operand 1 "
        "and no ellipsis was given",
    ),
    (
        lambda x, m: ("i", m),
        RuntimeError,
        "einsum(): the number of subscripts in the equation (1) does not match the number of dimensions (2) for operand 0 "
        "and no ellipsis was given",
    ),
    (
        lambda x, m: ("ij...", x),
        RuntimeError,
        "einsum(): the number of subscripts in the equation (2) is more than the number of dimensions (1) for operand 0",
    ),
    (
        lambda x, m: ("i,jj", x, m),
        RuntimeError,
        "einsum(): subscript j is repeated for operand 1 but the sizes don't match, 3 != 2",
    ),
    (lambda x, m: ("i->ii", x), RuntimeError, "einsum(): output subscript i appears more than once in the output"),
    (
        lambda x, m: ("i->j", x),
        RuntimeError,
        "einsum(): output subscript j does not appear in the equation for any input operand",
    ),
    (
        lambda x, m: ("i,ij", x, m),
        RuntimeError,
        "einsum(): subscript i has size 2 for operand 1 which does not broadcast with previously seen size 3",
    ),
]


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes(number):
    arguments, error, text = MISTAKES[number]
    for lib in (rsnn, torch):
        if lib is not None:
            with pytest.raises(error, match=re.escape(text) + "$") as caught:
                lib.einsum(*arguments(lib.ones(3), lib.ones(2, 3)))
            assert caught.type is error


@pytest.mark.parametrize(
    ("shapes", "lists"),
    [
        ([(2, 3), (3, 4)], [[0, 1], [1, 2], [0, 2]]),
        ([(2, 3), (3, 4)], [[0, 1], [1, 2]]),
        ([(2, 3)], [[26, 25]]),
        ([(2, 3), (3,)], [[51, 0], (0,), []]),
        ([(4, 2, 3), (3, 5)], [[..., 0, 1], [1, 2], [0, ..., 2]]),
        ([(3, 3)], [[7, 7], [7]]),
    ],
)
def test_lists_of_axes(shapes, lists):
    def call(lib, *operands):
        result = lists[len(operands) :]
        return lib.einsum(*(part for pair in zip(operands, lists, strict=False) for part in pair), *result)

    check_op(call, *shapes)


@pytest.mark.parametrize("equation", [" i j , j k -> i k ", "ij,jk", "i j,jk->..."])
def test_spaces_and_empty_ellipses(equation):
    check_op(lambda lib, *x: lib.einsum(equation, *x), (2, 3), (3, 4))
