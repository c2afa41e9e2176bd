"""What gunicorn serves. Importing it starts the controller of this process."""

import os
import sys

from evcc_flask.storage.problem import StorageProblem
from evcc_flask.wiring import application as started

BOOT_ERROR = 3
"""gunicorn's master then ends, too, instead of trying for ever."""

try:
    application = started(os.environ)
except StorageProblem as problem:
    print(problem, file=sys.stderr)
    raise SystemExit(BOOT_ERROR) from None
