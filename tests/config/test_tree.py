"""YAML as evcc reads it, with the place of everything."""

import pytest

from evcc_flask.config.tree import parse


def root(text: str) -> dict:
    tree = parse(text.encode(), "evcc.yaml")
    assert tree.issues == []
    return tree.root


def problems(data: bytes | str) -> list[str]:
    tree = parse(data.encode() if isinstance(data, str) else data, "evcc.yaml")
    return [str(issue) for _, issue in tree.issues]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("off", "off"),
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("true", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        ("~", None),
        ("null", None),
        ("", None),
        ("12", 12),
        ("-7", -7),
        ("0x0C", 12),
        ("0o17", 15),
        ("1_000", 1000),
        ("0123", "0123"),
        ("1.5", 1.5),
        ("-0.25", -0.25),
        ("1.10", "1.10"),
        ("1e3", "1e3"),
        ("12:30", "12:30"),
        ("2024-02-30", "2024-02-30"),
        (".inf", ".inf"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
    ],
)
def test_a_plain_word_means_what_yaml_1_2_says_and_keeps_its_spelling(written, meant):
    value = root(f"key: {written}")["key"]
    assert value == meant
    assert type(value) is type(meant)


def test_keys_are_lower_cased_at_every_level_and_values_are_not():
    assert root("Site:\n  residualPower: Abc\n  List:\n  - Name: X") == {
        "site": {"residualpower": "Abc", "list": [{"name": "X"}]}
    }


def test_every_value_knows_its_line_and_how_its_key_was_spelled():
    places = parse(b"Site:\n  # a comment\n  residualPower: 1\nchargers:\n- name: a\n- Name: b\n", "evcc.yaml").places
    assert (places["site.residualpower"].line, places["site.residualpower"].key) == (3, "Site.residualPower")
    assert (places["chargers[1].name"].line, places["chargers[1].name"].key) == (6, "chargers[1].Name")


def test_a_list_of_one_entry_maps_is_known_by_both_paths():
    places = parse(b"site:\n- title: x\n- voltage: 230\n", "evcc.yaml").places
    assert places["site.voltage"].line == places["site[1].voltage"].line == 3


def test_anchors_and_merges_work_and_what_is_written_beside_wins():
    text = "base: &base {a: 1, b: 2}\nmore: &more {c: 3}\nuser:\n  <<: [*base, *more]\n  b: 5\n"
    assert root(text)["user"] == {"a": 1, "b": 5, "c": 3}


def test_a_key_that_is_set_twice_is_reported_in_any_spelling():
    assert problems("site:\n  title: a\n  Title: b\n") == [
        "evcc.yaml:3: site.Title: is set twice, first in line 2. Delete one of the two."
    ]


@pytest.mark.parametrize("empty", ["", "# nothing\n", "---\n", "\ufeff"])
def test_an_empty_file_is_legal(empty):
    assert root(empty) == {}


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("a: b: c", "1: … a second 'key:' on the same line, or a wrong indent; put a text with ': ' in quotes."),
        ("a:\n\tb: 1", "2: … a tab indents this line; use spaces."),
        ("a: @b", "1: … a text that begins with '@' must stand in quotes."),
        ("- a", "1: … the file must hold 'key: value' lines at its top."),
        ("just text", "1: … the file must hold 'key: value' lines at its top."),
        ("a: 1\n---\nb: 2", "2: … a second document ('---') begins here; evcc reads one only."),
        ("a: *b", "1: … the alias '*b' names no anchor before it."),
        ("a: &b [*b]", "1: … the alias '*b' names no anchor before it."),
        ("? [a]\n: 1", "1: … a key must be a word, not a list or a map."),
        ("a: 1\n<<: 5", "2: … '<<' merges maps only."),
        (b"a: 1\nb: \xe4\n", "2: … byte 0xe4 is not UTF-8; save the file as UTF-8."),
        (b"a: 1\nb: \x01\n", "2: … a control character; delete it."),
    ],
)
def test_a_file_that_is_no_yaml_is_one_issue_with_line_and_remedy(broken, sentence):
    line, _, words = sentence.partition(": … ")
    assert problems(broken) == [f"evcc.yaml:{line}: failed parsing config file: {words}"]


def test_ten_lines_cannot_become_a_billion_values():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert "aliases multiply beyond all measure" in problems("\n".join(lines))[0]


def test_depth_and_size_are_bounded():
    assert "nested deeper than 50 levels" in problems("[" * 100_000)[0]
    assert "larger than 1 MiB" in problems(b"#" * (1 << 20) + b"#")[0]


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("network:\n  host: here # port: 1\n  port: 7071\nsite: {title: 'x\n", 7071),
        ("Network: {schema: http, Port: 7072}\nsite: {\n", 7072),
        ("mqtt:\n  port: 1883\nsite: {\n", None),
        ("network:\n  host: here\nmqtt:\n  port: 1883\n\tsite: x\n", None),
    ],
)
def test_of_a_broken_file_the_port_is_read_so_that_the_page_is_where_it_was(text, port):
    tree = parse(text.encode(), "evcc.yaml")
    assert len(tree.issues) == 1
    assert tree.root == ({} if port is None else {"network": {"port": port}})
