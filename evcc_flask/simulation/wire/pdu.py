"""The part of Modbus that serial lines and TCP share: function code and data, answered from a slave's registers."""

import struct
from collections.abc import Sequence

from .station import (
    COILS,
    DEVICE_FAILURE,
    DISCRETES,
    HOLDINGS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    INPUTS,
    Fault,
    Refused,
    Station,
)

WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS = 5, 6, 15, 16
WRITES = frozenset({WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS})
MOST_REGISTERS = 125
MOST_BITS = 2000


def answer(station: Station, request: bytes) -> bytes:
    """The answer to a request, both without unit and check sum; an exception answer where the slave refuses."""
    function = request[0]
    station.requests += 1
    try:
        if station.fault is Fault.SERVER_ERROR or (station.fault is Fault.REFUSE_WRITE and function in WRITES):
            raise Refused(DEVICE_FAILURE)
        if function not in station.slave.functions:
            raise Refused(ILLEGAL_FUNCTION)
        return bytes([function]) + _carry_out(station, function, request[1:])
    except Refused as refusal:
        return bytes([function | 0x80, refusal.code])
    except struct.error:
        return bytes([function | 0x80, ILLEGAL_VALUE])


def _carry_out(station: Station, function: int, data: bytes) -> bytes:
    slave = station.slave
    address, argument = struct.unpack_from(">HH", data)
    if function in (COILS, DISCRETES):
        _check(1 <= argument <= MOST_BITS)
        bits = _pack(slave.read(function, address, argument))
        return bytes([len(bits)]) + bits
    if function in (HOLDINGS, INPUTS):
        _check(1 <= argument <= MOST_REGISTERS)
        words = slave.read(function, address, argument)
        return struct.pack(f">B{len(words)}H", 2 * len(words), *words)
    if function == WRITE_COIL:
        _check(argument in (0, 0xFF00))
        slave.write_bits(address, [1 if argument else 0])
    elif function == WRITE_REGISTER:
        slave.write(address, [argument])
    elif function == WRITE_COILS:
        _check(data[4] == (argument + 7) // 8 == len(data) - 5)
        slave.write_bits(address, [data[5 + place // 8] >> place % 8 & 1 for place in range(argument)])
    elif function == WRITE_REGISTERS:
        _check(data[4] == 2 * argument == len(data) - 5)
        slave.write(address, struct.unpack_from(f">{argument}H", data, 5))
    else:
        raise Refused(ILLEGAL_FUNCTION)
    return data[:4]


def _check(right: bool) -> None:
    if not right:
        raise Refused(ILLEGAL_VALUE)


def _pack(bits: Sequence[int]) -> bytes:
    packed = bytearray((len(bits) + 7) // 8)
    for place, bit in enumerate(bits):
        packed[place // 8] |= (1 if bit else 0) << place % 8
    return bytes(packed)
