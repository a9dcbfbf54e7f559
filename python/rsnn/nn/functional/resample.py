"""Images resized, and read at the places of a grid."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any

import rsnn
from rsnn import _C
from rsnn.nn.functional.pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

__all__ = [
    "affine_grid",
    "grid_sample",
    "interpolate",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]

_PLAIN = ("nearest", "area", "nearest-exact")
#: The filter and the rank of the input that a mode needs.
_MODES = {"linear": ("linear", 3), "bilinear": ("linear", 4), "trilinear": ("linear", 5), "bicubic": ("cubic", 4)}
_AREA = {3: adaptive_avg_pool1d, 4: adaptive_avg_pool2d, 5: adaptive_avg_pool3d}


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """Resizes the axes behind batch and channels. See :class:`rsnn.nn.Upsample`.

    Args:
        input: ``(N, C, L)``, ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        size: the new sizes, or one for all axes.
        scale_factor: the factors of the sizes, or one for all axes.
        mode: ``"nearest"``, ``"nearest-exact"``, ``"area"``, or by the number of axes ``"linear"``, ``"bilinear"``,
            ``"bicubic"``, ``"trilinear"``, ``"lanczos"``.
        align_corners: whether the centres of the outer pixels, rather than their outer edges, stay where they are.
        recompute_scale_factor: go by the quotient of the sizes instead of ``scale_factor``.
        antialias: whether smaller images are averages over all that a pixel covers (``"bilinear"``, ``"bicubic"``,
            ``"lanczos"``).

    Raises:
        ValueError: for arguments that do not go together, or too few sizes or factors.
        TypeError: for sizes that are not integers.
        RuntimeError: for sizes of zero.
        NotImplementedError: for a mode that does not fit the rank, or integers.

    Example:
        >>> F.interpolate(rsnn.tensor([[[0.0, 2.0]]]), scale_factor=2, mode="linear")
        tensor([[[0.0000, 0.5000, 1.5000, 2.0000]]])
    """
    if mode in _PLAIN and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    sizes, factors = _sizes(input, size, scale_factor)
    if recompute_scale_factor and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if factors is not None:
        sizes = [int(n * factor) for n, factor in zip(input.shape[2:], factors, strict=True)]
        if recompute_scale_factor or mode == "area":
            factors = None
    rank = input.dim()
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and rank == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )
    if rank in _AREA:
        if mode == "area":
            return _AREA[rank](input, sizes)
        if mode in _PLAIN:
            return _C._interpolate(input, sizes, mode, False, factors)
        if mode == "lanczos" and rank == 4:
            if align_corners:
                raise ValueError("Lanczos mode does not support align_corners=True")
            if not antialias:
                raise ValueError("Lanczos mode requires antialias=True")
            return _C._interpolate(input, sizes, "lanczos", False, factors, True)
        name, wanted = _MODES.get(mode, ("", 0))
        if wanted == rank:
            return _C._interpolate(input, sizes, name, bool(align_corners), factors, antialias)
        if name == "linear":
            raise NotImplementedError(f"Got {rank}D input, but {mode} mode needs {wanted}D input")
    raise NotImplementedError(
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {rank}D) for the modes: nearest | linear | "
        f"bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got {mode})"
    )


def _sizes(input: Any, size: Any, scale_factor: Any) -> tuple[Any, Any]:
    """The sizes or the factors of all axes, whichever is given."""
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    rank = input.dim() - 2
    given = size if scale_factor is None else scale_factor
    if isinstance(given, (list, tuple)) and len(given) != rank:
        spatial = list(input.shape[2:])
        if size is not None:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input with spatial "
                f"dimensions of {spatial} and output size of {size}. Please provide input tensor in (N, C, d1, d2, "
                "...,dK) format and output size in (o1, o2, ...,oK) format."
            )
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial "
            f"dimensions of {spatial} and scale_factor of shape {scale_factor}. Please provide input tensor in (N, C, "
            "d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
    each = list(given) if isinstance(given, (list, tuple)) else [given] * rank
    if scale_factor is not None:
        if not all(isinstance(factor, (Real, rsnn.Tensor)) for factor in each):
            raise TypeError(
                "expected scale_factor to be a number or a tuple of numbers, "
                f"but got scale_factor with types {[type(factor) for factor in each]}"
            )
        return None, [float(factor) for factor in each]
    if not all(isinstance(n, Integral) for n in each):
        raise TypeError(
            "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], "
            f"but got size with types {[type(n) for n in each]}"
        )
    return each, None


def upsample(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Any:
    """:func:`interpolate` under its old name; warns."""
    warnings.warn("`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2)
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """:func:`interpolate` with ``mode="nearest"`` under its old name; warns."""
    warnings.warn(
        "`nn.functional.upsample_nearest` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2
    )
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """:func:`interpolate` with ``mode="bilinear", align_corners=True`` under its old name; warns."""
    warnings.warn(
        "`nn.functional.upsample_bilinear` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2
    )
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


_BETWEEN = {"bilinear": 0, "nearest": 1, "bicubic": 2}
_OUTSIDE = {"zeros": 0, "border": 1, "reflection": 2}


def _aligned(align_corners: bool | None) -> bool:
    if align_corners is None:
        warnings.warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please "
            "specify align_corners=True if the old behavior is desired. See the documentation of grid_sample for "
            "details.",
            stacklevel=3,
        )
    return bool(align_corners)


def grid_sample(
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Any:
    """Reads images at the places of a grid.

    Args:
        input: ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        grid: ``(N, Ho, Wo, 2)`` or ``(N, Do, Ho, Wo, 3)``: coordinates ``(x, y)`` or ``(x, y, z)``, of which -1 and 1
            are the ends of the image.
        mode: ``"bilinear"``, ``"nearest"``, or for 4-D inputs ``"bicubic"``.
        padding_mode: what lies outside: ``"zeros"``, ``"border"`` or ``"reflection"``.
        align_corners: whether -1 and 1 are the centres of the outer pixels rather than their outer edges.

    Returns:
        ``(N, C, Ho, Wo)`` or ``(N, C, Do, Ho, Wo)``. Its gradient has no derivative.

    Raises:
        ValueError: for unknown modes.
        RuntimeError: where ranks, sizes or dtypes do not fit.

    Example:
        >>> grid = F.affine_grid(rsnn.eye(2, 3).unsqueeze(0), (1, 1, 2, 2), align_corners=False)
        >>> F.grid_sample(rsnn.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), grid, align_corners=False)
        tensor([[[[1., 2.],
                  [3., 4.]]]])
    """
    if mode not in _BETWEEN:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in _OUTSIDE:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', "
            f"but got: '{padding_mode}'"
        )
    return _C._grid_sampler(input, grid, _BETWEEN[mode], _OUTSIDE[padding_mode], _aligned(align_corners))


def affine_grid(theta: Any, size: Any, align_corners: bool | None = None) -> Any:
    """The grid of an affine map, for :func:`grid_sample`.

    Args:
        theta: the maps, ``(N, 2, 3)`` or ``(N, 3, 4)``.
        size: the size of the images to make, ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        align_corners: as of :func:`grid_sample`.

    Returns:
        ``(N, H, W, 2)`` or ``(N, D, H, W, 3)``.

    Raises:
        ValueError: for integers, and where sizes do not fit.
        NotImplementedError: for a ``size`` of another length.

    Example:
        >>> F.affine_grid(rsnn.eye(2, 3).unsqueeze(0), (1, 1, 1, 2), align_corners=False)
        tensor([[[[-0.5000,  0.0000],
                  [ 0.5000,  0.0000]]]])
    """
    align_corners = _aligned(align_corners)
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    rank = len(size) - 2
    if rank not in (2, 3):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. "
            f"Got size {size}."
        )
    if theta.dim() != 3 or tuple(theta.shape[1:]) != (rank, rank + 1):
        raise ValueError(
            f"Expected a batch of {rank}D affine matrices of shape Nx{rank}x{rank + 1} for size {size}. "
            f"Got {theta.shape}."
        )
    if align_corners and min(size[2:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This "
            "is not an intended use case of affine_grid. See the documentation of affine_grid for details.",
            stacklevel=2,
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    if theta.size(0) != size[0]:
        raise RuntimeError(
            f"affine_grid: expected as many matrices as images, {size[0]}, got {theta.size(0)} (size {size})"
        )
    spatial = list(size[2:])
    ones = rsnn.ones(spatial, dtype=theta.dtype)
    coordinates = [ones]
    for axis, n in enumerate(spatial):
        line = rsnn.linspace(-1, 1, n, dtype=theta.dtype) if n > 1 else rsnn.zeros(n, dtype=theta.dtype)
        if not align_corners and n > 1:
            line = line * ((n - 1) / n)
        shape = [1] * rank
        shape[axis] = n
        coordinates.insert(0, ones * line.view(shape))
    base = rsnn.stack(coordinates, -1).view(1, -1, rank + 1)
    return (base @ theta.transpose(1, 2)).view(size[0], *spatial, rank)
