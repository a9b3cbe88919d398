"""Logits of torchvision's models under weights that a formula gives, for `crates/stairs-zoo/tests/pretrained_golden.rs`.

    pip install torch torchvision --extra-index-url https://download.pytorch.org/whl/cpu
    python benches/peers/golden_logits.py crates/stairs-zoo/tests/golden/torchvision.json
    python benches/peers/golden_logits.py --fixtures crates/stairs-zoo/tests/fixtures

No file of weights is needed on either side: element i of the tensor with the name `key` is computed from (key, i) alone,

    h = FNV-1a 64 of key, z = mix(h + (i + 1)·0x9E3779B97F4A7C15), u = (2·(z >> 40) + 1)/2^24 − 1 in (−1, 1),

where mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014), and then, in f64, rounded once to f32,

    weight of rank ≥ 2   u·sqrt(GAIN/fan_in), fan_in the product of the sizes after the first
    running_var          1 + u/2
    weight of rank 1     1 + u/4          (the gamma of a batch norm)
    running_mean, bias   u/8
    input                u·sqrt(3)        (standard deviation 1), with the names input.0 and input.1, and i div 28 for i, so
                                          that neighbours are equal and a mean over the image does not forget it.

Every operation is exact or correctly rounded, so both programs hold the same bits. `--fixtures` writes small files as torch
saves them, for the tests of the readers.
"""

import argparse
import copy
import json
import math
import pathlib

import numpy as np
import torch
import torchvision

CLASSES = 1000
RUN = 28
GAIN = 4.0
INDICES = [0, 1, 17, 111, 222, 345, 500, 678, 804, 999]
SHAPES = [[1, 3, 224, 224], [1, 3, 192, 256]]
MODELS = {
    "alexnet": lambda: torchvision.models.alexnet(),
    "mobilenet-v2": lambda: torchvision.models.mobilenet_v2(),
    "mobilenet-v2:0.35": lambda: torchvision.models.mobilenet_v2(width_mult=0.35),
    "resnet18": lambda: torchvision.models.resnet18(),
    "resnet34": lambda: torchvision.models.resnet34(),
    "resnet50": lambda: torchvision.models.resnet50(),
    "vgg16-bn": lambda: torchvision.models.vgg16_bn(),
}


def fnv(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value


def uniform(key, count):
    """`count` numbers in (−1, 1), exact in f32, as f64."""
    out = np.empty(count, dtype=np.float64)
    chunk = 1 << 20
    for start in range(0, count, chunk):
        stop = min(start + chunk, count)
        z = np.uint64(fnv(key)) + np.arange(start + 1, stop + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        out[start:stop] = (2.0 * (z >> np.uint64(40)).astype(np.float64) + 1.0) / 2.0**24 - 1.0
    return out


def values(key, shape):
    count = math.prod(shape)
    u = np.repeat(uniform(key, -(-count // RUN)), RUN)[:count] if key.startswith("input.") else uniform(key, count)
    kind = key.rsplit(".", 1)[-1]
    if key.startswith("input."):
        u = u * math.sqrt(3.0)
    elif len(shape) >= 2:
        u = u * math.sqrt(GAIN / math.prod(shape[1:]))
    elif kind == "running_var":
        u = 1.0 + u / 2.0
    elif kind == "weight":
        u = 1.0 + u / 4.0
    else:
        u = u / 8.0
    return torch.from_numpy(u.astype(np.float32)).reshape(shape)


def fill(model):
    with torch.no_grad():
        for key, tensor in model.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                tensor.copy_(values(key, list(tensor.shape)))
    return model.eval()


def golden(name):
    model = fill(MODELS[name]())
    state = {k: list(v.shape) for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    outputs = []
    for number, shape in enumerate(SHAPES):
        with torch.no_grad():
            logits = model(values(f"input.{number}", shape))[0].double()
        outputs.append(
            {
                "shape": shape,
                "norm": logits.norm().item(),
                "largest": logits.abs().max().item(),
                "logits": [logits[i].item() for i in INDICES],
            }
        )
    print(f"{name:18} largest {outputs[0]['largest']:.4g} {outputs[1]['largest']:.4g}, norm {outputs[0]['norm']:.4g}", flush=True)
    return {
        "model": name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "buffers": sum(math.prod(shape) for key, shape in state.items() if ".running_" in key),
        "indices": INDICES,
        "outputs": outputs,
        "tensors": state,
    }


def write_golden(path):
    torch.use_deterministic_algorithms(True)
    cases = [golden(name) for name in MODELS]
    head = {"torch": torch.__version__.split("+")[0], "torchvision": torchvision.__version__.split("+")[0]}
    text = json.dumps(head)[:-1] + ', "gain": %s, "models": [\n' % GAIN
    text += ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]}\n"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text)
    temporary.replace(path)


def write_fixtures(directory):
    """The same few tensors in every form torch writes, and what they hold."""
    directory.mkdir(parents=True, exist_ok=True)
    shapes = {"0.weight": [4, 3, 3, 3], "1.weight": [4], "1.bias": [4], "1.running_mean": [4], "1.running_var": [4]}
    state = {key: values(key, shape) for key, shape in shapes.items()} | {"2.weight": values("2.weight", [5, 4]), "2.bias": values("2.bias", [5])}
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, bias=False), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 5))
    model.load_state_dict(state | {"1.num_batches_tracked": torch.tensor(0)})
    state = model.state_dict()
    torch.save(state, directory / "zip.pth")
    torch.save(state, directory / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "lr": 0.5, "state_dict": state}, directory / "checkpoint.pth")
    torch.save({k: torch.nn.Parameter(v) if v.is_floating_point() else v for k, v in state.items()}, directory / "parameters.pth")
    torch.save(copy.deepcopy(model).half().state_dict(), directory / "half.pth")
    torch.save(model.bfloat16().state_dict(), directory / "bfloat16.pth")
    base = values("base", [6, 4])
    torch.save({"rows": base[2:5], "transposed": base.t(), "all": base}, directory / "views.pth")
    torch.save({"expanded": torch.zeros(1).expand(1 << 20)}, directory / "expanded.pth")
    torch.save(torch.nn.Linear(2, 2), directory / "module.pth")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=pathlib.Path)
    parser.add_argument("--fixtures", action="store_true")
    arguments = parser.parse_args()
    (write_fixtures if arguments.fixtures else write_golden)(arguments.path)
