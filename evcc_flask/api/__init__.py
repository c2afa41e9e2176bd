"""The HTTP API: one blueprint for each tag of the contract, errors and envelope as evcc's clients know them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from .context import Context


def register(app: "Flask", context: "Context") -> None:
    """Put the API under ``/api`` of ``app``."""
    from .assembly import assemble

    assemble(app, context)
