"""`python -m rsnn.demo [--data DIR] [--epochs N] [--out DIR]`"""

from __future__ import annotations

import argparse
from pathlib import Path

import rsnn
from rsnn.demo import data, train
from rsnn.demo.model import LeNet, initialise


def main(arguments: list[str] | None = None) -> float:
    """Trains, reports, saves, loads again and draws; returns the accuracy on held-out pictures."""
    parser = argparse.ArgumentParser(prog="python -m rsnn.demo", description="Train LeNet on handwritten digits.")
    parser.add_argument(
        "--data", type=Path, help="folder with MNIST or Fashion-MNIST idx files (default: built-in digits)"
    )
    parser.add_argument("--epochs", type=int, help="passes over the training part (default: 20; 1 with --data)")
    parser.add_argument("--batch-size", type=int, help="pictures in a step (default: 32; 64 with --data)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("demo-out"), help="folder for checkpoint and picture")
    options = parser.parse_args(arguments)

    rsnn.manual_seed(options.seed)
    digits = data.from_folder(options.data) if options.data else data.embedded(options.seed)
    model = LeNet(width=2 if options.data else 1)
    model.apply(initialise)
    print(f"{digits.name}: {len(digits.train):,} pictures to learn from, {len(digits.test):,} held out\n")
    print(rsnn.nn.summary(model, input_size=(1, 1, 28, 28)), "\n")

    epochs = options.epochs or (1 if options.data else 20)
    batch_size = options.batch_size or (64 if options.data else 32)
    history = train.fit(model, digits, epochs, batch_size)
    print(f"\n{history.test_accuracy[-1]:.2%} on held-out pictures after {history.seconds:.1f} s")

    options.out.mkdir(parents=True, exist_ok=True)
    checkpoint = options.out / "lenet.safetensors"
    rsnn.save(model.state_dict(), checkpoint)
    fresh = LeNet(width=2 if options.data else 1)
    fresh.load_state_dict(rsnn.load(checkpoint))
    again = train.accuracy(fresh, digits.test)
    print(f"saved {checkpoint} ({checkpoint.stat().st_size:,} bytes); loaded into a fresh model: {again:.2%}")
    if again != history.test_accuracy[-1]:
        raise SystemExit("the loaded model differs from the saved one")

    try:
        from rsnn.demo.picture import draw

        draw(options.out / "lenet.png", fresh, digits, history)
        print(f"drew {options.out / 'lenet.png'}")
    except ImportError as error:
        print(f"no picture: {error} (pip install 'rsnn[plots]')")
    return history.test_accuracy[-1]


if __name__ == "__main__":
    main()
