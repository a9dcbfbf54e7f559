"""Writes sampling.json: the order in which PyTorch's samplers and loaders take samples for given seeds.

Run with PyTorch importable: python tests/golden/make_sampling.py
"""

import json
import pathlib

import torch
from torch.utils import data

SIZES = [1, 2, 7, 33, 50]


def orders(seed):
    """Each kind of drawing for one seed; `tests/data/test_samplers.py` does the same with rsnn."""

    def fresh():
        torch.manual_seed(seed)

    result = {}
    for n in SIZES:
        source = range(n)
        fresh()
        result[f"random {n}"] = [list(data.RandomSampler(source)) for _ in range(2)]
        generator = torch.Generator().manual_seed(seed)
        sampler = data.RandomSampler(source, generator=generator)
        result[f"random with generator {n}"] = [list(sampler) for _ in range(2)]
        fresh()
        result[f"replacement {n}"] = list(data.RandomSampler(source, replacement=True, num_samples=40))
        fresh()
        result[f"more than there are {n}"] = list(data.RandomSampler(source, num_samples=2 * n + 1))
        fresh()
        result[f"subset {n}"] = list(data.SubsetRandomSampler(range(100, 100 + n)))
        fresh()
        weights = [i % 3 + 0.5 for i in source]
        result[f"weighted {n}"] = list(data.WeightedRandomSampler(weights, 20))
        fresh()
        result[f"split {n}"] = [list(part.indices) for part in data.random_split(source, [0.5, 0.5])] if n > 1 else []
        fresh()
        loader = data.DataLoader(source, batch_size=4, shuffle=True)
        result[f"loader {n}"] = [[batch.tolist() for batch in loader] for _ in range(2)]
    return result


def main():
    path = pathlib.Path(__file__).with_name("sampling.json")
    rows = [f" {json.dumps(str(seed))}: {json.dumps(orders(seed))}" for seed in (0, 1234)]
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()
