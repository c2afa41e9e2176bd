"""Values from and to the topics of an MQTT broker: that of the house, or one of the plugin's own."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from evcc_flask.bus.mqtt import MqttSpec, Topic, broker_of, login_of
from evcc_flask.bus.needs import Need
from evcc_flask.domain.issues import Misconfigured

from .fields import Flag, Loose, Text, Timeout
from .heard import Heard
from .made import Written
from .pipeline import PipelineSchema, pipeline
from .ports import Sink, Source, Value
from .problems import Problems, load
from .shop import Shop
from .values import Kind
from .wording import wording


class Broker(Loose):
    """The keys of a broker, here and in the section ``mqtt`` of an evcc.yaml."""

    broker = Text(load_default="")
    user = Text(load_default="")
    password = Text(load_default="")
    clientid = Text(load_default="")
    insecure = Flag(load_default=False)
    cacert = Text(load_default="")
    clientcert = Text(load_default="")
    clientkey = Text(load_default="")


class Mqtt(PipelineSchema, Broker):
    topic = Text(required=True)
    payload = Text(load_default=None)
    retained = Flag(load_default=False)
    timeout = Timeout(load_default=0.0)
    qos = fields.Raw(load_default=None)
    """Taken and passed over: we listen with 0 and write with 1, so that a write is known to have arrived."""


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    problems = Problems()
    settings = problems.sound(Mqtt(), node)
    steps = problems.build(lambda: pipeline(settings, kind))
    spec = problems.build(lambda: spec_of(settings, shop.broker))
    if not settings.get("topic"):
        problems.tell("is empty", "topic")
    problems.end()
    assert steps is not None
    assert spec is not None
    topic = settings["topic"]
    need = Need(shop.bus.mqtt(spec), Topic(topic), max_age_s)
    return Heard(need, steps.run, f"{spec.place} {topic}", settings["timeout"] or shop.lapse_s, shop.clock)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    problems = Problems()
    settings = problems.sound(Mqtt(), node)
    spec = problems.build(lambda: spec_of(settings, shop.broker))
    text = settings["payload"]
    payload = problems.build(lambda: wording(f"${{{param_name}}}" if text is None else text, param_name), "payload")
    topic = problems.build(lambda: wording(settings.get("topic", ""), param_name), "topic")
    problems.end()
    assert spec is not None
    assert payload is not None
    assert topic is not None
    link, retain = shop.bus.mqtt(spec), settings["retained"]

    def write(value: Value) -> None:
        where, what = topic.filled(value), payload.filled(value).encode()
        link.do(lambda wire: wire.publish(where, what, retain=retain))

    return Written(link, write)


def house_broker(section: Mapping[str, Any]) -> MqttSpec | None:
    """The broker of the section ``mqtt``, whose other keys were checked before; None where there is none.

    Raises Misconfigured, or a group of them.
    """
    schema = Broker()
    settings = load(schema, {key: value for key, value in section.items() if key in schema.load_fields})
    return spec_of(settings) if settings["broker"] else None


def spec_of(settings: dict[str, Any], otherwise: MqttSpec | None = None) -> MqttSpec:
    """The broker of checked ``settings``; without one ``otherwise``. Raises Misconfigured."""
    if not settings["broker"]:
        if otherwise is None:
            raise Misconfigured("is missing", ("broker",), "Name it here, or for all under mqtt: at the top.")
        return otherwise
    address, user, password = login_of(settings["broker"])
    try:
        host, port, tls = broker_of(address)
    except Misconfigured as problem:
        raise problem.below("broker") from None
    return MqttSpec(
        host,
        port,
        tls or bool(settings["cacert"] or settings["clientcert"]),
        settings["user"] or user,
        settings["password"] or password,
        settings["clientid"],
        settings["insecure"],
        settings["cacert"],
        settings["clientcert"],
        settings["clientkey"],
    )
