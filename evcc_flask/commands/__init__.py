"""What the subcommands of ``evcc-flask`` do; :mod:`evcc_flask.cli` only reads their words."""
