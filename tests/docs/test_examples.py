"""Every example of a docstring runs and prints what it says; so do the Python blocks of the texts for people."""

from __future__ import annotations

import doctest
import inspect
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import rsnn
import rsnn.nn as nn
import rsnn.nn.functional as F

sys.path.insert(0, str(Path(__file__).parent))
from documented import documented  # noqa: E402

ROOT = Path(__file__).parents[2]
PARSER = doctest.DocTestParser()


def examples() -> dict[str, doctest.DocTest]:
    """The docstrings with examples, by the name of their object."""
    found = {}
    for name, value in documented().items():
        text = inspect.getdoc(value) or ""
        if ">>>" in text:
            names = {"rsnn": rsnn, "nn": nn, "F": F, "np": np, name.rpartition(".")[2]: value, "__name__": "__main__"}
            found[name] = PARSER.get_doctest(text, names, name, None, 0)
    return found


EXAMPLES = examples()


def test_there_are_examples():
    assert len(EXAMPLES) > 300


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rsnn.manual_seed(0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    result = runner.run(EXAMPLES[name], out=said.append)
    assert result.failed == 0, "".join(said)


@pytest.mark.parametrize("text", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_python_blocks_run(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    for block in re.findall(r"^```python\n(.*?)^```", (ROOT / text).read_text(), re.M | re.S):
        exec(compile(block, text, "exec"), names)
