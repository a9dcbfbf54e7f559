"""Weights divided by their largest singular value, by a hook (the older way; see `parametrizations.spectral_norm`)."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn.nn import functional as F
from rsnn.nn.parameter import Parameter, is_lazy
from rsnn.nn.utils._weight import matrix, output_axis

__all__ = [
    "SpectralNorm",
    "SpectralNormLoadStateDictPreHook",
    "SpectralNormStateDictHook",
    "remove_spectral_norm",
    "spectral_norm",
]


class SpectralNorm:
    """The hook that computes a weight before every call, and in training comes nearer to its singular vectors.

    Args:
        name: the name of the parameter.
        n_power_iterations: steps of the power method for each call.
        dim: the axis of the outputs.
        eps: the least norm to divide by.
    """

    _version: int = 1

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.dim = dim
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def reshape_weight_to_matrix(self, weight: Any) -> Any:
        """The weight as a matrix with the axis ``dim`` as its rows."""
        return matrix(weight, self.dim)

    def compute_weight(self, module: Any, do_power_iteration: bool) -> Any:
        """The weight over its largest singular value."""
        weight = getattr(module, f"{self.name}_orig")
        u, v = getattr(module, f"{self.name}_u"), getattr(module, f"{self.name}_v")
        rows = matrix(weight, self.dim)
        if do_power_iteration:
            with rsnn.no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(rows.t().mv(u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(rows.mv(v), dim=0, eps=self.eps))
                # The next call changes the buffers; the gradient needs these values.
                u, v = u.clone(), v.clone()
        return weight / u.dot(rows.mv(v))

    def remove(self, module: Any) -> None:
        """Makes the weight a parameter again."""
        with rsnn.no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for suffix in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + suffix)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))

    @staticmethod
    def apply(module: Any, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        """Registers the hook and its buffers."""
        if any(isinstance(hook, SpectralNorm) and hook.name == name for hook in module._forward_pre_hooks.values()):
            raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        hook = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the dummy "
                "forward before applying spectral normalization"
            )
        with rsnn.no_grad():
            height, width = matrix(weight, dim).shape
            u = F.normalize(weight.new_empty(height).normal_(0, 1), dim=0, eps=eps)
            v = F.normalize(weight.new_empty(width).normal_(0, 1), dim=0, eps=eps)
        delattr(module, name)
        module.register_parameter(f"{name}_orig", weight)
        # A plain attribute; the hook replaces it before every call.
        setattr(module, name, weight.data)
        module.register_buffer(f"{name}_u", u)
        module.register_buffer(f"{name}_v", v)
        module.register_forward_pre_hook(hook)
        module._register_state_dict_hook(SpectralNormStateDictHook(hook))
        module._register_load_state_dict_pre_hook(SpectralNormLoadStateDictPreHook(hook))
        return hook


class SpectralNormLoadStateDictPreHook:
    """Refuses states of versions before 1, which rsnn does not convert."""

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(self, state_dict: Any, prefix: str, local_metadata: Any, *_: Any) -> None:
        version = local_metadata.get("spectral_norm", {}).get(f"{self.fn.name}.version")
        key = prefix + self.fn.name
        if (version is None or version < 1) and key in state_dict and f"{key}_v" not in state_dict:
            raise NotImplementedError(
                f"spectral_norm: the state of '{key}' was written by a version before 1, which is not supported"
            )


class SpectralNormStateDictHook:
    """Notes the version in the metadata of a state."""

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(self, module: Any, state_dict: Any, prefix: str, local_metadata: Any) -> None:
        versions = local_metadata.setdefault("spectral_norm", {})
        key = f"{self.fn.name}.version"
        if key in versions:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {key}")
        versions[key] = self.fn._version


def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    r"""Divides a weight by an estimate of its largest singular value.

    Args:
        module: the module, which is returned.
        name: the name of the parameter; ``name_orig`` takes its place.
        n_power_iterations: steps of the power method for each call in training.
        eps: the least norm to divide by.
        dim: the axis of the outputs; found out if ``None``.

    Raises:
        RuntimeError: if the parameter has such a hook.
        ValueError: for a parameter that is ``None`` or waits for its sizes, or steps that are not positive.

    Example:
        >>> nn.utils.spectral_norm(nn.Linear(20, 40)).weight_u.shape
        rsnn.Size([40])
    """
    SpectralNorm.apply(module, name, n_power_iterations, output_axis(module) if dim is None else dim, eps)
    return module


def remove_spectral_norm(module: Any, name: str = "weight") -> Any:
    """Undoes :func:`spectral_norm`.

    Raises:
        ValueError: if there is nothing to undo.
    """
    for key, hook in list(module._forward_pre_hooks.items()):
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            break
    else:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    for table, kind in (
        (module._state_dict_hooks, SpectralNormStateDictHook),
        (module._load_state_dict_pre_hooks, SpectralNormLoadStateDictPreHook),
    ):
        for key, hook in list(table.items()):
            # Modules wrap hooks that they call with themselves.
            inner = getattr(hook, "hook", hook)
            if isinstance(inner, kind) and inner.fn.name == name:
                del table[key]
                break
    return module
