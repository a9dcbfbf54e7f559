"""What a type checker knows of optimizers, schedulers and loaders."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

import rsnn
import rsnn.nn as nn
from rsnn import Tensor
from rsnn.optim import SGD, AdamW
from rsnn.optim.lr_scheduler import StepLR
from rsnn.utils.data import DataLoader, Dataset, TensorDataset, random_split


class Squares(Dataset[int]):
    """Integers by index."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        return index * index


def data() -> None:
    """Datasets know their samples."""
    squares = Squares()
    assert_type(squares[2], int)
    rows = TensorDataset(rsnn.ones(4, 2), rsnn.zeros(4))
    assert_type(rows[0], tuple[Tensor, ...])
    assert_type(DataLoader(squares, batch_size=2), "DataLoader[int]")
    assert_type(DataLoader(rows), "DataLoader[tuple[Tensor, ...]]")
    loader: DataLoader[tuple[Tensor, ...]] = DataLoader(rows, batch_size=2, shuffle=True)
    assert_type(len(loader), int)
    for x, y in loader:
        assert_type(x + y, Any)
    train, test = random_split(squares, [3, 1])
    assert_type(len(train) + len(test), int)


def step() -> None:
    """A training step."""
    model = nn.Linear(2, 1)
    optimizer = AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
    schedule = StepLR(optimizer, step_size=2)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(rsnn.ones(4, 2)), rsnn.zeros(4, 1))
    loss.backward()
    optimizer.step()
    schedule.step()
    assert_type(optimizer.param_groups, list[dict[str, Any]])
    assert_type(schedule.get_last_lr(), list[float])
    assert_type(optimizer.state_dict(), dict[str, Any])
    SGD([{"params": model.parameters(), "lr": 0.1}], momentum=0.9)
    assert_type(rsnn.optim.SGD([model.weight, model.bias], 0.1), SGD)
