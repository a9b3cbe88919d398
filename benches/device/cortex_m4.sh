#!/usr/bin/env bash
# Compiles generated C for a Cortex-M4 and runs it under QEMU on images whose labels are known.
#
#   cortex_m4.sh HEADER SOURCE IMAGES LABELS [RESULTS]
#
# IMAGES: all images one behind the other, a byte a pixel, or floats if the network takes no pixels. LABELS: their lowest bytes. RESULTS:
# the 32 bits of every number of every result. Fails unless all are met. Prints flash and RAM from the linker's sections, and how many
# instructions an image takes: QEMU executes one a nanosecond (-icount shift=0), SysTick counts them, a loop of known length calibrates
# it. A Cortex-M4 needs more cycles than instructions: loads, branches and flash that waits.
# FLAGS adds compiler flags; OUT keeps the files of the build in a folder.
set -euo pipefail

if [[ $# -lt 4 ]]; then
  sed -n '2,12s/^# \?//p' "$0" >&2
  exit 2
fi
here="$(cd "$(dirname "$0")" && pwd)"
header="$(realpath "$1")" source="$(realpath "$2")" images="$(realpath "$3")" labels="$(realpath "$4")"
results="${5:+$(realpath "$5")}"

as_root() {
  if [[ "$(id -u)" == 0 ]]; then "$@"; else sudo -n "$@"; fi
}

if ! command -v arm-none-eabi-gcc >/dev/null || ! command -v qemu-system-arm >/dev/null; then
  echo "Installing the compiler and QEMU for ARM"
  packages=(gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm)
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get install -y --no-install-recommends "${packages[@]}" >/dev/null ||
    { as_root apt-get update >/dev/null && as_root apt-get install -y --no-install-recommends "${packages[@]}" >/dev/null; }
fi

name="$(basename "$header" .h)"
upper="$(tr '[:lower:]' '[:upper:]' <<<"$name")"
work="${OUT:-$(mktemp -d)}"
mkdir -p "$work"
[[ -n "${OUT:-}" ]] || trap 'rm -rf "$work"' EXIT
cd "$work"

read -r -a more <<<"${FLAGS:-}"
gcc=(arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -Wall -Wextra -Werror -O2 -ffunction-sections -fdata-sections "${more[@]}")
defines=(-DHEADER="\"$header\"" -DNAME="$name" -DUPPER="$upper" -DIMAGES="\"$images\"" -DLABELS="\"$labels\"")
if grep -q "${name}_run_pixels" "$header"; then defines+=(-DPIXELS); fi
if [[ -n "$results" ]]; then defines+=(-DRESULTS="\"$results\""); fi

"${gcc[@]}" -std=c99 -pedantic -I"$(dirname "$header")" -c "$source" -o network.o
"${gcc[@]}" -c "$here/startup.c" -o startup.o
"${gcc[@]}" "${defines[@]}" -c "$here/main.c" -o main.o
"${gcc[@]}" "${defines[@]}" -c "$here/images.S" -o images.o
"${gcc[@]}" -nostartfiles -T "$here/link.ld" -Wl,--gc-sections,-Map=network.map network.o startup.o main.o images.o -o network.elf

arm-none-eabi-size -A network.elf | awk '
  { bytes[$1] = $2 }
  END {
    printf "flash: %d bytes of constants, %d of code, %d of the compiler'"'"'s library\n",
      bytes[".network_constants"], bytes[".network_code"], bytes[".library_code"]
    printf "RAM: %d bytes of results in flight\n", bytes[".arena"] + bytes[".network_data"]
  }'
timeout 120 qemu-system-arm -M mps2-an386 -nographic -icount shift=0 -semihosting-config enable=on,target=native -kernel network.elf </dev/null 2>&1
