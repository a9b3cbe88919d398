"""Images per second of torchvision's ImageFolder and DataLoader on a folder, for comparison with `stairs data bench`.

    python3 benches/peers/image_loader.py DIR --part train|val [--size 224] [--workers 0 1 2] [--images N] [--passes N]

One line a number of workers and pass: `workers W: R images/s`. The clock runs from the start of the workers to the last
batch, as it does for the threads of `stairs data bench`; images come in the order of a random permutation.
"""

import argparse
import pathlib
import time

import torch
from torchvision import datasets, transforms

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def transform(part, size):
    tail = [transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
    if part == "train":
        return transforms.Compose([transforms.RandomResizedCrop(size), transforms.RandomHorizontalFlip(), *tail])
    resize = (size * 8 + 3) // 7
    return transforms.Compose([transforms.Resize(resize), transforms.CenterCrop(size), *tail])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--part", choices=["train", "val"], default="train")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--images", type=int)
    parser.add_argument("--passes", type=int, default=1)
    options = parser.parse_args()
    data = datasets.ImageFolder(options.folder / options.part, transform(options.part, options.size))
    for workers in options.workers:
        for number in range(options.passes):
            order = torch.randperm(len(data), generator=torch.Generator().manual_seed(number)).tolist()
            subset = torch.utils.data.Subset(data, order[: options.images])
            loader = torch.utils.data.DataLoader(subset, options.batch, num_workers=workers)
            start = time.perf_counter()
            count = sum(len(labels) for _, labels in loader)
            print(f"workers {workers}: {count / (time.perf_counter() - start):.1f} images/s", flush=True)


if __name__ == "__main__":
    main()
