"""Ready-made parametrizations."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn.nn import functional as F
from rsnn.nn.modules.module import Module
from rsnn.nn.utils import parametrize
from rsnn.nn.utils._weight import matrix, norm_except_dim, output_axis, scaled

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def _tensor(module: Module, name: str) -> Any:
    weight = getattr(module, name, None)
    if not isinstance(weight, rsnn.Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Keeps a matrix orthogonal. Not supported.

    Raises:
        ValueError: for what is no tensor, or no matrix, or an unknown map.
        NotImplementedError: always otherwise.
    """
    weight = _tensor(module, name)
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map not in (None, "matrix_exp", "cayley", "householder"):
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    raise NotImplementedError("parametrizations.orthogonal is not supported")


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Any, weight_v: Any) -> Any:
        return scaled(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Any) -> tuple[Any, Any]:
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    r"""Splits a weight in norm and direction: :math:`w = g \, v / \lVert v \rVert`.

    Args:
        module: the module, which is returned.
        name: the name of the parameter; ``parametrizations.name.original0`` and ``.original1`` take its place.
        dim: the axis whose slices have norms of their own; ``None`` for one norm of all.

    Example:
        >>> m = nn.utils.parametrizations.weight_norm(nn.Linear(20, 40))
        >>> m.parametrizations.weight.original0.shape
        rsnn.Size([40, 1])
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def older_names(state_dict: Any, prefix: str, *_: Any) -> None:
        keys = [f"{prefix}{name}_g", f"{prefix}{name}_v"]
        if all(key in state_dict for key in keys):
            for i, key in enumerate(keys):
                state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(older_names)
    return module


class _SpectralNorm(Module):
    def __init__(self, weight: Any, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        rank = weight.ndim
        if not -rank <= dim < rank:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{rank}, {rank - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % rank
        self.eps = eps
        if rank > 1:
            self.n_power_iterations = n_power_iterations
            rows = matrix(weight, self.dim)
            u, v = (rows.new_empty(n).normal_(0, 1) for n in rows.shape)
            self.register_buffer("_u", F.normalize(u, dim=0, eps=eps))
            self.register_buffer("_v", F.normalize(v, dim=0, eps=eps))
            self._power_method(rows, 15)

    def _power_method(self, rows: Any, steps: int) -> None:
        with rsnn.no_grad():
            for _ in range(steps):
                self._u.copy_(F.normalize(rows.mv(self._v), dim=0, eps=self.eps))
                self._v.copy_(F.normalize(rows.t().mv(self._u), dim=0, eps=self.eps))

    def forward(self, weight: Any) -> Any:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        rows = matrix(weight, self.dim)
        if self.training:
            self._power_method(rows, self.n_power_iterations)
        # The next call changes the buffers; the gradient needs these values.
        u, v = self._u.clone(), self._v.clone()
        return weight / u.dot(rows.mv(v))

    def right_inverse(self, value: Any) -> Any:
        # Its norm may be anything.
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    r"""Divides a weight by an estimate of its largest singular value.

    Args:
        module: the module, which is returned.
        name: the name of the parameter.
        n_power_iterations: steps of the power method for each use in training.
        eps: the least norm to divide by.
        dim: the axis of the outputs; found out if ``None``.

    Raises:
        ValueError: for what is no tensor, or steps that are not positive.
        IndexError: for an axis out of range.

    Example:
        >>> m = nn.utils.parametrizations.spectral_norm(nn.Linear(20, 40))
        >>> m.weight.shape
        rsnn.Size([40, 20])
    """
    weight = _tensor(module, name)
    axis = output_axis(module) if dim is None else dim
    parametrize.register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, axis, eps))
    return module
