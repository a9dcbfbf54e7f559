"""Which dtypes of parameters and statistics normalisations take beside an input."""

from __future__ import annotations

import pytest

NORMS = {
    "batch": lambda lib, x, p: lib.nn.functional.batch_norm(x, None, None, p, p, True),
    "batch, statistics": lambda lib, x, p: lib.nn.functional.batch_norm(x, p.clone(), p.abs(), None, None, True),
    "batch, evaluation": lambda lib, x, p: lib.nn.functional.batch_norm(x, p, p.abs(), p, p, False),
    "layer": lambda lib, x, p: lib.nn.functional.layer_norm(x.transpose(1, 2), (3,), p, p),
    "group": lambda lib, x, p: lib.nn.functional.group_norm(x, 3, p, p),
    "instance": lambda lib, x, p: lib.nn.functional.instance_norm(x, None, None, p, p),
}
KINDS = ("float16", "bfloat16", "float32", "float64")


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_parameters_are_of_the_kind_of_the_input(lib, name, kind, other):
    x = lib.arange(24).reshape(2, 3, 4).to(getattr(lib, kind)) / 8
    parameter = lib.ones(3, dtype=getattr(lib, other))
    if kind == other or (kind in ("float16", "bfloat16") and other == "float32"):
        y = NORMS[name](lib, x, parameter)
        assert str(y.dtype).endswith(kind) and y.isfinite().all()
        return
    cause = (
        "all inputs must share same datatype."
        if other == "float32"
        else "expect parameter to have scalar type of Float"
    )
    with pytest.raises(RuntimeError) as caught:
        NORMS[name](lib, x, parameter)
    assert str(caught.value).startswith(f"mixed dtype (CPU): {cause}")
    if lib.__name__ == "rsnn":
        assert f"the input is {kind}, the " in str(caught.value) and str(caught.value).endswith(f" {other})")
