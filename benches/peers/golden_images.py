"""Makes the golden files of the image tests: small images, and what torchvision's transforms make of them.

Needs torch, torchvision, Pillow and numpy. Run from the root of the repository:

    python3 benches/peers/golden_images.py

Writes crates/stairs-data/tests/golden/images/: the images and golden.json. Of every image: `pixels`, what Pillow decodes
(as text of two hex digits a byte), `evaluation`, Resize(16) + CenterCrop(14) as bytes, `normalised`, the sum and some
values of ToTensor + Normalize, and `crop`, resized_crop of a fixed region, as bytes.
"""

import io
import json
import pathlib

import numpy as np
import PIL
import torch
import torchvision
import torchvision.transforms.functional as F
from PIL import Image

FOLDER = pathlib.Path("crates/stairs-data/tests/golden/images")
RESIZE, SIZE = 16, 14
# Top, left, height, width of the training crop, resampled to SIZE.
CROP = (3, 5, 17, 13)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def scene(width, height, seed):
    """Gradients, an edge and noise: every frequency has something in it."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    red = 255 * x / width
    green = 128 + 127 * np.sin(y / 2.3 + x / 5)
    blue = np.where(x + y > (width + height) / 2, 230, 20)
    image = np.stack([red, green, blue], -1) + rng.normal(0, 12, (height, width, 3))
    return Image.fromarray(np.clip(image, 0, 255).astype(np.uint8))


def jpeg(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def png(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def files():
    photo = scene(37, 29, 1)
    alpha = photo.copy()
    alpha.putalpha(Image.fromarray((np.arange(29 * 37).reshape(29, 37) % 256).astype(np.uint8)))
    deep = (np.arange(29 * 37).reshape(29, 37) * 61 % 65536).astype(np.uint16)
    return {
        "420.jpg": jpeg(photo, quality=90, subsampling="4:2:0"),
        "422.jpg": jpeg(photo, quality=85, subsampling="4:2:2"),
        "444.jpg": jpeg(photo, quality=95, subsampling="4:4:4"),
        "low.jpg": jpeg(scene(64, 48, 2), quality=20),
        "restart.jpg": jpeg(scene(50, 40, 3), quality=80, restart_marker_blocks=3),
        "optimised.jpg": jpeg(scene(33, 47, 4), quality=75, optimize=True),
        "progressive.jpg": jpeg(photo, quality=90, progressive=True),
        "grey.jpg": jpeg(photo.convert("L"), quality=90),
        "cmyk.jpg": jpeg(photo.convert("CMYK"), quality=90),
        "rgb.jpg": jpeg(photo, quality=90, keep_rgb=True),
        "rgb.png": png(photo),
        "alpha.png": png(alpha),
        "grey.png": png(photo.convert("L")),
        "grey-alpha.png": png(alpha.convert("LA")),
        "palette.png": png(photo.quantize(32)),
        "palette-transparent.png": png(photo.quantize(16), transparency=3),
        "bit.png": png(photo.convert("1")),
        "deep.png": png(Image.fromarray(deep)),
    }


def values(image):
    return np.asarray(image).tobytes().hex()


def entry(data):
    image = Image.open(io.BytesIO(data)).convert("RGB")
    evaluation = F.center_crop(F.resize(image, RESIZE), SIZE)
    normalised = F.normalize(F.to_tensor(evaluation), MEAN, STD)
    top, left, height, width = CROP
    crop = F.resized_crop(image, top, left, height, width, [SIZE, SIZE])
    return {
        "width": image.width,
        "height": image.height,
        "pixels": values(image),
        "evaluation": values(evaluation),
        "normalised_sum": float(normalised.double().sum()),
        "normalised_bits": [int(x) for x in normalised.flatten()[::37].numpy().view(np.uint32)],
        "crop": values(crop),
    }


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    images = files()
    for name, data in images.items():
        (FOLDER / name).write_bytes(data)
    golden = {
        "made_by": f"torchvision {torchvision.__version__}, torch {torch.__version__}, Pillow {PIL.__version__}",
        "resize": RESIZE,
        "size": SIZE,
        "crop": CROP,
        "images": {name: entry(data) for name, data in images.items()},
    }
    (FOLDER / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
