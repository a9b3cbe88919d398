#!/usr/bin/env python3
"""The training step of `cargo xtask bench peers` in PyTorch, and with the ANA layers of the papers' authors.

Reads one JSON object a line from standard input and answers each with one on standard output:

    {"peer": "torch", "model": "lenet:32-64-128", "batch": 128, "variant": "uniform", "weights": FILE, "scale": 0.5}
        builds the model with the weights, quanta and batch in FILE and trains three steps
        -> {"parameters": N, "losses": [L1, L2, L3]}
    {"peer": "torch", "steps": 5, "processor": false}
        -> {"milliseconds": [...]}, one entry a step

peer: torch (eager), compile (torch.compile), ana (needs --ana PATH). variant: float, ste, uniform, normal.
"""

import argparse
import importlib
import json
import sys
import time
import types
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

THRESHOLDS = (-0.5, 0.5)  # of the ternary stair, in units of the quantum


def expectation(noise, scale):
    """The expected ternary stair under zero-mean noise as plain tensor operations, differentiated by autograd."""
    if noise == "uniform":
        return lambda x: sum(((x - t) * (0.5 / scale) + 0.5).clamp(0.0, 1.0) for t in THRESHOLDS) - 1.0
    return lambda x: sum(0.5 * torch.erf((x - t) * (0.5**0.5 / scale)) for t in THRESHOLDS)


class Straight(torch.autograd.Function):
    """The hard ternary stair; backward 1 on [-1, 1], the clipped identity."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        low, high = THRESHOLDS
        return (x >= low).to(x.dtype) + (x >= high).to(x.dtype) - 1.0

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * (x.abs() <= 1.0)


class Quantised(nn.Module):
    """A convolution or dense layer without bias whose weight goes through `stair`, in units of `quantum`."""

    def __init__(self, weight, quantum, stair):
        super().__init__()
        self.weight, self.quantum, self.stair = nn.Parameter(weight), quantum, stair

    def forward(self, x):
        weight = self.stair(self.weight / self.quantum) * self.quantum
        return F.conv2d(x, weight, padding=1) if weight.dim() == 4 else F.linear(x, weight)


class Activation(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Layers:
    """Makes the layers of one variant."""

    def __init__(self, case, tensors, ana):
        self.variant, self.scale, self.tensors = case["variant"], case["scale"], tensors
        self.ana = ana if case["peer"] == "ana" else None
        if self.variant == "ste":
            self.stair = Straight.apply
        elif self.variant != "float":
            self.stair = expectation(self.variant, self.scale)

    def weight(self, name):
        """Our dense weights are [in, out], PyTorch's [out, in]."""
        weight = self.tensors[name + ".weight"]
        return weight if weight.dim() == 4 else weight.t().contiguous()

    def quantum(self, name):
        scales = [value for key, value in self.tensors.items() if key.startswith(name + ".weight.stair.scales")]
        return float(scales[0][0])

    def product(self, name):
        weight = self.weight(name)
        outputs, inputs = weight.shape[:2]
        if self.ana is not None:
            spec = {"nbits": 2, "signed": True, "balanced": True, "eps": self.quantum(name)}
            common = (spec, self.variant, "expectation", inputs, outputs)
            convolution = weight.dim() == 4
            layer = self.ana.ANAConv2d(*common, kernel_size=3, padding=1, bias=False) if convolution else self.ana.ANALinear(*common, bias=False)
            layer.set_noise(0.0, self.scale)
        elif self.variant == "float":
            convolution = weight.dim() == 4
            layer = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False) if convolution else nn.Linear(inputs, outputs, bias=False)
        else:
            return Quantised(weight, self.quantum(name), self.stair)
        with torch.no_grad():
            layer.weight.copy_(weight)
        return layer

    def activation(self):
        if self.ana is not None:
            layer = self.ana.ANAActivation({"nbits": 2, "signed": True, "balanced": True, "eps": 1.0}, self.variant, "expectation")
            layer.set_noise(0.0, self.scale)
            return layer
        return nn.ReLU() if self.variant == "float" else Activation(self.stair)

    def block(self, product, norm, dimensions, pool=False):
        """Product, batch norm, activation, pool."""
        gamma = self.tensors[norm + ".gamma"]
        batch_norm = (nn.BatchNorm2d if dimensions == 2 else nn.BatchNorm1d)(len(gamma))
        with torch.no_grad():
            batch_norm.weight.copy_(gamma)
            batch_norm.bias.copy_(self.tensors[norm + ".beta"])
        return [self.product(product), batch_norm, self.activation(), *([nn.MaxPool2d(2)] if pool else [])]

    def output(self, name):
        """The last layer stays in float."""
        weight = self.weight(name)
        layer = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            layer.weight.copy_(weight)
            layer.bias.copy_(self.tensors[name + ".bias"])
        return layer


def lenet(layers):
    return nn.Sequential(
        *layers.block("conv1", "norm1", 2, pool=True),
        *layers.block("conv2", "norm2", 2, pool=True),
        nn.Flatten(),
        *layers.block("fc1", "norm3", 1),
        layers.output("fc2"),
    )


def vgg8(layers):
    blocks = [layers.block(f"blocks.{i}.conv", f"blocks.{i}.norm", 2, pool=i in (0, 2, 4)) for i in range(5)]
    hidden = [layers.block(f"hidden.{i}.linear", f"hidden.{i}.norm", 1) for i in range(2)]
    return nn.Sequential(*sum(blocks, []), nn.Flatten(), *sum(hidden, []), layers.output("output"))


def read_tensors(path):
    """One line of JSON, [[name, shape], ...], then the f32 values of all."""
    data = Path(path).read_bytes()
    end = data.index(b"\n")
    values = torch.frombuffer(bytearray(data[end + 1 :]), dtype=torch.float32)
    tensors, at = {}, 0
    for name, shape in json.loads(data[:end]):
        count = 1
        for side in shape:
            count *= side
        tensors[name] = values[at : at + count].reshape(shape).clone()
        at += count
    return tensors


def import_ana(path):
    """The package `quantlib.algorithms.ana` of a clone at PATH, without the other algorithms and what they import."""
    root = Path(path)
    for name, folder in (("quantlib", root), ("quantlib.algorithms", root / "algorithms")):
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    return importlib.import_module("quantlib.algorithms.ana")


class Training:
    """A model and all that one step of it needs."""

    def __init__(self, case, ana):
        tensors = read_tensors(case["weights"])
        build = lenet if case["model"].startswith("lenet") else vgg8
        self.model = build(Layers(case, tensors, ana)).train()
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(self.parameters, lr=1e-3, eps=1e-5, fused=True)
        self.images = tensors["images"]
        self.labels = torch.arange(len(self.images)) % 10
        self.forward = torch.compile(self.model) if case["peer"] == "compile" else self.model

    def step(self):
        self.optimiser.zero_grad(set_to_none=True)
        loss = F.cross_entropy(self.forward(self.images), self.labels)
        loss.backward()
        self.optimiser.step()
        return loss.item()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--threads", type=int, required=True)
    arguments.add_argument("--ana", help="a clone of the quantlib repository")
    arguments = arguments.parse_args()
    torch.set_num_threads(arguments.threads)
    ana = import_ana(arguments.ana) if arguments.ana else None
    versions = f"Python {sys.version.split()[0]}, PyTorch {torch.__version__}, {torch.get_num_threads()} threads"
    print(json.dumps({"versions": versions}), flush=True)
    trainings, training = {}, None
    for line in sys.stdin:
        request = json.loads(line)
        if "steps" in request:
            training, times = trainings[request["peer"]], []
            clock = time.process_time if request["processor"] else time.perf_counter
            for _ in range(request["steps"]):
                start = clock()
                training.step()
                times.append(1e3 * (clock() - start))
            answer = {"milliseconds": times}
        else:
            if request.get("first"):
                trainings.clear()
            training = trainings[request["peer"]] = Training(request, ana)
            count = sum(p.numel() for p in training.parameters)
            answer = {"parameters": count, "losses": [training.step() for _ in range(3)]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
