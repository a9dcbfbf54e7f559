"""Pruning of a module's parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import rsnn
from rsnn.nn.utils.convert_parameters import parameters_to_vector
from rsnn.nn.utils.prune.base import BasePruningMethod, PruningContainer
from rsnn.nn.utils.prune.methods import (
    CustomFromMask,
    Identity,
    L1Unstructured,
    LnStructured,
    RandomStructured,
    RandomUnstructured,
)

__all__ = [
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]


def identity(module: Any, name: str) -> Any:
    """Makes a parameter ready for pruning without pruning anything. Returns the module."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Any, name: str, amount: Any) -> Any:
    """Prunes elements at random.

    Args:
        module: the module, which is returned.
        name: the name of the parameter; ``name_orig`` and the buffer ``name_mask`` take its place.
        amount: how many (int), or which part of them (float).

    Raises:
        TypeError, ValueError: for an amount that is no number, negative or too large.

    Example:
        >>> m = nn.utils.prune.random_unstructured(nn.Linear(2, 3), "weight", amount=1)
        >>> int(m.weight_mask.sum())
        5
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Any, name: str, amount: Any, importance_scores: Any = None) -> Any:
    """Prunes the elements of the least magnitudes, or scores. For the rest see :func:`random_unstructured`."""
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Any, name: str, amount: Any, dim: int) -> Any:
    """Prunes slices along an axis at random. For the rest see :func:`random_unstructured`."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module: Any, name: str, amount: Any, n: Any, dim: int, importance_scores: Any = None) -> Any:
    """Prunes the slices along an axis of the least ``n``-norms. For the rest see :func:`random_unstructured`."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Any, name: str, mask: Any) -> Any:
    """Prunes what a mask of zeros and ones says. For the rest see :func:`random_unstructured`."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(parameters: Any, pruning_method: Any, importance_scores: Any = None, **kwargs: Any) -> None:
    """Prunes elements of several parameters, compared with one another.

    Args:
        parameters: pairs of a module and the name of a parameter.
        pruning_method: a class of unstructured pruning.
        importance_scores: a dictionary of scores for these pairs; the values of those that it lacks.
        kwargs: for the class, such as ``amount``.

    Raises:
        TypeError: for parameters that are no sequence, scores that are no dictionary, or another kind of pruning.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    importance_scores = {} if importance_scores is None else importance_scores
    if not isinstance(importance_scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    pairs = [(module, name, getattr(module, name)) for module, name in parameters]
    scores = parameters_to_vector([importance_scores.get((module, name), value) for module, name, value in pairs])
    masks = [getattr(module, f"{name}_mask", rsnn.ones_like(value)) for module, name, value in pairs]
    container = PruningContainer()
    container._tensor_name = "temp"
    method = pruning_method(**kwargs)
    method._tensor_name = "temp"
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. '
            f"Found method {pruning_method} of type {method.PRUNING_TYPE}"
        )
    container.add_pruning_method(method)
    final = container.compute_mask(scores.detach(), parameters_to_vector(masks).detach())
    start = 0
    for module, name, value in pairs:
        custom_from_mask(module, name, mask=final[start : start + value.numel()].view_as(value))
        start += value.numel()


def remove(module: Any, name: str) -> Any:
    """Makes a pruned parameter an ordinary one. Returns the module.

    Raises:
        ValueError: if it is not pruned.
    """
    for key, hook in list(module._forward_pre_hooks.items()):
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module: Any) -> bool:
    """Whether the module or one in it is pruned."""
    return any(
        isinstance(hook, BasePruningMethod) for each in module.modules() for hook in each._forward_pre_hooks.values()
    )
