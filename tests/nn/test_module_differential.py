"""Random programs on trees of modules, run with rsnn and with live PyTorch. After each operation everything that can be
seen of every module must be the same, error texts and what hooks were given included. Without PyTorch, what must hold of
every module: walks agree with each other and with the tables, copies and saved states with what they were made of.

``RSNN_PROGRAMS=10000 pytest tests/nn/test_module_differential.py`` runs more of them; a failure prints its seed, and
``RSNN_PROGRAM=seed`` runs that one, ``RSNN_PROGRAM=5000:10000`` a part of them. A program that hangs fails.
"""

from __future__ import annotations

import copy
import os
import random
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import rsnn
from nn.differential import containers as containers
from nn.differential.operations import OPERATIONS, make
from nn.differential.world import World

STEPS = 20
PROGRAMS = int(os.environ.get("RSNN_PROGRAMS", "120"))
#: Seconds of computing, and of waiting, that a program may take; one takes some hundredths.
PATIENCE = (60, 900)


class Hang(BaseException):
    """A program that does not end. No exception that a program could take for the outcome of an operation."""


@contextmanager
def bounded(seconds: tuple[float, float]) -> Iterator[None]:
    """Raises `Hang` in what takes too long, where the system has timers. Other work on the machine does not count."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise Hang

    timers = [(signal.ITIMER_VIRTUAL, signal.SIGVTALRM), (signal.ITIMER_REAL, signal.SIGALRM)]
    before = [signal.signal(number, stop) for _, number in timers]
    try:
        for (timer, _), limit in zip(timers, seconds, strict=True):
            signal.setitimer(timer, limit)
        yield
    finally:
        for (timer, number), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


def chosen() -> range:
    """The seeds to run."""
    first, _, end = os.environ.get("RSNN_PROGRAM", "").partition(":")
    if not first:
        return range(PROGRAMS)
    return range(int(first), int(end) if end else int(first) + 1)


def run(seed: int, torch) -> None:
    """Runs one program, and fails at the first difference."""
    choose = random.Random(seed)
    worlds = [World(rsnn), World(torch)]
    program: list[str] = []
    try:
        for step in range(STEPS):
            operation = make if step < 2 else choose.choice(OPERATIONS)
            number = choose.randrange(1 << 30)
            ours, theirs = (world.run(operation, number) for world in worlds)
            program.append(f"{operation.__name__} -> {theirs}")
            assert ours == theirs, report(seed, program, f"rsnn:  {ours}", f"torch: {theirs}")
            for our, their in zip(*(world.see(step % 4 == 3) for world in worlds), strict=True):
                assert our == their, report(seed, program, f"rsnn:  {our}", f"torch: {their}")
    finally:
        for world in worlds:
            for handle in world.handles:
                handle.remove()


def report(seed: int, program: list[str], *difference: str) -> str:
    """The text of a failure."""
    return "\n".join([f"program {seed}:", *program, "differs:", *difference])


def check(world: World, module) -> None:
    """What holds of every module, whatever was done to it."""
    try:
        owned = [(path, owner) for path, owner in module.named_modules(remove_duplicate=False)]
    except AttributeError as error:
        # Tables and `ModuleList.insert` take anything; then walks fail, as in PyTorch.
        assert "has no attribute 'named_modules'" in str(error)
        return
    for kind, walk in (("_parameters", module.named_parameters), ("_buffers", module.named_buffers)):
        found = [
            (f"{path}.{name}" if path else name, thing)
            for path, owner in owned
            for name, thing in getattr(owner, kind).items()
            if thing is not None
        ]
        if not any(type(owner).__name__ == "Walks" for _, owner in owned):
            assert list(walk(remove_duplicate=False)) == found
            assert len(list(walk())) == len({id(thing) for _, thing in found})
    names = [name for name, _ in module.named_modules()]
    assert len(names) == len(set(names)) == len({id(owner) for _, owner in owned})
    if any(owner._state_dict_hooks or owner._state_dict_pre_hooks for _, owner in owned):
        return
    try:
        twin = copy.deepcopy(module)
    except RuntimeError as error:
        assert "expected a leaf tensor" in str(error)
        return
    try:
        state = module.state_dict()
    except AttributeError as error:
        # A registration hook may put anything in the place of a buffer; then saving fails, as in PyTorch.
        assert "has no attribute 'detach'" in str(error)
        return
    assert repr(twin) == repr(module) and list(twin.state_dict()) == list(state)
    assert [name for name, _ in twin.named_modules()] == names


def test_invariants():
    for seed in range(60):
        choose, world = random.Random(seed), World(rsnn)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for step in range(STEPS):
                    operation = make if step < 2 else choose.choice(OPERATIONS)
                    world.run(operation, choose.randrange(1 << 30))
                    for module in world.modules:
                        check(world, module)
        finally:
            for handle in world.handles:
                handle.remove()


def test_a_hang_is_stopped():
    with pytest.raises(Hang), bounded((0.05, 60)):
        while True:
            pass
    with pytest.raises(Hang), bounded((60, 0.05)):
        time.sleep(60)


def test_programs(torch):
    """All programs in one test would stop at the first difference; so it goes on, and shows a few."""
    seeds, failures = chosen(), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in seeds:
            try:
                with bounded(PATIENCE):
                    run(seed, torch)
            except AssertionError as error:
                failures.append(str(error))
            except Hang:
                failures.append(f"program {seed} does not end")
    assert not failures, f"{len(failures)} of {len(seeds)} programs differ\n" + "\n\n".join(failures[:5])
