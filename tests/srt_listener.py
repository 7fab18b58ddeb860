"""A server for SRT: ffmpeg that records a stream, and one of our own that says who came."""

import ctypes
import signal
import struct
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

import av

from libs.ffmpeg import find_ffmpeg
from services.relay.libsrt import SRTSocket, _socket_address, is_available
from tests.ports import free_port
from tests.required import lacking
from tests.waiting import wait_until

_STREAM_ID, _PASSPHRASE = 46, 26


def need_srt() -> None:
    if not is_available():
        lacking("libsrt 1.5", "apt install libsrt1.5-gnutls (ffmpeg brings it)")


def is_bound(port: int) -> bool:
    """Whether somebody listens at a UDP port of this machine."""
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(int(line.split()[1].split(":")[1], 16) == port for line in lines)


@dataclass
class FFmpegListener:
    """Takes one push after another start, each into a file of its own."""

    folder: Path
    passphrase: str = ""
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    records: list[Path] = field(default_factory=list)

    def url(self, stream_id: str = "cam") -> str:
        secret = f"&passphrase={self.passphrase}" if self.passphrase else ""
        return f"srt://127.0.0.1:{self.port}?streamid={stream_id}{secret}"

    def start(self) -> None:
        record = self.folder / f"record{len(self.records)}.ts"
        self.records.append(record)
        secret = f"&passphrase={self.passphrase}" if self.passphrase else ""
        url = f"srt://127.0.0.1:{self.port}?mode=listener{secret}"
        self.process = subprocess.Popen(
            [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", "-f", "mpegts", "-i", url,
             "-map", "0", "-c", "copy", "-copyts", "-f", "mpegts", "-flush_packets", "1",
             str(record)],
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(lambda: is_bound(self.port), within_s=10, what="the listener")

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None:
            self.signal(signal.SIGKILL)
            self.process.wait()

    def payloads(self, record: int = 0) -> list[bytes]:
        """The pictures of a record, as NAL units of a slice: what every container keeps."""
        return pictures(self.records[record])


def pictures(path: Path) -> list[bytes]:
    """Of each picture, its coded slices."""
    if not path.exists() or not path.stat().st_size:
        return []
    with av.open(str(path)) as container:
        is_annex_b = container.format.name == "mpegts"
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    return [b"".join(_slices(packet, is_annex_b=is_annex_b)) for packet in packets]


def _slices(packet: bytes, *, is_annex_b: bool) -> list[bytes]:
    """Types 1 and 5 of ITU-T H.264 table 7-1; start codes (annex B) or lengths are in front."""
    if is_annex_b:
        units = [unit.strip(b"\0") for unit in packet.split(b"\0\0\1")]
    else:
        units, at = [], 0
        while at < len(packet):
            (length,) = struct.unpack_from(">I", packet, at)
            units.append(packet[at + 4 : at + 4 + length].strip(b"\0"))
            at += 4 + length
    return [unit for unit in units if unit and unit[0] & 31 in (1, 5)]


class SRTListener:
    """In this process, so that no command line has its passphrase: who came, and what was sent."""

    def __init__(self, passphrase: str) -> None:
        self.port = free_port()
        self.stream_ids: list[str] = []
        self.received_bytes = 0
        self._listening = SRTSocket()
        self._srt = self._listening._srt
        self._id = self._listening._socket
        raw = passphrase.encode()
        self._srt.srt_setsockflag(self._id, _PASSPHRASE, raw, len(raw))
        name = _socket_address("127.0.0.1", self.port)
        assert self._srt.srt_bind(self._id, name, len(name)) == 0
        assert self._srt.srt_listen(self._id, 5) == 0
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        while (accepted := self._srt.srt_accept(self._id, None, None)) >= 0:
            name, size = ctypes.create_string_buffer(520), ctypes.c_int(520)
            self._srt.srt_getsockflag(accepted, _STREAM_ID, name, ctypes.byref(size))
            self.stream_ids.append(name.raw[: size.value].decode())
            data = ctypes.create_string_buffer(2048)
            while (got := self._srt.srt_recvmsg(accepted, data, len(data))) > 0:
                self.received_bytes += got
            self._srt.srt_close(accepted)
