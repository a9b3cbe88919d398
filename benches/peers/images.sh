#!/usr/bin/env bash
# Images per second of `stairs data bench` and of torchvision's DataLoader on the same folder, in turn, and their ratio.
#   benches/peers/images.sh STAIRS DIR [SIZE [ROUNDS [IMAGES]]]
# STAIRS is the release binary, DIR an image folder (image_folder.py, or stairs data export). The ratio is that of the
# medians over the rounds; for torchvision that of the number of workers with the best median counts.
set -euo pipefail
stairs=$1 dir=$2 size=${3:-224} rounds=${4:-3} images=${5:-400}
here=$(cd "$(dirname "$0")" && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for part in train val; do
  for ((round = 0; round < rounds; round++)); do
    "$stairs" data bench "$dir" --part "$part" --image-size "$size" --images "$images" --passes 1 |
      sed -E "s/.*: ([0-9.]+) images.*/$part stairs \1/" >>"$log"
    python3 "$here/image_loader.py" "$dir" --part "$part" --size "$size" --images "$images" |
      sed -E "s/workers ([0-9]+): ([0-9.]+) images.*/$part torchvision-\1 \2/" >>"$log"
  done
done
python3 - "$log" <<'PY'
import statistics, sys
rates = {}
for line in open(sys.argv[1]):
    part, who, rate = line.split()
    rates.setdefault(part, {}).setdefault(who, []).append(float(rate))
for part, found in rates.items():
    medians = {who: statistics.median(values) for who, values in found.items()}
    for who, values in found.items():
        print(f"{part:6} {who:14} median {medians[who]:8.1f} images/s  {[round(v, 1) for v in values]}")
    best = max(rate for who, rate in medians.items() if who != "stairs")
    print(f"{part:6} ratio {medians['stairs'] / best:.2f}")
PY
