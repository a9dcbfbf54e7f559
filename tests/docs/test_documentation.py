"""Every public class and function says what it is; every layer says what it takes, of which shape, with an example."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path

import pytest

import rsnn
import rsnn.nn as nn
from rsnn import _C

sys.path.insert(0, str(Path(__file__).parent))
from documented import documented, is_public  # noqa: E402

#: Members that everybody knows.
PLAIN = {"forward", "extra_repr", "reset_parameters", "state_dict", "load_state_dict", "step", "get_lr", "jvp", "vjp"}

DOCUMENTED = documented()
LAYERS = {
    name: value
    for name, value in vars(nn).items()
    if inspect.isclass(value) and issubclass(value, nn.Module) and value is not nn.Module
}


def test_every_public_name_is_documented():
    silent = [
        name
        for name, value in DOCUMENTED.items()
        if is_public(name.replace("rsnn._C.", ""))
        and name.rpartition(".")[2] not in PLAIN
        and not inspect.getdoc(value)
    ]
    assert not silent


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_says_what_it_takes(name):
    text = inspect.getdoc(LAYERS[name]) or ""
    takes_something = list(inspect.signature(LAYERS[name]).parameters) not in ([], ["args", "kwargs"])
    assert "Example:" in text and ">>>" in text
    assert "Args:" in text or not takes_something
    holds_others = name in {"Container", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"}
    assert holds_others or "Shape:" in text


def test_every_native_name_is_shown_or_private():
    """People get to see what the packages show; the native module has nothing else without an underscore."""
    packages = (rsnn, nn, nn.functional, rsnn.autograd.graph, nn.modules.module, rsnn.utils.hooks)
    shown = {name for package in packages for name in vars(package)}
    hidden = {"HookOptions", "HookTable", "ModuleIterator", "NameSet", "Registry"}
    names = {name for name in vars(_C) if not name.startswith("_")}
    assert names - shown == hidden


@pytest.mark.parametrize("package", ["", ".nn", ".nn.functional", ".nn.init", ".optim", ".utils.data", ".autograd"])
def test_packages_show_what_pytorchs_show(package, torch):
    """A name that PyTorch has not is private, a module, or of this short list."""
    ours, theirs = importlib.import_module("rsnn" + package), importlib.import_module("torch" + package)
    own = {"summary", "annotations", "Any", "TYPE_CHECKING", "WorkerInfo"}
    own |= {"memory_stats", "reset_peak_memory_stats", "empty_cache"}
    more = {name for name, value in vars(ours).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert {name for name in more if not hasattr(theirs, name)} <= own


def test_signatures_show_their_defaults():
    """`help(rsnn.Tensor.sort)` says `dim=-1`, not `dim=...`."""
    hidden = []
    for name, value in DOCUMENTED.items():
        value = getattr(value, "__func__", value)
        if inspect.isbuiltin(value) or inspect.ismethoddescriptor(value):
            try:
                parameters = inspect.signature(value).parameters.values()
            except ValueError:
                continue
            hidden += [f"{name}({parameter.name})" for parameter in parameters if parameter.default is ...]
    assert not hidden
