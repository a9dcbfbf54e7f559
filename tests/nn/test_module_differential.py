"""Random programs on trees of modules, run with rsnn and with live PyTorch. After each operation everything that can be
seen of every module must be the same, error texts and what hooks were given included.

``RSNN_PROGRAMS=10000 pytest tests/nn/test_module_differential.py`` runs more of them; a failure prints its seed, and
``RSNN_PROGRAM=seed`` runs that one.
"""

from __future__ import annotations

import os
import random
import warnings

import pytest

import rsnn
from nn.differential.observe import observe
from nn.differential.operations import OPERATIONS, make
from nn.differential.world import World

STEPS = 20
CHUNK = 25
PROGRAMS = int(os.environ.get("RSNN_PROGRAMS", "300"))


def see(world: World) -> list[str]:
    """What can be seen of every module."""
    return [line for module in world.modules for line in observe(world, module)]


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
            for our, their in zip(*(map(str, see(world)) for world in worlds), strict=True):
                assert our == their, report(seed, program, f"rsnn:  {our}", f"torch: {their}")
    finally:
        for world in worlds:
            for handle in world.handles:
                handle.remove()


def report(seed: int, program: list[str], *difference: str) -> str:
    """The text of a failure."""
    return "\n".join([f"program {seed}:", *program, "differs:", *difference])


def test_programs(torch):
    """All programs in one test would stop at the first difference; so it goes on, and shows a few."""
    only = os.environ.get("RSNN_PROGRAM")
    seeds = [int(only)] if only else range(PROGRAMS)
    failures = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in seeds:
            try:
                run(seed, torch)
            except AssertionError as error:
                failures.append(str(error))
    assert not failures, f"{len(failures)} of {len(seeds)} programs differ\n" + "\n\n".join(failures[:5])
