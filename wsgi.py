"""What gunicorn serves. Importing it starts the controller of this process."""

import os

from evcc_flask.wiring import application as started

application = started(os.environ)
