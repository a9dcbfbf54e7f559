"""Resizing of images and their like."""

from __future__ import annotations

from typing import Any

from rsnn.nn import functional as F
from rsnn.nn.modules.module import Module

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class Upsample(Module):
    r"""Resizes the axes behind batch and channels.

    Args:
        size: the new sizes, or one for all axes.
        scale_factor: the factors of the sizes, or one for all axes.
        mode: ``"nearest"``, ``"nearest-exact"``, ``"area"``, ``"linear"``, ``"bilinear"``, ``"bicubic"`` or
            ``"trilinear"``.
        align_corners: whether the centres of the outer pixels, rather than their outer edges, stay where they are.
        recompute_scale_factor: go by the quotient of the sizes instead of ``scale_factor``.

    Shape:
        - Input: ``(N, C, L)``, ``(N, C, H, W)`` or ``(N, C, D, H, W)``
        - Output: the same with other last sizes: ``size``, or the input's times ``scale_factor``, rounded down

    Example:
        >>> m = nn.Upsample(scale_factor=2, mode="bilinear")
        >>> m(rsnn.randn(1, 3, 4, 5)).shape
        rsnn.Size([1, 3, 8, 10])
    """

    __constants__ = ["size", "scale_factor", "mode", "align_corners", "name", "recompute_scale_factor"]

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        self.scale_factor: float | tuple[float, ...] | None
        if isinstance(scale_factor, tuple):
            self.scale_factor = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Any) -> Any:
        return F.interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            recompute_scale_factor=self.recompute_scale_factor,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        state.setdefault("recompute_scale_factor", True)
        super().__setstate__(state)

    def extra_repr(self) -> str:
        what = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{what}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    r"""Resizes images by taking the nearest pixels.

    Args:
        size: the new height and width, or one for both.
        scale_factor: the factors of height and width, or one for both.

    Shape:
        - Input: ``(N, C, H, W)``
        - Output: as of :class:`Upsample`

    Example:
        >>> nn.UpsamplingNearest2d(scale_factor=2)(rsnn.tensor([[[[1.0, 2.0]]]]))
        tensor([[[[1., 1., 2., 2.],
                  [1., 1., 2., 2.]]]])
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    r"""Resizes images by straight lines between pixels, the centres of the outer ones staying where they are.

    Args:
        size: the new height and width, or one for both.
        scale_factor: the factors of height and width, or one for both.

    Shape:
        - Input: ``(N, C, H, W)``
        - Output: as of :class:`Upsample`

    Example:
        >>> nn.UpsamplingBilinear2d(size=(1, 3))(rsnn.tensor([[[[1.0, 2.0]]]]))
        tensor([[[[1.0000, 1.5000, 2.0000]]]])
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
