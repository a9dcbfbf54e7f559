"""Moving channels and places of images."""

from __future__ import annotations

from rsnn._C import Tensor
from rsnn._expected import check_tensors

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Spreads groups of ``upscale_factor ** 2`` channels over squares of places. See :class:`rsnn.nn.PixelShuffle`.

    Raises:
        RuntimeError: for less than three axes, a factor that is not positive, or channels that it does not divide.

    Example:
        >>> F.pixel_shuffle(rsnn.randn(1, 9, 4, 4), 3).shape
        rsnn.Size([1, 1, 12, 12])
    """
    check_tensors("pixel_shuffle", input=input)
    r = upscale_factor
    if input.dim() < 3:
        raise RuntimeError(f"pixel_shuffle expects input to have at least 3 dimensions, but got {input.dim()}")
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    *lead, channels, height, width = input.shape
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={channels} is not divisible by {r * r}"
        )
    n = len(lead)
    squares = input.reshape(*lead, channels // (r * r), r, r, height, width)
    order = [*range(n), n, n + 3, n + 1, n + 4, n + 2]
    return squares.permute(*order).reshape(*lead, channels // (r * r), height * r, width * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Gathers squares of places into channels. See :class:`rsnn.nn.PixelUnshuffle`.

    Raises:
        RuntimeError: for less than three axes, a factor that is not positive, or sizes that it does not divide.

    Example:
        >>> F.pixel_unshuffle(rsnn.randn(1, 1, 12, 12), 3).shape
        rsnn.Size([1, 9, 4, 4])
    """
    check_tensors("pixel_unshuffle", input=input)
    r = downscale_factor
    if input.dim() < 3:
        raise RuntimeError(f"pixel_unshuffle expects input to have at least 3 dimensions, but got {input.dim()}")
    if r <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    *lead, channels, height, width = input.shape
    for name, place, size in (("height", -2, height), ("width", -1, width)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but input.size({place})={size} "
                f"is not divisible by {r}"
            )
    n = len(lead)
    squares = input.reshape(*lead, channels, height // r, r, width // r, r)
    order = [*range(n), n, n + 2, n + 4, n + 1, n + 3]
    return squares.permute(*order).reshape(*lead, channels * r * r, height // r, width // r)


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Deals the channels of groups out in turn. See :class:`rsnn.nn.ChannelShuffle`.

    Raises:
        RuntimeError: for less than three axes, a number of groups that is not positive or does not divide the channels.

    Example:
        >>> F.channel_shuffle(rsnn.arange(4.0).reshape(1, 4, 1), 2).flatten()
        tensor([0., 2., 1., 3.])
    """
    check_tensors("channel_shuffle", input=input)
    if input.dim() < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input.shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    batch, channels, *rest = input.shape
    if channels % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups."
        )
    split = input.reshape(batch, groups, channels // groups, *rest)
    return split.transpose(1, 2).reshape(input.shape)
