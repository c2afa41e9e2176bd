"""Rules of the whole tree that no linter knows: who reads clocks, how long a file may be, what it may be called."""

import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]

CLOCKS = re.compile(
    r"\b(?:datetime|date)\.(?:now|utcnow|today)\b"
    r"|\btime\.(?:time|monotonic|perf_counter|process_time|sleep)(?:_ns)?\b"
    r"|\bfrom time import\b"
)
"""What reads a clock, or waits for one."""

VAGUE = {"utils", "util", "helpers", "helper", "misc", "common", "manager"}

LONGEST = 400
"""Lines of a module; what is longer is two things."""


@pytest.fixture(scope="module")
def files():
    """Every file of the project, as a path from its top."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a checkout of git")
    return [Path(line) for line in listed.splitlines() if (TOP / line).is_file()]


def modules(files, *rooms):
    return [file for file in files if file.suffix == ".py" and (not rooms or file.parts[0] in rooms)]


def lines_with(pattern, files):
    return [
        f"{file}:{number}: {line.strip()}"
        for file in files
        for number, line in enumerate((TOP / file).read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_one_module_reads_clocks(files):
    server = [Path("wsgi.py"), Path("gunicorn.conf.py")]
    ours = [file for file in modules(files, "evcc_flask", "migrations") if file != Path("evcc_flask/clock.py")]
    assert lines_with(CLOCKS, [*ours, *server]) == []


def test_no_test_sleeps(files):
    assert lines_with(re.compile(r"\btime\.sleep\("), modules(files, "tests")) == []


def test_modules_are_short(files):
    lengths = {str(file): len((TOP / file).read_text("utf-8").splitlines()) for file in modules(files)}
    assert {file: length for file, length in lengths.items() if length > LONGEST} == {}


def test_names_say_what_is_inside(files):
    assert [str(file) for file in files if VAGUE & {part.partition(".")[0] for part in file.parts}] == []


def test_the_checkout_is_named_nowhere(files):
    """A path of one machine is wrong on all others."""
    if len(TOP.parts) < 3:
        pytest.skip(f"{TOP} is too short a path to be told from other words")
    texts = [file for file in files if b"\0" not in (TOP / file).read_bytes()]
    assert lines_with(re.compile(re.escape(str(TOP)) + r"\b"), texts) == []


def test_packages_come_from_where_the_machine_takes_them(files):
    """No index and no mirror is named: who has one of their own has configured it."""
    asks = [
        file for file in files if file.parts[0] in (".ci", "script", "constraints.txt", "setup.cfg", "pyproject.toml")
    ]
    assert lines_with(re.compile("://"), asks) == []
