"""Makes a folder like ImageNet's of synthetic photographs: JPEG, about 500 x 375 pixels, quality 90, 50 to 110 kB.

    python3 benches/peers/image_folder.py CIFAR_BIN OUT [--train 400] [--val 200]

CIFAR_BIN is a file of the binary version of CIFAR-10 (data_batch_1.bin). Every photograph is one of its images, enlarged,
with noise of several grain sizes, so that the amount of entropy-coded data is that of a photograph.
"""

import argparse
import pathlib

import numpy as np
from PIL import Image

RECORD = 1 + 3 * 32 * 32


def photograph(record, rng):
    width, height = (500, 375) if rng.random() < 0.75 else (375, 500)
    small = Image.fromarray(record[1:].reshape(3, 32, 32).transpose(1, 2, 0))
    image = np.asarray(small.resize((width, height), Image.BICUBIC)).astype(np.float32)
    for grain, strength in ((1, 7.0), (2, 7.0), (4, 8.0)):
        shape = (height // grain + 1, width // grain + 1)
        noise = rng.normal(0, strength, shape).astype(np.float32)
        image += np.kron(noise, np.ones((grain, grain), np.float32))[:height, :width, None]
    return Image.fromarray(np.clip(image, 0, 255).astype(np.uint8))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cifar", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--train", type=int, default=400)
    parser.add_argument("--val", type=int, default=200)
    options = parser.parse_args()
    records = np.fromfile(options.cifar, np.uint8).reshape(-1, RECORD)
    rng = np.random.default_rng(1)
    sizes = []
    for part, count in (("train", options.train), ("val", options.val)):
        for i in range(count):
            record = records[i % len(records)]
            path = options.out / part / f"class{record[0]}" / f"{i:05}.JPEG"
            path.parent.mkdir(parents=True, exist_ok=True)
            photograph(record, rng).save(path, "JPEG", quality=90)
            sizes.append(path.stat().st_size)
    print(f"{len(sizes)} files, {np.mean(sizes) / 1e3:.0f} kB on average, {min(sizes)} to {max(sizes)} bytes")


if __name__ == "__main__":
    main()
