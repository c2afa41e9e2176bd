"""Whether a TCP port can be listened on: asked before a server is started, so that a person gets a sentence."""

import socket


def is_free(port: int, host: str = "") -> bool:
    """Whether somebody could listen on a TCP port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            return True
        except OSError:
            return False
