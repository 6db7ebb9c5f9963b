#!/usr/bin/env bash
# Installs what building and trying the second engine needs and the machine lacks: a compiler of protocol buffers for one of its crates, and
# Vulkan in software, since a test machine has no graphics card. Nothing else of the project needs these packages.
set -euo pipefail

missing=()
command -v protoc >/dev/null || missing+=(protobuf-compiler)
ls /usr/lib/*/libvulkan.so.1 >/dev/null 2>&1 || missing+=(libvulkan1)
ls /usr/share/vulkan/icd.d/lvp_icd.*.json >/dev/null 2>&1 || missing+=(mesa-vulkan-drivers)
[ ${#missing[@]} = 0 ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "The tests of the maplibre engine need these packages: ${missing[*]}" >&2
  echo "Install them (apt-get install ${missing[*]}) and run make test-maplibre again." >&2
  exit 1
fi
echo "Installing for the maplibre engine: ${missing[*]}"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
