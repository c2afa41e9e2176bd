"""What charging is: pure values and functions, standard library only.

Nothing here reads a clock, a file, a socket or a lock. Time comes in as a :class:`~evcc_flask.domain.moment.Moment`,
the world as a :class:`~evcc_flask.domain.snapshot.Snapshot`, wishes as
:class:`~evcc_flask.domain.settings.Settings`; what comes out is a
:class:`~evcc_flask.domain.decision.Decision`.

Units are in the names: ``_w`` watt, ``_a`` ampere per phase, ``_v`` volt, ``_kwh`` kilowatt hours, ``_s`` seconds,
``_percent`` 0 to 100. Signs: grid import +, generation +, battery discharge +, consumption of loads and cars +.
"""
