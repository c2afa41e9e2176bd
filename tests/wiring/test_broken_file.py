"""A file that cannot be read: the web side is where it was, and says what is wrong."""


def test_health_names_the_line_on_which_the_file_breaks(serve):
    house = serve("network: {port: 7171}\nmeters: [\n")
    assert house.server.configuration.port == 7171
    house.shown(lambda state: state["cycle"] > 0)
    answer = house.client.get("/api/health")
    assert answer.status_code == 500
    assert answer.text.startswith("evcc.yaml:")
    assert "failed parsing config file" in answer.text
    assert house.client.get("/api/health?alive").status_code == 200
