"""Every problem of a file is reported at once: file, line, key, what is wrong, what would be right."""

import pytest


def test_a_sound_file_has_no_issue(issues, house):
    assert issues(house) == []


def test_all_problems_of_a_file_come_at_once_by_line(issues):
    assert issues("""\
        metres: []
        log: info,site:debgu
        database:
          type: postgres
        site:
          residualPwer: 100
          prioritySoc: 50
          meters:
            grid: gird
            pv: [pv, pv2]
        meters:
        - name: grid
          type: custom
        - name: pv
          template: eastron
        - name: grid
          type: custom
        chargers:
        - name: wallbox
          type: custom
        loadpoints:
        - title: Carport
          charger: wallbx
          mode: solar
          phases: 3
          enable: {threshold: 100 W}
        """) == [
        "evcc.yaml:1: metres: failed parsing config file: unknown key. Did you mean 'meters'?",
        "note: evcc.yaml:2: log: 'debgu' is no log level. Did you mean 'debug'?",
        "evcc.yaml:4: database.type: invalid database: 'postgres'. Only sqlite is possible.",
        "evcc.yaml:6: site.residualPwer: unknown key. Did you mean 'residualPower'?",
        "note: evcc.yaml:7: site.prioritySoc: is not read any more. Set it in the web page or through the API.",
        "evcc.yaml:9: site.meters.grid: there is no meter 'gird'. Did you mean 'grid'?",
        "evcc.yaml:10: site.meters.pv[1]: there is no meter 'pv2'. Did you mean 'pv'?",
        "evcc.yaml:14: meters[1].type: is missing. Write 'type: template' above it.",
        "evcc.yaml:16: meters[2].name: 'grid' is used twice, first in line 12. Give one of them another name.",
        "evcc.yaml:23: loadpoints[0].charger: there is no charger 'wallbx'. Did you mean 'wallbox'?",
        "evcc.yaml:24: loadpoints[0].mode: 'solar' is not possible here. Use off, now, minpv or pv.",
        "note: evcc.yaml:25: loadpoints[0].phases: is not read any more. Set it in the web page or through the API.",
        "evcc.yaml:26: loadpoints[0].enable.threshold: needs a number, not '100 W'.",
    ]


@pytest.mark.parametrize(
    ("text", "issue"),
    [
        ("network: {port: 70000}", "evcc.yaml:1: network.port: 70000 is no port. Ports are 1 to 65535."),
        ("network: {port: abc}", "evcc.yaml:1: network.port: needs a whole number, not 'abc'."),
        ("network: text", "evcc.yaml:1: network: needs 'key: value' lines below it."),
        ("interval: 30", "note: evcc.yaml:1: interval: 30 without a unit is nanoseconds and not used. Write 30s."),
        ("interval: soon", "evcc.yaml:1: interval: 'soon' is no duration; write 30s, 5m or 1h30m."),
        ("interval: 10ms", "note: evcc.yaml:1: interval: is below 0.1s, so 10s is used."),
        ("interval: -5s", "evcc.yaml:1: interval: must not be negative, like -5s."),
        ("levels: {site: loud}", "note: evcc.yaml:1: levels.site: 'loud' is no log level. "
         "Use fatal, error, warn, info, debug or trace."),
        ("uri: 0.0.0.0:7070", "note: evcc.yaml:1: uri: is not read any more. Write network.host and network.port."),
        ("mqtt: {broker: b, usr: u}", "evcc.yaml:1: mqtt.usr: failed parsing config file: unknown key. "
         "Did you mean 'user'?"),
        ("javascript: [{vm: a, scrip: b}]", "evcc.yaml:1: javascript[0].scrip: failed parsing config file: "
         "unknown key. Did you mean 'script'?"),
        ("meters: [grid]", "evcc.yaml:1: meters[0]: needs 'key: value' lines. Begin each entry with '- name: …'."),
        ("meters: [{type: custom}]", "evcc.yaml:1: meters[0].name: is missing. Every device needs a name of its own."),
        ("chargers: [{name: w}]", "evcc.yaml:1: chargers[0].type: is missing. Write 'type: template' or 'custom'."),
        ("meters: [{name: zähler, type: custom}]", "note: evcc.yaml:1: meters[0].name: 'zähler' holds other signs "
         "than letters, digits and _ . : -. Choose a plain name."),
    ],
)  # fmt: skip
def test_each_mistake_has_its_sentence(issues, text, issue):
    assert [found for found in issues(text) if "not used yet" not in found] == [issue]


@pytest.mark.parametrize(
    ("text", "issue"),
    [
        ("- title: x", "evcc.yaml:16: loadpoints[1].charger: is missing."),
        ("- charger: wallbox\n  priority: -1", "evcc.yaml:17: loadpoints[1].priority: must be 0 or more, not -1."),
        ("- charger: wallbox\n  meter: grdi", "evcc.yaml:17: loadpoints[1].meter: there is no meter 'grdi'. "
         "Did you mean 'grid'?"),
        ("- charger: wallbox\n  vehicle: zoe", "evcc.yaml:17: loadpoints[1].vehicle: there is no vehicle 'zoe'. "
         "There are no vehicles in this file."),
        ("- charger: wallbox\n  soc: {poll: {mode: allways}}", "evcc.yaml:17: loadpoints[1].soc.poll.mode: 'allways' "
         "is not possible here. Did you mean 'always'?"),
        ("- charger: wallbox\n  soc: {min: 20}", "note: evcc.yaml:17: loadpoints[1].soc.min: is not read any more. "
         "A vehicle's minimum SoC is set in the web page."),
        ("- charger: wallbox\n  resetOnDisconnect: true", "note: evcc.yaml:17: loadpoints[1].resetOnDisconnect: is not "
         "read any more. At disconnect the mode of the file is taken; limits end."),
        ("- charger: wallbox\n  enable: {delay: 60}", "note: evcc.yaml:17: loadpoints[1].enable.delay: 60 without a "
         "unit is nanoseconds and not used. Write 60s."),
        ("- charger: wallbox\n  enable: {threshold: -100}\n  disable: {threshold: -200}", "note: evcc.yaml:17: "
         "loadpoints[1].enable.threshold: -100 W lies above disable.threshold, -200 W. "
         "Enable must be the smaller one."),
    ],
)  # fmt: skip
def test_each_mistake_of_a_loadpoint_has_its_sentence(issues, house, text, issue):
    assert issues(f"{house}{text}\n") == [issue]


def test_a_positive_enable_threshold_is_said(issues, house):
    assert issues(f"{house}  enable: {{threshold: 500}}\n  disable: {{threshold: 600}}\n") == [
        "note: evcc.yaml:16: loadpoints[0].enable.threshold: 500 W starts the charge from the grid. "
        "Export is negative: write -500."
    ]


@pytest.mark.parametrize(
    ("circuits", "expected"),
    [
        ("[{name: main, maxCurrent: 16}]", []),
        ("[{name: main, maxCurrent: 16}, {name: garage, parent: main}]", []),
        ("[{name: main}, {name: b}]", ["circuits[1]: has no parent, and 'main' has none either. "
                                       "Only one circuit may be the root."]),
        ("[{name: main}, {name: b, parent: mian}]", ["circuits[1].parent: there is no circuit 'mian'. "
                                                     "Known are: main."]),
        ("[{name: main, parent: main}]", ["circuits[0].parent: leads back to this circuit. "
                                          "One circuit must have no parent."]),
        ("[{name: main, parent: b}, {name: b, parent: main}]", [
            "circuits[0].parent: leads back to this circuit. One circuit must have no parent.",
            "circuits[1].parent: leads back to this circuit. One circuit must have no parent."]),
        ("[{name: main, maxCurrent: 16A}]", ["circuits[0].maxCurrent: needs a number, not '16A'."]),
        ("[{name: main, maxPower: -1}]", ["circuits[0].maxPower: must be 0 or more, not -1."]),
        ("[{name: main, meter: grdi}]", ["circuits[0].meter: there is no meter 'grdi'. Did you mean 'grid'?"]),
        ("[{name: 'a b'}]", ["circuits[0].name: 'a b' holds other signs than letters, digits and _ . : -. "
                             "Choose a plain name."]),
        ("[{maxCurrent: 16}]", ["circuits[0].name: is missing."]),
    ],
)  # fmt: skip
def test_circuits_form_one_tree(issues, house, circuits, expected):
    found = [issue for issue in issues(f"{house}circuits: {circuits}\n") if "no circuit's limit" not in issue]
    assert found == [f"evcc.yaml:16: {issue}" for issue in expected]


def test_a_loadpoint_outside_of_all_circuits_is_said(issues, house):
    assert issues(f"{house}circuits: [{{name: main, maxCurrent: 16}}]\n") == [
        "note: evcc.yaml:15: loadpoints[0]: belongs to no circuit, so no circuit's limit counts for it. "
        "Name one under 'circuit'."
    ]


def test_a_house_without_grid_and_pv_meter_is_said(issues):
    assert issues("site: {title: x}\nchargers: [{name: w, type: custom}]\nloadpoints: [{charger: w}]\n") == [
        "note: evcc.yaml:1: site.meters: names neither a grid nor a pv meter, so no surplus is known. "
        "Name one under grid or pv."
    ]


def test_known_sections_without_use_are_kept_and_said_and_empty_ones_are_not(read, issues, house):
    text = f"{house}tariffs: {{currency: CHF}}\nmessaging:\nmqtt:\nshm: {{vendorId: u}}\nsponsortoken: secret\n"
    assert issues(text) == ["note: evcc.yaml:19: shm: is not used yet."]
    assert read(text).kept == {"shm": {"vendorid": "u"}}
    assert read(text).currency == "CHF"


def test_a_syntax_error_is_the_only_issue_and_says_what_evccs_page_looks_for(read):
    configuration = read("site: [\n")
    assert [issue.kind for issue in configuration.issues] == ["configfile"]
    assert "failed parsing config file" in str(configuration.issues[0])
    assert configuration.port == 7070


def test_a_file_that_is_not_there_is_an_issue(tmp_path):
    from evcc_flask.config.load import load

    issue = load(tmp_path / "evcc.yaml", {}).issues[0]
    assert str(issue) == (
        f"{tmp_path}/evcc.yaml: failed parsing config file: No such file or directory. "
        "Check the path and its permissions."
    )
    folder = load(tmp_path, {}).issues[0]
    assert "Is a directory" in str(folder)
