#!/usr/bin/env bash
# Installs evcc-flask on Debian or Raspberry Pi OS, of the checkout in which it lies; run again, it updates what has
# changed and touches nothing else. Usage: sudo deploy/install.sh [--no-nginx] | --uninstall
#   --no-nginx   evcc-flask alone, on port 7070
#   --uninstall  removes what was made here; /etc/evcc-flask, /var/lib/evcc-flask and Debian's packages stay
#   --configure  all but the program, which a Debian package has brought
# DESTDIR=folder lays the files out below a folder, for a package, and leaves the machine alone.
set -euo pipefail
umask 022

root=${DESTDIR:-}
unset DESTDIR # it would lead the builds of packages astray
opt=/opt/evcc-flask
user=evcc-flask
changed=""
nginx=yes
packaged=""

say() { printf 'evcc-flask: %s\n' "$*"; }
fail() { printf 'install: %s\n' "$*" >&2; exit 1; }
# What is done to the machine is done neither below DESTDIR nor, for systemd, where another one is in charge.
here() { [ -z "$root" ]; }
systemd() { here && [ -d /run/systemd/system ]; }

# put SOURCE TARGET [MODE]: copies where it differs, and notes that.
put() {
  cmp -s "$1" "$root$2" && return
  install -D -m "${3:-644}" "$1" "$root$2"
  changed="$changed $2"
  say "wrote $2"
}

# keep SOURCE TARGET: what is there and differs, an owner's change perhaps, stays beside it as *.before-install.
keep() {
  [ -e "$root$2" ] && ! cmp -s "$1" "$root$2" || return 0
  cp -p "$root$2" "$root$2.before-install"
  say "kept $2.before-install"
}

# link TARGET NAME
link() {
  [ "$(readlink "$root$2" 2>/dev/null)" = "$1" ] && return
  mkdir -p "$(dirname "$root$2")"
  ln -sfn "$1" "$root$2"
  changed="$changed $2"
  say "linked $2"
}

drop() {
  local each
  for each in "$@"; do
    [ -e "$root$each" ] || [ -L "$root$each" ] || continue
    rm -rf -- "$root$each"
    say "removed $each"
  done
}

reload_nginx() {
  here && command -v nginx > /dev/null || return 0
  nginx -t -q || fail "nginx does not take its configuration; it goes on with the old one"
  if systemd; then systemctl reload-or-restart nginx; elif kill -0 "$(cat /run/nginx.pid 2> /dev/null)" 2> /dev/null; then nginx -s reload; fi
}

uninstall() {
  if systemd; then
    systemctl --quiet disable --now evcc-flask.service 2> /dev/null || true
    systemctl --quiet stop evcc-flask-lower.timer evcc-flask-lower.service 2> /dev/null || true
  fi
  drop /etc/systemd/system/evcc-flask.service /etc/systemd/system/evcc-flask-lower.service \
    /etc/udev/rules.d/61-evcc-flask.rules /usr/local/bin/evcc-flask "$opt" \
    /etc/nginx/sites-enabled/evcc-flask /etc/nginx/sites-available/evcc-flask /etc/nginx/snippets/evcc-flask.conf
  if [ -e /etc/evcc-flask/.nginx-default ] && [ -e /etc/nginx/sites-available/default ]; then
    link ../sites-available/default /etc/nginx/sites-enabled/default
  fi
  rm -f /etc/evcc-flask/.nginx-default
  reload_nginx
  if systemd; then systemctl daemon-reload; fi
  say "/etc/evcc-flask, /var/lib/evcc-flask and the user $user are kept; removed for good they are by:"
  say "  rm -r /etc/evcc-flask /var/lib/evcc-flask; userdel $user"
}

packages() {
  here && command -v dpkg-query > /dev/null || return 0
  # pyjq is compiled on Python 3.11; from 3.12 on jq brings a wheel for amd64 and arm64.
  local wanted=(python3-venv) missing=() each
  if "$python" -c 'import sys; sys.exit(sys.version_info >= (3, 12))' || [ "$(uname -m)" = armv7l ]; then
    wanted+=(python3-dev gcc make autoconf automake libtool flex bison)
  fi
  [ -z "$nginx" ] || command -v nginx > /dev/null || wanted+=(nginx-light)
  for each in "${wanted[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$each" 2> /dev/null)" = installed ] || missing+=("$each")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing Debian packages: ${missing[*]}"
  apt-get update -qq > /dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
}

# Of everything that is installed: the same sources, constraints and interpreter give the same version folder.
fingerprint() {
  { "$python" -VV
    find setup.py setup.cfg pyproject.toml constraints.txt wsgi.py gunicorn.conf.py migrations evcc_flask \
      dashboard/src dashboard/public dashboard/index.html dashboard/package-lock.json \
      -type f ! -name '*.pyc' ! -path 'evcc_flask/web/static/*' -print0 2> /dev/null \
      | LC_ALL=C sort -z | xargs -0 sha256sum
  } | sha256sum | cut -c1-10
}

program() {
  local number stamp folder static
  number=$(sed -n 's/^version = //p' setup.cfg)
  stamp=$(fingerprint)
  folder=$opt/versions/$number-$stamp
  if [ ! -e "$root$folder/complete" ]; then
    say "installing version $number into $folder; on a Raspberry Pi this takes some minutes"
    rm -rf -- "$root$folder"
    mkdir -p "$root$opt/versions"
    "$python" -m venv "$root$folder"
    # Of a copy: what a build leaves behind would find its way into the next one.
    copy=$(mktemp -d)
    trap 'rm -rf -- "$copy"' EXIT
    # 1: a file changed meanwhile, which somebody at work in the checkout may do.
    { tar -c --exclude=./.git --exclude=./.venv --exclude=node_modules --exclude=./build . || [ $? = 1 ]; } \
      | tar -x -C "$copy"
    # As a variable, the constraints hold for what packages are built with, too.
    PIP_CONSTRAINT=$PWD/constraints.txt "$root$folder/bin/python" -m pip install -q --disable-pip-version-check \
      --no-cache-dir --use-pep517 "$copy[integrations]"
    static=$(cd "$root$folder" && echo lib/python3*/site-packages/evcc_flask/web/static)
    ln -s "$static" "$root$folder/static"
    # Scripts name the place at which they will lie.
    if [ -n "$root" ]; then grep -rlI -- "$root" "$root$folder/bin" | xargs -r sed -i "s|$root||g"; fi
    touch "$root$folder/complete"
  fi
  link "versions/${folder##*/}" "$opt/venv"
  put deploy/evcc-flask.sh /usr/local/bin/evcc-flask 755
}

owner() {
  here || return 0
  if ! getent passwd "$user" > /dev/null; then
    useradd --system --user-group --home-dir /var/lib/evcc-flask --no-create-home --shell /usr/sbin/nologin "$user"
    say "made the user $user"
  fi
  if getent group dialout > /dev/null && ! id -nG "$user" | grep -qw dialout; then usermod -aG dialout "$user"; fi
}

# folder MODE OWNER PATH: made if it is not there.
folder() {
  [ -d "$root$3" ] || { mkdir -p "$root$3"; chmod "$1" "$root$3"; ! here || chown "$2" "$3"; say "made $3"; }
}

configuration() {
  folder 750 "root:$user" /etc/evcc-flask
  folder 750 "$user:$user" /var/lib/evcc-flask
  if [ ! -e "$root/etc/evcc-flask/evcc.yaml" ]; then
    # It may come to hold passwords.
    install -m 640 deploy/evcc.yaml "$root/etc/evcc-flask/evcc.yaml"
    ! here || chgrp "$user" /etc/evcc-flask/evcc.yaml
    say "wrote /etc/evcc-flask/evcc.yaml; 'sudo evcc-flask setup' fills it"
  fi
}

site() {
  [ -n "$nginx" ] || return 0
  [ -z "$packaged" ] || command -v nginx > /dev/null || return 0
  keep deploy/nginx.conf /etc/nginx/sites-available/evcc-flask
  put deploy/nginx.conf /etc/nginx/sites-available/evcc-flask
  keep deploy/nginx-locations.conf /etc/nginx/snippets/evcc-flask.conf
  put deploy/nginx-locations.conf /etc/nginx/snippets/evcc-flask.conf
  link ../sites-available/evcc-flask /etc/nginx/sites-enabled/evcc-flask
  # Debian's page of welcome answers for every name; it makes room if nobody has changed it.
  if here && [ -L /etc/nginx/sites-enabled/default ] && ! dpkg -V nginx-common 2> /dev/null | grep -q sites-available/default
  then
    rm /etc/nginx/sites-enabled/default
    touch /etc/evcc-flask/.nginx-default
    changed="$changed /etc/nginx/sites-enabled/default"
    say "nginx's page of welcome makes room for the house"
  fi
}

install_all() {
  python=${PYTHON:-python3}
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null \
    || fail "needs Python 3.11 or newer: Debian 12, Raspberry Pi OS of 2023 or later"
  [ -n "$packaged" ] || packages
  owner
  [ -n "$packaged" ] || program
  configuration
  put deploy/evcc-flask.service /etc/systemd/system/evcc-flask.service
  put deploy/evcc-flask-lower.service /etc/systemd/system/evcc-flask-lower.service
  put deploy/61-evcc-flask.rules /etc/udev/rules.d/61-evcc-flask.rules
  site
  case $changed in *nginx*) reload_nginx ;; esac
  if here && command -v udevadm > /dev/null && [ -d /run/udev ]; then
    case $changed in *udev*) udevadm control --reload && udevadm trigger --subsystem-match=tty --subsystem-match=usb-serial ;; esac
  fi
  if systemd; then
    case $changed in *systemd*) systemctl daemon-reload ;; esac
    systemctl is-enabled --quiet evcc-flask 2> /dev/null || systemctl --quiet enable evcc-flask
    case $changed in
      *venv* | *evcc-flask.service*) systemctl restart evcc-flask ;;
      *) systemctl is-active --quiet evcc-flask || systemctl start evcc-flask ;;
    esac
  fi
  if here && [ -n "$changed" ]; then
    say "the house answers on port 7070${nginx:+ and, behind nginx, on port 80}"
  fi
}

cd "$(dirname "$(readlink -f "$0")")/.."
what=install_all
for word in "$@"; do
  case $word in
    --uninstall) what=uninstall ;;
    --no-nginx) nginx="" ;;
    -h | --help)
      sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' deploy/install.sh
      exit 0
      ;;
    --configure) packaged=yes changed=" venv" ;;
    *) fail "unknown: $word. Usage: install.sh [--no-nginx] | --uninstall" ;;
  esac
done
if here && [ "$(id -u)" != 0 ]; then fail "needs root: sudo $0 $*"; fi
$what
