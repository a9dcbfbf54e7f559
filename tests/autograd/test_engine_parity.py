"""Everything about walking graphs, against live PyTorch: each case runs in both libraries and must log the same."""

from __future__ import annotations

import pytest

from autograd import engine as engine
from autograd.engine.case import CASES
from logged import both


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph")
@pytest.mark.parametrize("name", CASES)
def test_same_as_pytorch(name):
    both(CASES[name])


#: Whose texts are PyTorch's, too.
SPOKEN = (
    "twice",
    "half_of_a_graph_freed",
    "gradient_missing",
    "gradient_of_another_shape",
    "empty_inputs",
    "grad_of_an_unused_input",
    "grad_of_constants",
    "constants_as_roots",
    "saved_output_changed",
    "saved_leaf_changed",
    "leaf_in_place",
    "view_of_a_leaf_in_place",
    "one_of_many_views",
    "requires_grad_of_results",
    "inference_tensors",
)


@pytest.mark.parametrize("name", SPOKEN)
def test_same_words_as_pytorch(name):
    assert isinstance(both(CASES[name], texts=True)[-1], str)
