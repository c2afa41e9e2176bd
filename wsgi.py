"""What gunicorn serves. Importing it starts the controller of this process."""

import os
import sys
import traceback

from evcc_flask.storage.problem import StorageProblem
from evcc_flask.wiring import application as started

BOOT_ERROR = 3
"""gunicorn's master then ends, too, instead of trying for ever."""

try:
    application = started(os.environ)
except StorageProblem as problem:
    print(problem, file=sys.stderr)
    raise SystemExit(BOOT_ERROR) from None
except Exception as error:  # noqa: BLE001 # why: the last line must be a sentence to act upon
    traceback.print_exc()
    print(
        f"evcc-flask cannot start: {error or type(error).__name__}. This is a fault of the program; please report it "
        "with the lines above. Until then, the version before, or a file without the part that they name, will start.",
        file=sys.stderr,
    )
    raise SystemExit(BOOT_ERROR) from None
