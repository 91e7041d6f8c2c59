#!/usr/bin/env bash
# Shows the sample shop's dashboard in Streamlit: examples/bi/streamlit/run.sh <serving folder> <folder for Streamlit>
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export MILLRACE_SERVING; MILLRACE_SERVING=$(cd "$1" && pwd)
mkdir -p "$2"
work=$(cd "$2" && pwd)

test -x "$work/venv/bin/streamlit" || {
    "${PYTHON:-python3}" -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet -r "$here/requirements.txt"
}
exec "$work/venv/bin/streamlit" run "$here/app.py" --server.headless true --browser.gatherUsageStats false \
    --server.address 127.0.0.1 --server.port "${STREAMLIT_PORT:-8501}"
