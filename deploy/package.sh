#!/usr/bin/env bash
# Builds evcc-flask_<version>_<architecture>.deb into a folder. Usage: deploy/package.sh [FOLDER]
#
# The package is what install.sh lays out below DESTDIR, and install.sh itself, which its scripts call: so there is one
# list of files and one way to install, with or without a package. It holds a venv, as with dh-virtualenv, because the
# libraries that we need are not all in Debian, and fits the Python of the Debian on which it was built.
set -euo pipefail
umask 022

target=$(readlink -f "${1:-.}")
cd "$(dirname "$(readlink -f "$0")")/.."
tree=$(mktemp -d)
trap 'rm -rf -- "$tree"' EXIT
chmod 755 "$tree"

PYTHON=${PYTHON:-/usr/bin/python3}
export PYTHON
DESTDIR=$tree deploy/install.sh --no-nginx
version=$(sed -n 's/^version = //p' setup.cfg)
architecture=$(dpkg --print-architecture)
python=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
# What belongs to the machine is the installer's matter, at its end.
rm -rf "$tree/etc" "$tree/var"
mkdir -p "$tree/DEBIAN" "$tree/usr/share/evcc-flask"
cp -r deploy "$tree/usr/share/evcc-flask/deploy"

cat > "$tree/DEBIAN/control" <<CONTROL
Package: evcc-flask
Version: $version
Architecture: $architecture
Maintainer: the authors of evcc-flask <root@localhost>
Installed-Size: $(du -sk --exclude=DEBIAN "$tree" | cut -f1)
Depends: python3 (>= $python), python3 (<< ${python%.*}.$((${python#*.} + 1))), passwd
Recommends: nginx-light | nginx
Section: misc
Priority: optional
Description: charges electric cars with the sun
 A controller for wallboxes, meters and home batteries that reads an evcc.yaml and speaks evcc's API.
CONTROL
cat > "$tree/DEBIAN/postinst" <<'POSTINST'
#!/bin/sh
set -e
[ "$1" != configure ] || /usr/share/evcc-flask/deploy/install.sh --configure
POSTINST
cat > "$tree/DEBIAN/prerm" <<'PRERM'
#!/bin/sh
set -e
[ "$1" != remove ] || /usr/share/evcc-flask/deploy/install.sh --uninstall
PRERM
chmod 755 "$tree/DEBIAN/postinst" "$tree/DEBIAN/prerm"
dpkg-deb --root-owner-group --build "$tree" "$target/evcc-flask_${version}_$architecture.deb"
