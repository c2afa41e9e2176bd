"""Links and their manners: one worker thread per serial port, Modbus endpoint or HTTP device.

A reader states what it needs (:class:`~evcc_flask.bus.needs.Need`); each cycle the links fetch what is due, merged
into as few transactions as the wire allows, and keep the answers with their age. Writes are jobs on the same worker
and go before reads.
"""
