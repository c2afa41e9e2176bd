"""Passwords and API keys from the command line, beside a running server too."""

import re

import pytest
from click.testing import CliRunner

from evcc_flask.cli import main
from evcc_flask.clock import SystemClock
from evcc_flask.security.apikeys import Right
from evcc_flask.security.gate import Gate, WrongPassword
from evcc_flask.storage.database import Database

WORD = "open sesame"


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.setattr("evcc_flask.security.passwords.METHOD", "scrypt:1024:8:1")

    def call_(*words, said=None):
        return CliRunner().invoke(main, [*words, "--database", str(tmp_path / "house.db")], input=said)

    return call_


@pytest.fixture
def server(tmp_path):
    """The gate of a server that runs on the same file, two seconds later at each look."""

    class Clock(SystemClock):
        looks = 0

        def monotonic_s(self):
            self.looks += 1
            return self.looks * 2.0

    database = Database.open(tmp_path / "house.db", Clock())
    yield Gate(database, Clock())
    database.close()


def test_a_password_from_a_pipe_counts_at_once_and_ends_all_sessions(call, server):
    server.change(None, "old", "", None)
    session = server.login("old", "").text
    assert server.right(session, None) is Right.FULL
    answer = call("password", "set", said=f"{WORD}\n")
    assert (answer.exit_code, WORD in answer.output) == (0, False)
    assert "house.db" in answer.output
    assert server.right(session, None) is Right.NONE
    with pytest.raises(WrongPassword):
        server.login("old", "")
    assert server.right(server.login(WORD, "").text, None) is Right.FULL


@pytest.mark.parametrize(("said", "sentence"), [("\n", "cannot be empty"), ("x" * 73 + "\n", "at most 72")])
def test_what_can_be_no_password_is_refused_with_a_sentence(call, server, said, sentence):
    answer = call("password", "set", said=said)
    assert answer.exit_code == 1
    assert sentence in answer.output
    assert not server.password_set


def test_a_reset_forgets_the_password_and_all_sessions(call, server):
    server.change(None, WORD, "", None)
    session = server.login(WORD, "").text
    assert call("password", "reset").exit_code == 0
    assert not server.password_set
    assert server.right(session, None) is Right.NONE
    assert server.change(None, "anew", "", None) is True


def test_a_key_is_shown_once_and_opens_what_it_is_for(call, server, tmp_path):
    full = call("apikey", "add", "backup").output.strip()
    reading = call("apikey", "add", "widget", "--read-only").output.strip()
    assert re.fullmatch(r"evcc_[\w-]{43}", full)
    assert (server.right(None, full), server.right(None, reading)) == (Right.FULL, Right.READ)
    assert server.right(None, full[:-1]) is Right.NONE
    table = call("apikey", "list").output
    assert [line.split()[:2] for line in table.splitlines()] == [
        ["NAME", "MAY"],
        ["backup", "full"],
        ["widget", "read"],
    ]
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(key.removeprefix("evcc_").encode() in stored for key in (full, reading))
    assert full not in table


def test_a_revoked_key_opens_nothing(call, server):
    key = call("apikey", "add", "backup").output.strip()
    assert call("apikey", "revoke", "backup").exit_code == 0
    assert server.right(None, key) is Right.NONE
    assert call("apikey", "list").output == "There are no API keys.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "backup"), "there is a key 'backup' already"),
        (("add", "a/b"), "is no name for a key"),
        (("revoke", "backups"), "there is no key 'backups'. Known are: backup."),
    ],
)
def test_names_that_do_not_fit_are_refused_with_a_sentence(call, server, words, sentence):
    call("apikey", "add", "backup")
    answer = call("apikey", *words)
    assert (answer.exit_code, sentence in answer.output) == (1, True)


EVERY = (
    ("password", "set"),
    ("password", "reset"),
    ("apikey", "add", "backup"),
    ("apikey", "list"),
    ("apikey", "revoke", "backup"),
)


@pytest.mark.parametrize("words", EVERY)
def test_a_file_given_by_mistake_is_refused_and_stays_as_it_is(call, tmp_path, words):
    victim = tmp_path / "house.db"
    victim.write_text("site: {title: Home}\n")
    answer = call(*words, said=f"{WORD}\n")
    assert (answer.exit_code, "is no database, and stays as it is" in answer.output) == (1, True)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("house.db", "site: {title: Home}\n")]


@pytest.mark.parametrize("words", EVERY)
def test_a_damaged_database_is_left_to_the_server(call, tmp_path, words):
    content = b"SQLite format 3\0" + b"?" * 5000
    (tmp_path / "house.db").write_bytes(content)
    answer = call(*words, said=f"{WORD}\n")
    assert (answer.exit_code, "is damaged" in answer.output) == (1, True)
    assert (tmp_path / "house.db").read_bytes() == content


@pytest.mark.parametrize("words", EVERY)
def test_a_mistyped_path_makes_neither_folder_nor_database(tmp_path, words):
    place = tmp_path / "huose" / "house.db"
    answer = CliRunner().invoke(main, [*words, "--database", str(place)], input=f"{WORD}\n")
    assert (answer.exit_code, f"{place} is not there" in answer.output) == (1, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("words", "made"), [(words, words[1] in ("set", "add")) for words in EVERY])
def test_before_the_first_start_a_password_may_be_set_where_the_server_will_look(tmp_path, words, made):
    place = tmp_path / "var" / "house.db"
    said = CliRunner().invoke(main, list(words), input=f"{WORD}\n", env={"EVCC_DATABASE_DSN": str(place)})
    assert (said.exit_code == 0, place.exists()) == (made, made), said.output
