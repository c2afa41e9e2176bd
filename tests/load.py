"""Limits that are a claim about our program, measured on a machine that others use, too."""

import os
from pathlib import Path


def stretched(limit_s: float) -> float:
    """``limit_s`` of a quiet machine, times how many now want each of its cores."""
    running = int(Path("/proc/loadavg").read_text().split()[3].partition("/")[0])
    wanted = max(os.getloadavg()[0], running) / (os.cpu_count() or 1)
    return limit_s * max(1.0, wanted)
