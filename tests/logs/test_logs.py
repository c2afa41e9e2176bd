"""Log lines look as evcc's do, area by area, without secrets, and the last ones are kept."""

import io
import logging
from datetime import datetime

from evcc_flask.logs.ring import Line, Ring
from evcc_flask.logs.setup import TRACE, start_logs


class Log:
    """What was printed and what was kept."""

    def __init__(self, level: str, levels: dict[str, str]) -> None:
        self.stream, self.ring = io.StringIO(), Ring()
        noon = datetime(2025, 8, 10, 12, 34, 56).astimezone()
        start_logs(
            level,
            levels,
            redact=lambda text: text.replace("sesame", "***"),
            now=lambda: noon,
            stream=self.stream,
            ring=self.ring,
        )

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


def test_a_line_looks_as_evccs():
    log = Log("debug", {})
    logging.getLogger("lp-1").debug("offered %.1f A", 12.34)
    logging.getLogger("main").critical("end")
    assert log.lines == ["[lp-1  ] DEBUG 2025/08/10 12:34:56 offered 12.3 A", "[main  ] FATAL 2025/08/10 12:34:56 end"]


def test_each_area_has_its_level():
    log = Log("warn", {"site": "trace", "lp-1": "error"})
    logging.getLogger("site").log(TRACE, "deep")
    logging.getLogger("lp-1").warning("not heard")
    logging.getLogger("db").info("not heard")
    logging.getLogger("db").warning("heard")
    assert log.lines == ["[site  ] TRACE 2025/08/10 12:34:56 deep", "[db    ] WARN 2025/08/10 12:34:56 heard"]


def test_libraries_are_quiet_until_their_area_is_named():
    log = Log("debug", {})
    logging.getLogger("urllib3").debug("noise")
    assert log.lines == []
    log = Log("debug", {"urllib3": "debug"})
    logging.getLogger("urllib3").debug("wanted")
    assert log.lines == ["[urllib3] DEBUG 2025/08/10 12:34:56 wanted"]


def test_secrets_leave_neither_by_the_text_nor_by_a_traceback():
    log = Log("info", {})
    try:
        raise ValueError("sesame")
    except ValueError:
        logging.getLogger("db").exception("failed with %s", "sesame")
    assert "sesame" not in log.stream.getvalue()
    assert "sesame" not in log.ring.lines(0)[0]
    assert log.lines[-1] == "ValueError: ***"


def test_a_line_break_in_a_text_forges_no_line():
    log = Log("info", {})
    logging.getLogger("site").info("name: %s", "x\n[site  ] ERROR 2025/08/10 12:34:56 forged")
    assert len(log.lines) == 1


def test_a_second_start_replaces_the_first():
    first = Log("info", {})
    second = Log("info", {})
    logging.getLogger("site").info("once")
    assert (len(first.lines), len(second.lines)) == (0, 1)


def test_a_closed_stream_does_not_stop_the_caller(capsys):
    log = Log("info", {})
    log.stream.close()
    logging.getLogger("site").info("still here")
    assert log.ring.lines(0) == ["[site  ] INFO 2025/08/10 12:34:56 still here"]


def test_the_ring_keeps_the_last_lines_and_finds_them_by_level_and_area():
    ring = Ring(size=3)
    for number, (area, level) in enumerate([("a", 40), ("a", 20), ("b", 40), ("a", 30)]):
        ring.append(Line(area, level, str(number)))
    assert ring.lines(logging.DEBUG) == ["1", "2", "3"]
    assert ring.lines(logging.WARNING) == ["2", "3"]
    assert ring.lines(logging.DEBUG, areas={"a"}) == ["1", "3"]
    assert ring.lines(logging.DEBUG, count=1) == ["3"]
    assert ring.lines(logging.DEBUG, count=0) == []
    assert ring.areas() == ["a", "b"]


def test_the_journal_is_told_the_priority(tmp_path, monkeypatch):
    with (tmp_path / "journal").open("w+") as journal:
        status = (tmp_path / "journal").stat()
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        start_logs("debug", {}, redact=str, stream=journal, ring=Ring())
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
            logging.getLogger("site").log(level, "x")
        journal.seek(0)
        assert [line[:3] for line in journal] == ["<7>", "<6>", "<4>", "<3>", "<2>"]


def test_each_line_of_a_traceback_is_told_its_priority(tmp_path, monkeypatch):
    with (tmp_path / "journal").open("w+") as journal:
        status = (tmp_path / "journal").stat()
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        start_logs("debug", {}, redact=str, stream=journal, ring=Ring())
        try:
            raise ValueError("x")
        except ValueError:
            logging.getLogger("site").exception("failed")
        journal.seek(0)
        lines = journal.readlines()
        assert len(lines) > 3
        assert {line[:3] for line in lines} == {"<3>"}
