#!/usr/bin/env bash
# Shows the sample shop's dashboard in Apache Superset: examples/bi/superset/run.sh <serving folder> <folder for Superset>
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
serving=$(cd "$1" && pwd)
mkdir -p "$2"
work=$(cd "$2" && pwd)
export SUPERSET_HOME="$work" SUPERSET_CONFIG_PATH="$here/superset_config.py" FLASK_APP=superset
: "${SUPERSET_SECRET_KEY:?set it to a long random text; the same one next time}"
: "${SUPERSET_ADMIN_PASSWORD:?set it to the password you want to log in with, as admin}"

test -x "$work/venv/bin/superset" || {
    "${PYTHON:-python3}" -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet -r "$here/requirements.txt"
}
export PATH="$work/venv/bin:$PATH"
cd "$work"
superset db upgrade
superset fab create-admin --username admin --firstname Millrace --lastname Admin --email admin@shop.example \
    --password "$SUPERSET_ADMIN_PASSWORD"
superset init

# The files say SERVING_DATABASE where the path of the copy belongs.
rm -rf dashboard dashboard.zip
cp -r "$here/dashboard" dashboard
python - "$serving/millrace.duckdb" <<'PYTHON'
import pathlib, shutil, sys

database = pathlib.Path("dashboard/databases/millrace.yaml")
database.write_text(database.read_text().replace("SERVING_DATABASE", sys.argv[1]))
shutil.make_archive("dashboard", "zip", ".", "dashboard")
PYTHON
superset import-dashboards --path dashboard.zip --username admin
test -n "${SUPERSET_IMPORT_ONLY:-}" || superset run --host 127.0.0.1 --port "${SUPERSET_PORT:-8088}"
