#!/usr/bin/env bash
# Chromium, Firefox and QGIS for the tests that open the results in them, PostgreSQL with PostGIS for
# those that read and write a database. Installs them where it may, says what will be skipped
# where it may not; under CI=true it must not fail.
set -u
missing=()
command -v chromium >/dev/null || missing+=(chromium)
/usr/bin/python3 -c 'import qgis.core' 2>/dev/null || missing+=(qgis python3-qgis)
command -v firefox-esr >/dev/null || missing+=(firefox-esr)
fc-list 2>/dev/null | grep -qi 'noto.*cjk' || missing+=(fonts-noto-cjk fontconfig)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1 || missing+=(postgresql-postgis)
[ ${#missing[@]} -eq 0 ] && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
  echo "installing from Debian: ${missing[*]}"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null && exit 0
fi
if [ "${CI:-}" = true ]; then
  echo "cannot install ${missing[*]}, which CI may not do without" >&2
  exit 1
fi
echo "skipping the tests that need ${missing[*]}: install them with apt-get to run these too"
