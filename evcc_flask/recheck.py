"""Looks at the configuration anew, in a process of its own, before a running house is given up for it."""

import subprocess
import sys

from evcc_flask.options import Options

PATIENCE_S = 20.0
"""Reading the files costs 2 s of a slow processor."""


def mistakes(options: Options) -> str:
    """What is wrong in the files now, a line for each mistake; '' where a server may start on them."""
    named = ["-c", str(options.config)] if options.config else []
    command = [sys.executable, "-P", "-m", "evcc_flask.cli", "check", "--offline", *named]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        return f"the configuration could not be read within {PATIENCE_S:g} s"
    if done.returncode == 0:
        return ""
    errors = [line for line in done.stdout.splitlines() if line.startswith("error")]
    return "\n".join(errors) or done.stderr.strip() or done.stdout.strip()
