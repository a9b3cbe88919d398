"""Golden numbers of measures of networks before training, computed independently of this repository.

    pip install numpy
    python benches/peers/golden_measures.py > crates/stairs-capacity/tests/golden/baselines.json

Every convolution is written out as a matrix, weight by weight. Gradients are complex steps of each parameter, spectral norms
are singular values, synaptic flow and the path norm follow their definitions: derivatives and sums of the network of absolute
and of squared weights.
"""

import json

import numpy as np

STEP = 1e-30


def numbers(rng, count, low=-1.0, high=1.0):
    return [round(float(x), 4) for x in rng.uniform(low, high, count)]


def layer_matrix(layer, shape, weight):
    """The linear map of a layer as a matrix [outputs, inputs], and the shape of its outputs."""
    if layer["kind"] == "dense":
        return weight.reshape(layer["channels"], -1), (layer["channels"], 1, 1)
    channels, height, width = shape
    (kh, kw), (sh, sw) = layer["kernel"], layer["stride"]
    (top, bottom), (left, right) = layer["padding"]
    rows, columns = (height + top + bottom - kh) // sh + 1, (width + left + right - kw) // sw + 1
    kernel = weight.reshape(layer["channels"], channels, kh, kw)
    matrix = np.zeros((layer["channels"], rows, columns, channels, height, width), weight.dtype)
    for o in range(layer["channels"]):
        for y in range(rows):
            for x in range(columns):
                for c in range(channels):
                    for i in range(kh):
                        for j in range(kw):
                            v, u = y * sh + i - top, x * sw + j - left
                            if 0 <= v < height and 0 <= u < width:
                                matrix[o, y, x, c, v, u] += kernel[o, c, i, j]
    out = (layer["channels"], rows, columns)
    return matrix.reshape(np.prod(out), -1), out


def pooled(layer, image, mean=None):
    """2 x 2 windows side by side; `mean` replaces the factor of the mean."""
    if layer["pool"] is None:
        return image
    channels, height, width = image.shape
    out = np.zeros((channels, height // 2, width // 2), image.dtype)
    for c in range(channels):
        for y in range(height // 2):
            for x in range(width // 2):
                window = image[c, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2].ravel()
                if layer["pool"] == "max":
                    out[c, y, x] = window[np.argmax(window.real)]
                else:
                    out[c, y, x] = window.sum() * (0.25 if mean is None else mean)
    return out


def lists(layer):
    return [key for key in ("weight", "bias", "scale", "shift") if layer[key]]


def folded(layer):
    """Weights and biases with the normalisation in them."""
    weight = np.array(layer["weight"]).reshape(layer["channels"], -1)
    bias = np.array(layer["bias"]) if layer["bias"] else np.zeros(layer["channels"])
    if layer["scale"]:
        gain = np.array(layer["scale"]) / np.sqrt(np.array(layer["variance"]) + layer["epsilon"])
        weight = gain[:, None] * weight
        bias = gain * (bias - np.array(layer["mean"])) + np.array(layer["shift"])
    return weight, bias


def forward(network, parameters, sample, codes=None):
    image = np.array(sample, dtype=complex).reshape(network["shape"])
    for layer, own in zip(network["layers"], parameters):
        matrix, shape = layer_matrix(layer, image.shape, own["weight"])
        z = (matrix @ image.ravel()).reshape(shape)
        if layer["bias"]:
            z = z + own["bias"][:, None, None]
        if layer["scale"]:
            deviation = np.sqrt(np.array(layer["variance"]) + layer["epsilon"])
            z = (z - np.array(layer["mean"])[:, None, None]) / deviation[:, None, None]
            z = own["scale"][:, None, None] * z + own["shift"][:, None, None]
        if layer["relu"]:
            if codes is not None:
                codes.extend((z.real > 0).ravel())
            z = np.where(z.real > 0, z, 0)
        image = pooled(layer, z)
    return image.ravel()


def loss(network, parameters):
    total = 0
    for sample, label in zip(network["inputs"], network["labels"]):
        z = forward(network, parameters, sample)
        total = total + np.log(np.exp(z).sum()) - z[label]
    return total / len(network["labels"])


def gradient_norm(network):
    parameters = [{key: np.array(layer[key], dtype=complex) for key in lists(layer)} for layer in network["layers"]]
    squares = 0.0
    for own in parameters:
        for values in own.values():
            for at in range(len(values)):
                values[at] += STEP * 1j
                squares += (loss(network, parameters).imag / STEP) ** 2
                values[at] -= STEP * 1j
    return np.sqrt(squares)


def flow(network, weights, mean):
    """Sum of the outputs of the network of non-negative weights at the all-ones input."""
    image = np.ones(network["shape"], dtype=complex)
    for layer, (weight, bias) in zip(network["layers"], weights):
        matrix, shape = layer_matrix(layer, image.shape, weight)
        image = pooled(layer, (matrix @ image.ravel()).reshape(shape) + bias[:, None, None], mean)
    return image.sum()


def synflow(network):
    weights = [[np.abs(part).astype(complex) for part in folded(layer)] for layer in network["layers"]]
    total = 0.0
    for own in weights:
        for part in own:
            flat = part.reshape(-1)
            for at in range(len(flat)):
                flat[at] += STEP * 1j
                total += flat[at].real * flow(network, weights, 0.25).imag / STEP
                flat[at] -= STEP * 1j
    return np.log(total)


def path_norm(network):
    weights = [[part**2 for part in folded(layer)] for layer in network["layers"]]
    return np.log(flow(network, weights, 0.25**2).real)


def naswot(network):
    parameters = [{key: np.array(layer[key], dtype=complex) for key in lists(layer)} for layer in network["layers"]]
    codes = []
    for sample in network["inputs"]:
        codes.append([])
        forward(network, parameters, sample, codes[-1])
    codes = np.array(codes, dtype=float)
    return np.linalg.slogdet(codes @ codes.T + (1 - codes) @ (1 - codes).T)[1]


def spectral_norm(network):
    shape, total = tuple(network["shape"]), 0.0
    for layer in network["layers"]:
        matrix, shape = layer_matrix(layer, shape, folded(layer)[0])
        total += np.log(np.linalg.norm(matrix, 2))
        if layer["pool"]:
            shape = (shape[0], shape[1] // 2, shape[2] // 2)
    return total


def layer(rng, kind, channels, fan_in, bias=True, norm=False, relu=True, pool=None, **conv):
    of = lambda has, low=-1.0, high=1.0: numbers(rng, channels, low, high) if has else []
    return {
        "kind": kind,
        "channels": channels,
        "kernel": conv.get("kernel", [1, 1]),
        "stride": conv.get("stride", [1, 1]),
        "padding": conv.get("padding", [[0, 0], [0, 0]]),
        "relu": relu,
        "pool": pool,
        "weight": numbers(rng, channels * fan_in),
        "bias": of(bias),
        "scale": of(norm, 0.5, 1.5),
        "shift": of(norm),
        "mean": of(norm),
        "variance": of(norm, 0.2, 2.0),
        "epsilon": 1e-5,
    }


def main():
    rng = np.random.default_rng(21)
    mlp = [layer(rng, "dense", 7, 4), layer(rng, "dense", 5, 7, norm=True), layer(rng, "dense", 3, 5, relu=False)]
    cnn = [
        layer(rng, "conv", 3, 12, bias=False, norm=True, pool="max", kernel=[3, 2], padding=[[1, 1], [0, 1]]),
        layer(rng, "conv", 4, 12, pool="mean", kernel=[2, 2], stride=[1, 2], padding=[[1, 0], [1, 2]]),
        layer(rng, "dense", 3, 4, relu=False),
    ]
    cases = []
    for name, shape, layers in [("mlp", [4, 1, 1], mlp), ("cnn", [2, 5, 4], cnn)]:
        samples = 5
        network = {
            "name": name,
            "shape": shape,
            "layers": layers,
            "inputs": [numbers(rng, int(np.prod(shape)), -2.0, 2.0) for _ in range(samples)],
            "labels": [int(label) for label in rng.integers(0, 3, samples)],
        }
        measures = [gradient_norm, synflow, naswot, path_norm, spectral_norm]
        network["values"] = {measure.__name__: float(measure(network)) for measure in measures}
        cases.append(network)
    print(json.dumps({"cases": cases}))


main()
