import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading

import pytest

from evcc_flask.storage.database import Database
from evcc_flask.storage.owner import Owner
from evcc_flask.storage.problem import StorageProblem


def test_a_locked_database_says_so_and_writes_when_it_is_free(opened, path):
    database = opened()
    database.save({"a": 1}).wait(2.0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    receipt = database.save({"a": 2})
    assert "locked" in receipt.wait(5.0)
    assert "locked" in str(database.problem())
    database.save({"b": 3})
    other.execute("ROLLBACK")
    while database.save({"c": 4}).wait(5.0):
        pass
    assert database.problem() is None
    assert {"a": 2, "b": 3, "c": 4}.items() <= database.settings().items()
    other.close()


def test_closing_takes_less_than_a_second_though_the_file_is_locked(opened, path):
    database = opened()
    database.save({"a": 1}).wait(2.0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database.save({"a": 2})
    ended = threading.Event()
    threading.Thread(target=lambda: (database.close(), ended.set())).start()
    assert ended.wait(1.0)
    other.close()


FULL = """
import json, resource, signal, sys
from pathlib import Path
from evcc_flask.clock import SystemClock
from evcc_flask.storage.database import Database

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
database = Database.open(path, SystemClock())
first = database.save({"a": 1}).wait(5.0)
size = path.with_name(path.name + "-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
full = database.save({"a": "x" * 100_000}).wait(5.0)
said = str(database.problem())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
later = database.save({"b": 2})
while later.wait(5.0):
    pass
print(json.dumps([first, full, said, database.problem(), len(database.settings()["a"]), database.settings()["b"]]))
database.close()
"""


def test_a_disk_without_room_loses_nothing_and_is_said(path):
    import json

    answer = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, timeout=30)
    assert answer.returncode == 0, answer.stderr
    first, full, said, after, length, later = json.loads(answer.stdout)
    assert (first, after, length, later) == (None, None, 100_000, 2)
    assert full
    assert "cannot be written" in said


ON_A_SMALL_DISK = """
import sys
from pathlib import Path
from evcc_flask.clock import SystemClock
from evcc_flask.storage.database import Database
from evcc_flask.storage.owner import Owner
from evcc_flask.storage.problem import StorageProblem

disk = Path(sys.argv[1])
database = Database.open(disk / "evcc.db", SystemClock())
database.save({"a": 1}).wait(5.0)
try:
    (disk / "rest").write_bytes(bytes(1 << 20))
except OSError:
    pass
while database.save({"a": "x" * 10_000}).wait(5.0) is None:
    pass
print(database.problem())
try:
    Owner.take(disk / "other.db")
except StorageProblem as problem:
    print(problem)
try:
    Database.open(disk / "other.db", SystemClock())
except StorageProblem as problem:
    print(problem)
(disk / "rest").unlink()
while database.save({"b": 2}).wait(5.0):
    pass
print(database.problem())
database.close()
"""


def test_a_full_disk_is_called_by_its_name(tmp_path):
    small = ["unshare", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs -o size=400k none "$0" && exec "$@"']
    if subprocess.run([*small, str(tmp_path), "true"], capture_output=True).returncode != 0:
        pytest.skip("no disk of its own can be made here")
    words = [*small, str(tmp_path), sys.executable, "-c", ON_A_SMALL_DISK, str(tmp_path)]
    answer = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    running, second, new, after = answer.stdout.splitlines()
    assert "cannot be written (the disk is full)" in running
    assert "the disk is full" in second
    assert "the disk is full" in new
    assert after == "None"


@pytest.mark.parametrize("damage", ["no database", "page"])
def test_a_damaged_file_is_kept_aside_and_a_new_one_started(opened, path, damage):
    first = opened()
    first.save({f"key{n}": "x" * 200 for n in range(500)}).wait(2.0)
    first.close()
    if damage == "page":
        with path.open("r+b") as file:
            file.seek(8192)
            file.write(b"\xff" * 12000)
    else:
        path.write_bytes(b"SQLite format 3\0" + b"<html>no database</html>" * 1000)
    content = path.read_bytes()
    second = opened()
    (issue,) = second.issues
    (aside,) = path.parent.glob("evcc.db.damaged-*")
    assert aside.read_bytes() == content
    assert str(aside) in str(issue)
    assert "set the password anew at once" in str(issue)
    assert not issue.fatal
    assert second.settings() == {}
    assert second.save({"a": 1}).wait(2.0) is None


def test_a_file_that_is_no_database_is_refused_and_stays_as_it_is(path, clock):
    path.write_text("meters: []\n")
    path.chmod(0o644)
    with pytest.raises(StorageProblem, match="is no database, and stays as it is"):
        Database.open(path, clock)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert path.read_text() == "meters: []\n"
    assert path.stat().st_mode & 0o777 == 0o644


def test_an_empty_file_becomes_a_database(opened, path):
    path.touch()
    assert opened().issues == ()


def test_a_file_that_another_program_holds_is_refused_and_not_taken_for_damaged(opened, path, clock):
    opened().close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = exclusive")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageProblem, match="locked by another program"):
        Database.open(path, clock)
    other.close()
    assert list(path.parent.glob("*damaged*")) == []


def test_a_place_that_cannot_be_written_is_refused_with_a_sentence(tmp_path, clock):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageProblem, match="Give a file that can be written"):
        Database.open(tmp_path / "file" / "evcc.db", clock)


def test_a_second_server_is_refused_and_told_who_holds_the_file(path):
    owner = Owner.take(path)
    with pytest.raises(StorageProblem, match=f"process {os.getpid()}"):
        Owner.take(path)
    owner.release()
    Owner.take(path).release()
    assert list(path.parent.iterdir()) == []


def test_a_killed_server_leaves_the_way_free(path):
    script = textwrap.dedent(f"""
        from pathlib import Path
        from evcc_flask.storage.owner import Owner
        owner = Owner.take(Path({str(path)!r}))
        print("taken", flush=True)
        input()
    """)
    child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "taken\n"
    with pytest.raises(StorageProblem, match=f"process {child.pid}"):
        Owner.take(path)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    Owner.take(path).release()
