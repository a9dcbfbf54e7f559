"""The files beside this one say with `assert_type` what a type checker must find. Here they run, so that they are true."""

import importlib.util
import types
from pathlib import Path

import pytest

FILES = sorted(path for path in Path(__file__).parent.glob("*.py") if not path.name.startswith("test_"))


def functions() -> list[types.FunctionType]:
    """All functions without parameters of the files."""
    found = []
    for path in FILES:
        spec = importlib.util.spec_from_file_location(f"typing_{path.stem}", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        own = [value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__]
        found += [value for value in own if isinstance(value, types.FunctionType) and not value.__code__.co_argcount]
    return found


@pytest.mark.parametrize("function", functions(), ids=lambda function: f"{function.__module__}.{function.__name__}")
def test_typed_code_runs(function: types.FunctionType) -> None:
    function()
