"""The result types of the stub are of the same kind as those of PyTorch's own stub, where PyTorch is installed."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

import rsnn

#: PyTorch's names for kinds of results.
NAMES = {
    "_bool": "bool",
    "_int": "int",
    "_int | SymInt": "int",
    "_float": "float",
    "Sequence": "tuple",
    "list": "tuple",
}
#: Where PyTorch's stub says less than is true, or names a kind differently.
KNOWN = {"item", "tolist", "__eq__", "__ne__", "__deepcopy__", "__dlpack__", "__dlpack_device__", "type", "to", "set_"}


def results(path: Path, owner: str) -> dict[str, set[str]]:
    """The kinds of results of a class's methods: `tuple` for `tuple[Tensor, ...]`."""
    found = defaultdict(set)
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name == owner:
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and member.returns is not None:
                    text = ast.unparse(member.returns).replace("torch.", "").replace("builtins.", "")
                    kind = text.partition("[")[0]
                    found[member.name].add(NAMES.get(kind, kind))
    return found


def test_results_are_of_the_kinds_of_pytorchs(torch: Any) -> None:
    assert torch.__file__ is not None and rsnn.__file__ is not None
    ours = results(Path(rsnn.__file__).with_name("_C.pyi"), "Tensor")
    theirs = results(Path(torch.__file__).parent / "_C" / "__init__.pyi", "TensorBase")
    wrong = {
        name: (ours[name], theirs[name])
        for name in ours.keys() & theirs.keys() - KNOWN
        if ours[name] != theirs[name] and theirs[name] != {"Any"} and "numpy.ndarray" not in theirs[name]
    }
    assert not wrong


@pytest.mark.parametrize("name", ["equal", "max", "size", "shape"])
def test_kinds_are_read(name: str) -> None:
    assert rsnn.__file__ is not None
    found = results(Path(rsnn.__file__).with_name("_C.pyi"), "Tensor")
    expected = {"equal": {"bool"}, "max": {"Tensor", "return_types.max"}, "size": {"Size", "int"}, "shape": {"Size"}}
    assert found[name] == expected[name]
