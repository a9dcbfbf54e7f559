"""One PNG that shows a training run: curves, the first filters, feature maps, and what went wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import rsnn
from rsnn.demo.data import Digits
from rsnn.demo.model import LeNet
from rsnn.demo.train import History, predict


def feature_maps(model: LeNet, image: rsnn.Tensor) -> rsnn.Tensor:
    """The output of the first convolution for one picture, caught by a forward hook."""
    caught = []
    handle = model.conv1.register_forward_hook(lambda module, inputs, output: caught.append(output.detach()))
    try:
        with rsnn.no_grad():
            model(image.unsqueeze(0))
    finally:
        handle.remove()
    return caught[0][0]


def draw(path: Path, model: LeNet, digits: Digits, history: History) -> None:
    """Writes the picture.

    Raises:
        ImportError: without matplotlib (`pip install 'rsnn[plots]'`).
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    images, labels = digits.test.tensors
    guesses = predict(model, digits.test)
    wrong = np.flatnonzero((guesses != labels).numpy()).tolist()

    figure = plt.figure(figsize=(12, 9), layout="constrained")
    figure.suptitle(
        f"LeNet on {digits.name}: {history.test_accuracy[-1]:.2%} of {len(labels):,} held-out pictures, "
        f"trained in {history.seconds:.1f} s"
    )
    curves, bottom = figure.subfigures(2, 1, height_ratios=(1, 1.6))  # type: ignore[misc]
    filters, maps, mistakes = bottom.subfigures(1, 3)

    loss, share = curves.subplots(1, 2)
    epochs = range(1, len(history.loss) + 1)
    marker = "o" if len(history.loss) < 3 else None
    loss.plot(epochs, history.loss, color="tab:red", marker=marker)
    loss.set(title="training loss", xlabel="epoch", ylabel="cross-entropy", ylim=(0, None))
    share.plot(epochs, history.train_accuracy, color="tab:gray", marker=marker, label="training")
    share.plot(epochs, history.test_accuracy, color="tab:blue", marker=marker, label="held out")
    share.set(title="accuracy", xlabel="epoch", ylim=(min(0.9, *history.test_accuracy) - 0.02, 1.002))
    share.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1.0))
    share.legend(loc="lower right")
    for axes in (loss, share):
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))

    shown = model.conv1.weight.detach()[:6, 0]
    _grid(filters, shown, [f"filter {i}" for i in range(len(shown))], "filters of the first convolution", "RdBu")
    seen = feature_maps(model, images[0])[:6]
    _grid(
        maps,
        seen,
        [f"map {i}" for i in range(len(seen))],
        f"its maps of a {int(labels[0])}, by a forward hook",
        "viridis",
    )
    chosen = wrong[:6]
    titles = [f"{int(labels[i])} taken for {int(guesses[i])}" for i in chosen]
    _grid(mistakes, images[chosen, 0] if chosen else images[:0, 0], titles, f"all mistakes: {len(wrong)}", "gray_r")

    figure.savefig(path, dpi=110)
    plt.close(figure)


def _grid(figure, pictures: rsnn.Tensor, titles: list[str], heading: str, cmap: str) -> None:
    figure.suptitle(heading, fontsize="medium")
    axes = figure.subplots(3, 2)
    for place, ax in enumerate(axes.flat):
        ax.axis("off")
        if place < len(titles):
            picture = pictures[place].numpy()
            extent = abs(picture).max() if cmap == "RdBu" else None
            ax.imshow(picture, cmap=cmap, vmin=-extent if extent else None, vmax=extent)
            ax.set_title(titles[place], fontsize="small")
