"""What a broker keeps."""

from tests.broker import Broker, Speaker


def retained(broker: Broker, topic: str = "#") -> dict[str, str]:
    """Everything that the broker keeps, as a newcomer hears it."""
    newcomer = Speaker(broker)
    newcomer.listens(topic)
    newcomer.says("fence", "now", retain=False)
    newcomer.listens("fence")
    newcomer.says("fence", "then", retain=False)
    newcomer.hears("fence", "then")
    newcomer.close()
    return {where: what for where, what, kept in newcomer.heard if kept}
