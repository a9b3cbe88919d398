"""Holds exported ONNX and QONNX files against the integers that they must give.

    cargo run -p stairs-deploy --example onnx_reference -- FOLDER 0 249
    cargo run -p stairs-deploy --example onnx_reference -- FOLDER shapes
    python benches/peers/onnx_check.py FOLDER [--venv DIR] [--no-qonnx] [--speed]

Every result of every node that a file stores, and its output, is compared number by number: onnxruntime without and with
optimisation, batches of 1, 5 and 64, and the executor of qonnx. Integers must be equal, and floats that no float sum is in; float
layers are sums in onnxruntime's order, of which the largest relative difference is printed. Samples of which a float layer makes
infinities or NaN are left out. `--speed` compares with the float networks of the same layers, in turns.

Needs onnx, onnxruntime, qonnx and numpy. With `--venv DIR` they are installed by pip into a virtual environment there, if that is
not there yet, and the program goes on in it.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

PACKAGES = ["onnx==1.23.2", "onnxruntime==1.32.0", "qonnx==1.0.0", "numpy"]
LEVELS = ["ORT_DISABLE_ALL", "ORT_ENABLE_ALL"]
BATCHES = [1, 5, 64]


def enter(folder):
    """Goes on in a virtual environment, made if it is not there."""
    python = pathlib.Path(folder) / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    if pathlib.Path(sys.prefix).resolve() != pathlib.Path(folder).resolve():
        os.execv(python, [str(python), *sys.argv])


class Reference:
    """A program's samples and the results of its nodes."""

    def __init__(self, folder):
        self.facts = json.loads((folder / "reference.json").read_text())
        self.raw = (folder / "reference.bin").read_bytes()
        self.count = self.facts["samples"]
        self.samples = self.array(np.float32, self.facts["input"], 0)
        self.tame = ~np.array(self.facts["wild"])

    def array(self, kind, shape, at):
        size = self.count * int(np.prod(shape, dtype=np.int64))
        return np.frombuffer(self.raw, kind, size, at).reshape([self.count, *shape])

    def result(self, node):
        return self.array(np.float32 if node["float"] else np.int32, node["shape"], node["at"])

    def stored(self, names):
        """Nodes whose integers are in a file: name of the tensor, byte of 0, step."""
        return [(node, *node[names]) for node in self.facts["nodes"] if node[names]]


class Count:
    """Numbers compared and numbers wrong, by what was compared."""

    def __init__(self):
        self.compared, self.wrong, self.apart = collections.Counter(), collections.Counter(), collections.Counter()

    def compare(self, what, where, got, want, exact, tame):
        got, want = got[tame], want[tame].astype(np.float64)
        if got.shape != want.shape:
            sys.exit(f"{where}: shape {got.shape}, expected {want.shape}")
        if not exact:
            apart = np.abs(got - want) / np.maximum(np.abs(want), 1)
            self.apart[what] = max(self.apart[what], apart.max(initial=0))
            return
        wrong = got != want
        self.compared[what] += wrong.size
        self.wrong[what] += int(wrong.sum())
        if wrong.any():
            print(f"{where}: {wrong.sum()} of {wrong.size} wrong, as {got[wrong][:3]} for {want[wrong][:3]}")

    def print(self):
        for what, count in sorted(self.compared.items()):
            print(f"{what}: {self.wrong[what]} wrong of {count:,}")
        for what, apart in sorted(self.apart.items()):
            print(f"{what}: behind float sums, numbers are up to {apart:.1e} apart")


def session(model, level, threads=1, optimised=None):
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    if optimised:
        options.optimized_model_filepath = optimised
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def check_onnx(folder, reference, count):
    """A file in onnxruntime, with the tensors of integers as outputs too, and without."""
    model = onnx.load(folder / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    stored = reference.stored("tensor")
    plain = model.SerializeToString()
    for name in dict.fromkeys(tensor for _, tensor, _, _ in stored):
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    nodes, output = reference.facts["nodes"], reference.facts["output"]
    for level in LEVELS:
        whole, alone = session(model.SerializeToString(), level), session(plain, level)
        for batch in BATCHES:
            samples = np.arange(batch) % reference.count
            given = {"input": reference.samples[samples]}
            got = dict(zip([one.name for one in whole.get_outputs()], whole.run(None, given)))
            for node, tensor, zero, step in stored:
                where = f"{folder.name}, {level}, batch {batch}, {node['path']}"
                integers = (got[tensor].astype(np.float64) - zero) * step
                want, tame = reference.result(node)[samples], reference.tame[samples]
                count.compare(f"{level}, results", where, integers, want, node["exact"], tame)
            if output is not None:
                node, where = nodes[output], f"{folder.name}, {level}, batch {batch}, output"
                result = alone.run(None, given)[0].astype(np.float64)
                want, tame = reference.result(node)[samples], reference.tame[samples]
                count.compare(f"{level}, outputs", where, result, want, node["exact"], tame)


def check_qonnx(folder, reference, count):
    """A file in the executor of qonnx, which wants a batch of one size."""
    batch = min(4, reference.count)
    model = onnx.load(folder / "qonnx.onnx")
    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_value = batch
    model = ModelWrapper(model).transform(InferShapes())
    given = {"input": reference.samples[:batch]}
    got = execute_onnx(model, given, return_full_exec_context=True)
    output = model.graph.output[0].name
    for node, tensor, zero, step in reference.stored("custom"):
        integers = (np.asarray(got[tensor], np.float64) - zero) * step
        where = f"{folder.name}, qonnx, {node['path']}"
        count.compare("qonnx, results", where, integers, reference.result(node)[:batch], node["exact"], reference.tame[:batch])
    if not (folder / "float.onnx").exists():
        # Random programs may be constants, of which its tools lose shapes.
        return
    # What its tools make of a file before they do anything else.
    clean = cleanup_model(model)
    again = execute_onnx(clean, {clean.graph.input[0].name: given["input"]})[clean.graph.output[0].name]
    same = np.array_equal(np.asarray(got[output])[reference.tame[:batch]], again[reference.tame[:batch]])
    count.compared["qonnx, files cleaned up"] += 1
    count.wrong["qonnx, files cleaned up"] += not same


def check_float(folder, reference, count):
    """The float network of the same layers against double precision."""
    want = np.array(json.loads((folder / "float.json").read_text()))
    for level in LEVELS:
        got = session(str(folder / "float.onnx"), level).run(None, {"input": reference.samples})[0]
        tame = np.ones(len(want), bool)
        count.compare(f"{level}, float networks", folder.name, got.astype(np.float64), want, False, tame)


def check_quantised(folder, reference):
    """The quantised network in single precision against the program: how far outputs and labels are apart."""
    output = reference.facts["output"]
    want = reference.result(reference.facts["nodes"][output])
    got = session(str(folder / "quantised.onnx"), "ORT_ENABLE_ALL").run(None, {"input": reference.samples})[0]
    labels = int((got.argmax(1) != want.argmax(1)).sum())
    print(f"{folder.name}: in single precision, outputs up to {np.abs(got - want).max():.1e} apart, {labels} of {len(got)} labels")


def speed(folder, reference):
    """Medians of float and integer networks, in turns."""
    with tempfile.TemporaryDirectory() as place:
        optimised = str(pathlib.Path(place) / "optimised.onnx")
        session(str(folder / "model.onnx"), "ORT_ENABLE_ALL", 1, optimised)
        kinds = collections.Counter(node.op_type for node in onnx.load(optimised).graph.node)
    print(f"{folder.name}:", ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    files = [folder / "float.onnx", folder / "model.onnx"]
    for threads in (1, 2):
        sessions = [session(str(file), "ORT_ENABLE_ALL", threads) for file in files]
        for batch, rounds in ((1, 41), (64, 5)):
            given = {"input": reference.samples[np.arange(batch) % reference.count]}
            times = [[], []]
            for _ in range(rounds):
                for one, its in zip(sessions, times):
                    start = time.perf_counter()
                    one.run(None, given)
                    its.append(time.perf_counter() - start)
            floats, integers = (1e3 * float(np.median(its[1:])) for its in times)
            print(f"  {threads} threads, batch {batch}: float {floats:.2f} ms, integers {integers:.2f} ms, {floats / integers:.2f}×")


def main():
    count = Count()
    folders = sorted(file.parent for file in pathlib.Path(options.folder).glob("*/reference.json"))
    if not folders:
        sys.exit(f"{options.folder} has no folder with a reference.json: run the example onnx_reference first")
    for folder in folders:
        reference = Reference(folder)
        check_onnx(folder, reference, count)
        if not options.no_qonnx:
            check_qonnx(folder, reference, count)
        if (folder / "float.onnx").exists():
            check_float(folder, reference, count)
            check_quantised(folder, reference)
    print(f"{len(folders)} programs")
    count.print()
    if options.speed:
        for folder in folders:
            if (folder / "float.onnx").exists():
                speed(folder, Reference(folder))
    sys.exit(1 if sum(count.wrong.values()) else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--venv")
    parser.add_argument("--no-qonnx", action="store_true")
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    if options.venv:
        enter(options.venv)
    try:
        import numpy as np
        import onnx
        import onnxruntime as ort

        if not options.no_qonnx:
            warnings.filterwarnings("ignore")
            ort.set_default_logger_severity(4)
            from qonnx.core.modelwrapper import ModelWrapper
            from qonnx.core.onnx_exec import execute_onnx
            from qonnx.transformation.infer_shapes import InferShapes
            from qonnx.util.cleanup import cleanup_model
    except ModuleNotFoundError as missing:
        sys.exit(f"no module {missing.name}: pip install {' '.join(PACKAGES)}, or --venv DIR, which does it there")
    main()
