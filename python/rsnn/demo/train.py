"""The training loop, with a bar for each epoch."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import rsnn
import rsnn.nn as nn
from rsnn.demo.data import Digits
from rsnn.optim import AdamW
from rsnn.optim.lr_scheduler import CosineAnnealingLR
from rsnn.utils.data import DataLoader, TensorDataset


@dataclass
class History:
    """What happened: one entry for each epoch."""

    loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)
    seconds: float = 0.0


def progress(batches: Iterable, description: str) -> Iterable:
    """The batches behind a progress bar; without one if `tqdm` is not installed."""
    try:
        from tqdm import tqdm  # type: ignore[import-untyped]
    except ImportError:
        return batches
    return tqdm(batches, desc=description, leave=False, file=sys.stdout, dynamic_ncols=True)


def fit(model: nn.Module, digits: Digits, epochs: int, batch_size: int = 32, lr: float = 2e-3) -> History:
    """Trains with AdamW and a cosine schedule; tests after each epoch."""
    loader = DataLoader(digits.train, batch_size=batch_size, shuffle=True)
    optimizer = AdamW(model.parameters(), lr=lr, weight_decay=1e-2)
    schedule = CosineAnnealingLR(optimizer, T_max=epochs * len(loader))
    criterion = nn.CrossEntropyLoss()
    history = History()
    start = time.perf_counter()
    for epoch in range(1, epochs + 1):
        model.train()
        total, correct, seen = 0.0, 0, 0
        for images, labels in progress(loader, f"epoch {epoch:2}/{epochs}"):
            optimizer.zero_grad()
            scores = model(images)
            loss = criterion(scores, labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            total += loss.item() * len(labels)
            correct += int((scores.argmax(1) == labels).sum())
            seen += len(labels)
        history.loss.append(total / seen)
        history.train_accuracy.append(correct / seen)
        history.test_accuracy.append(accuracy(model, digits.test))
        print(
            f"epoch {epoch:2}/{epochs}  loss {history.loss[-1]:.4f}  "
            f"train {history.train_accuracy[-1]:7.2%}  held out {history.test_accuracy[-1]:7.2%}"
        )
    history.seconds = time.perf_counter() - start
    return history


def predict(model: nn.Module, dataset: TensorDataset, batch_size: int = 256) -> rsnn.Tensor:
    """The class with the highest score, for each picture."""
    model.eval()
    with rsnn.no_grad():
        return rsnn.cat([model(images).argmax(1) for images, _ in DataLoader(dataset, batch_size=batch_size)])


def accuracy(model: nn.Module, dataset: TensorDataset) -> float:
    """The share of pictures whose class is found."""
    return float((predict(model, dataset) == dataset.tensors[1]).float().mean())
