"""What is wrong with a run of MPEG-TS packets (ISO/IEC 13818-1), in words; none if all is well."""

from collections.abc import Iterator
from typing import NamedTuple

PACKET_BYTES = 188
CLOCK_HZ = 90_000
CLOCK_WITHIN = 9_000
"""100 ms (2.7.2)."""
TABLES_WITHIN = 45_000
"""500 ms: what ETSI TR 101 290 calls an error."""


class Packet(NamedTuple):
    pid: int
    begins: bool
    counter: int
    payload: bytes | None
    clock: int | None


def read_packets(data: bytes) -> Iterator[Packet]:
    """Raises `ValueError` where packets are no packets."""
    for at in range(0, len(data), PACKET_BYTES):
        packet = data[at : at + PACKET_BYTES]
        if len(packet) < PACKET_BYTES or packet[0] != 0x47:
            raise ValueError(f"no packet begins at byte {at}")
        control = packet[3] >> 4 & 3
        begin = 4
        clock = None
        if control & 2:
            length = packet[4]
            if length != 183 if control == 2 else length > 182:
                raise ValueError(f"an adaptation field of {length} bytes at byte {at}")
            begin = 5 + length
            if length and packet[5] & 0x10:
                clock = int.from_bytes(packet[6:10], "big") << 1 | packet[10] >> 7
        payload = packet[begin:] if control & 1 else None
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        yield Packet(pid, bool(packet[1] & 0x40), packet[3] & 15, payload, clock)


def lint(data: bytes) -> list[str]:
    try:
        packets = list(read_packets(data))
    except ValueError as error:
        return [str(error)]
    return [*_counters(packets), *_clocks(packets), *_tables(packets), *_units(packets)]


def _counters(packets: list[Packet]) -> Iterator[str]:
    last: dict[int, int] = {}
    for number, packet in enumerate(packets):
        expected = (last.get(packet.pid, packet.counter - 1) + (packet.payload is not None)) % 16
        if packet.counter % 16 != expected and packet.pid in last:
            yield f"packet {number}: PID {packet.pid} counts {packet.counter}, not {expected}"
        last[packet.pid] = packet.counter


def _clocks(packets: list[Packet]) -> Iterator[str]:
    last: int | None = None
    for number, packet in enumerate(packets):
        if packet.clock is None:
            continue
        if last is not None and (packet.clock - last) % (1 << 33) > CLOCK_WITHIN:
            yield f"packet {number}: the clock goes from {last} to {packet.clock}"
        last = packet.clock


def _tables(packets: list[Packet]) -> Iterator[str]:
    if not packets or packets[0].pid != 0:
        yield "it does not begin with its tables"
    clock = next((each.clock for each in packets if each.clock is not None), 0)
    seen: dict[int, int] = {}
    for number, packet in enumerate(packets):
        clock = packet.clock if packet.clock is not None else clock
        if packet.pid not in (0, 0x1000) or packet.payload is None:
            continue
        length = (packet.payload[2] & 15) << 8 | packet.payload[3]
        if _checksum(packet.payload[1 : 4 + length]):
            yield f"packet {number}: a table's checksum is wrong"
        if clock - seen.get(packet.pid, clock) > TABLES_WITHIN:
            yield f"packet {number}: no table for {clock - seen[packet.pid]} ticks"
        seen[packet.pid] = clock


def _units(packets: list[Packet]) -> Iterator[str]:
    """Lengths of PES packets, and that no payload is empty."""
    open_units: dict[int, bytearray] = {}
    for number, packet in enumerate(packets):
        if packet.payload is None or packet.pid in (0, 0x1000):
            continue
        if not packet.payload:
            yield f"packet {number}: no payload"
        if packet.begins:
            yield from _unit(open_units.pop(packet.pid, None), number)
            open_units[packet.pid] = bytearray()
        open_units.setdefault(packet.pid, bytearray()).extend(packet.payload)
    for unit in open_units.values():
        yield from _unit(unit, len(packets))


def _unit(unit: bytearray | None, number: int) -> Iterator[str]:
    if unit is None:
        return
    if unit[:3] != b"\0\0\1":
        yield f"before packet {number}: no PES packet"
    length = int.from_bytes(unit[4:6], "big")
    if length and length != len(unit) - 6:
        yield f"before packet {number}: {len(unit) - 6} bytes in place of {length}"


def _checksum(section: bytes) -> int:
    """Annex A, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in section:
        for bit in range(7, -1, -1):
            carry = crc >> 31 ^ (byte >> bit & 1)
            crc = (crc << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if carry else 0)
    return crc
