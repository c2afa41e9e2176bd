#!/bin/sh
# /usr/local/bin/evcc-flask: commands on the house that systemd runs. Its evcc.yaml is found in /etc/evcc-flask.
export EVCC_DATABASE_DSN="${EVCC_DATABASE_DSN-/var/lib/evcc-flask/evcc-flask.db}"
exec /opt/evcc-flask/venv/bin/evcc-flask "$@"
