"""The default generator: seeds, states, and a block that leaves it as it was.

Every name here but :func:`fork_rng` is also one of ``rsnn`` itself.

Example:
    >>> import rsnn
    >>> generator = rsnn.manual_seed(0)
    >>> rsnn.rand(2)
    tensor([0.4963, 0.7682])
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rsnn._C import Generator, Tensor, default_generator

__all__ = ["fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state"]


def manual_seed(seed: int) -> Generator:
    """Starts the default generator's stream of a seed, and returns the generator.

    Args:
        seed: an integer of ``[-2**63, 2**64)``; a negative one counts from ``2**64`` down.

    Raises:
        ValueError: for an integer out of range.
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Starts a stream of the default generator that nobody can foresee, and returns its seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that started the stream of the default generator."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the default generator, a ``uint8`` tensor that PyTorch understands too."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Takes over a state that :func:`get_rng_state` gave, here or in PyTorch.

    Raises:
        TypeError: if it is no ``uint8`` tensor.
        RuntimeError: if it is not the state of a generator.
    """
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(enabled: bool = True) -> Iterator[None]:
    """A block after which the default generator goes on as if the block had drawn nothing.

    Args:
        enabled: whether it does; ``False`` makes the block an ordinary one.

    Example:
        >>> import rsnn
        >>> with rsnn.random.fork_rng():
        ...     noise = rsnn.rand(3)
    """
    state = get_rng_state() if enabled else None
    try:
        yield
    finally:
        if state is not None:
            set_rng_state(state)
