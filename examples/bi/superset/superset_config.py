"""What this example's Superset needs to know; everything it keeps lies in SUPERSET_HOME."""

import os
from pathlib import Path

SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = f"sqlite:///{Path(os.environ['SUPERSET_HOME']) / 'superset.db'}"
# One reader on one machine: no Redis, no workers, plain HTTP on loopback.
RATELIMIT_ENABLED = False
TALISMAN_ENABLED = False
# Name a role here to look without logging in, for screenshots; never where others can reach the port.
AUTH_ROLE_PUBLIC = os.environ.get("SUPERSET_ROLE_WITHOUT_LOGIN", "Public")
