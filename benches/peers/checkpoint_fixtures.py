"""Checkpoints as training programs write them, for the readers of `stairs-zoo`:

    python benches/peers/checkpoint_fixtures.py crates/stairs-zoo/tests/fixtures

Python's own `pickle` at protocol 2, which `torch.save` uses, with stand-ins under the names of torch's and numpy's classes: it needs
neither of them.
"""

import argparse
import collections
import io
import pathlib
import pickle
import struct
import sys
import types
import zipfile

MODULES = ["torch", "torch._utils", "numpy", "numpy.core", "numpy.core.multiarray"]
sys.modules.update({name: types.ModuleType(name) for name in MODULES})


def known_as(module, name, value):
    """`value` under the name that a pickle gives it."""
    value.__module__ = module
    if isinstance(value, (type, types.FunctionType)):
        value.__name__ = value.__qualname__ = name
    setattr(sys.modules[module], name, value)
    return value


def stand_in(module, name, arguments, state=None):
    """An object of a class that is made of `arguments`, then given a state."""
    body = {"__reduce__": lambda self: (type(self), arguments) if state is None else (type(self), arguments, state)}
    return known_as(module, name, type(name, (), body))()


rebuild = known_as("torch._utils", "_rebuild_tensor_v2", lambda *arguments: None)
scalar = known_as("numpy.core.multiarray", "scalar", lambda *arguments: None)
float_storage = known_as("torch", "FloatStorage", type("FloatStorage", (), {}))
float32 = known_as("torch", "float32", type("dtype", (), {"__reduce__": lambda self: "float32"})())
device = stand_in("torch", "device", ("cpu",))
size = stand_in("torch", "Size", ((2, 3),))
f8 = stand_in("numpy", "dtype", ("f8", False, True), (3, "<", None, None, None, -1, -1, 0))


class Reduced:
    def __init__(self, function, arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


class Storage:
    def __init__(self, key, numbers):
        self.key, self.numbers = key, numbers


class Pickler(pickle.Pickler):
    def persistent_id(self, item):
        if isinstance(item, Storage):
            return "storage", float_storage, item.key, "cpu", len(item.numbers)


def tensor(storage, shape, strides, first=0):
    return Reduced(rebuild, (storage, first, shape, strides, False, collections.OrderedDict()))


def state(prefix, storage):
    weight, bias = tensor(storage, (2, 2), (2, 1)), tensor(storage, (2,), (1,), 4)
    return collections.OrderedDict({f"{prefix}features.module.0.weight": weight, f"{prefix}fc.bias": bias})


def save(path, content, storages):
    pickled = io.BytesIO()
    Pickler(pickled, protocol=2).dump(content)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        entries = {"data.pkl": pickled.getvalue(), "byteorder": b"little", "version": b"3\n"}
        entries |= {f"data/{s.key}": struct.pack(f"<{len(s.numbers)}f", *s.numbers) for s in storages}
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(f"archive/{name}"), data)


def main(directory):
    weights, averages = Storage("0", [1, 2, 3, 4, 5, 6]), Storage("1", [10, 20, 30, 40, 50, 60])
    moments = Storage("2", [0] * 4)
    beside = {
        "epoch": 7,
        "args": argparse.Namespace(lr=0.1, milestones=[30, 60], inner=argparse.Namespace(a=None)),
        "best": Reduced(scalar, (f8, struct.pack("<d", 0.5))),
        "counts": collections.Counter("aab"),
        "lists": collections.defaultdict(list, x=[1]),
        "last": collections.deque([1.5]),
        "seen": {1, 2},
        "frozen": frozenset([3]),
        "complex": complex(1, 2),
        "raw": bytearray(b"ab"),
        "bytes": b"\x80",
        "device": device,
        "dtype": float32,
        "size": size,
        "long": 1 << 80,
        "path": pathlib.PurePosixPath("/a/b"),
        "optimizer": {"state": {0: {"step": 3, "exp_avg": tensor(moments, (2, 2), (2, 1))}}, "param_groups": [{"lr": 0.1}]},
    }
    directory = pathlib.Path(directory)
    save(directory / "training.pth", beside | {"state_dict": state("module.", weights)}, [weights, moments])
    both = {"model": state("module.", weights), "model_ema": state("module._orig_mod.", averages)}
    save(directory / "ema.pth", beside | both, [weights, averages, moments])
    save(directory / "gan.pth", {"netG": state("", weights), "netD": state("", averages)}, [weights, averages])


if __name__ == "__main__":
    main(sys.argv[1])
