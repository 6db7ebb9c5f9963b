#!/usr/bin/env bash
# Installs what the tests need and the machine lacks: through apt when root, otherwise it names the packages and stops.
set -euo pipefail

missing=()
[ -x /usr/lib/postgresql/15/bin/initdb ] || missing+=(postgresql-15)
[ -e /usr/share/postgresql/15/extension/postgis.control ] || missing+=(postgresql-15-postgis-3)
[ -x /usr/bin/chromium ] || missing+=(chromium)
command -v osmium >/dev/null || missing+=(osmium-tool)
command -v ogrinfo >/dev/null || missing+=(gdal-bin)
[ -x /usr/bin/time ] || missing+=(time)
command -v soffice >/dev/null || missing+=(libreoffice-writer-nogui)
command -v pdfinfo >/dev/null || missing+=(poppler-utils)
command -v python3 >/dev/null || missing+=(python3)
command -v pdftotext >/dev/null || missing+=(poppler-utils)
command -v openssl >/dev/null || missing+=(openssl)
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
schemathesis() {
  # In a folder of its own, at the versions that requirements.txt names.
  local venv; venv=$(dirname "$0")/../target/venv
  cmp -s "$(dirname "$0")/requirements.txt" "$venv/installed.txt" && return
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$(dirname "$0")/requirements.txt"
  cp "$(dirname "$0")/requirements.txt" "$venv/installed.txt"
}
if [ ${#missing[@]} = 0 ]; then
  schemathesis
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "The tests need these packages: ${missing[*]}" >&2
  echo "Install them (apt-get install ${missing[*]}) and run make test again." >&2
  exit 1
fi
echo "Installing for the tests: ${missing[*]}"
# Debian would start a cluster of its own, which the tests neither need nor touch.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
schemathesis
