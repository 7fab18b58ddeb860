"""The limit of FLV fan-out in Python: what comes in on one port goes out to all on the other.

It parses nothing, checks nothing and keeps nothing; each tick is one `send` a viewer. Usage:
`python raw_sender.py PUBLISH_PORT WATCH_PORT TICK_MS`.
"""

import select
import socket
import sys
import time

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: video/x-flv\r\n\r\n"


def main(  # noqa: C901, PLR0912 - in one piece, so that nothing but sending costs
    publish_port: int, watch_port: int, tick_s: float
) -> None:
    doors = [socket.create_server(("127.0.0.1", port), backlog=2048)
             for port in (publish_port, watch_port)]  # fmt: skip
    poll = select.epoll()
    for door in doors:
        poll.register(door.fileno(), select.EPOLLIN)
    greeted: dict[int, socket.socket] = {}
    watching: list[socket.socket] = []
    publisher: socket.socket | None = None
    pending: list[bytes] = []
    due = 0.0
    while True:
        for fd, _ in poll.poll(max(0.0, due - time.monotonic()) if pending else None):
            if fd == doors[0].fileno():
                publisher, _ = doors[0].accept()
                poll.register(publisher.fileno(), select.EPOLLIN)
            elif fd == doors[1].fileno():
                viewer, _ = doors[1].accept()
                viewer.setblocking(False)
                greeted[viewer.fileno()] = viewer
                poll.register(viewer.fileno(), select.EPOLLIN)
            elif publisher is not None and fd == publisher.fileno():
                data = publisher.recv(1 << 20)
                if not data:
                    poll.unregister(fd)
                elif not pending:
                    due = time.monotonic() + tick_s
                pending += [data] if data else []
            else:
                poll.unregister(fd)
                viewer = greeted.pop(fd)
                if viewer.recv(4096):
                    viewer.send(_HEAD)
                    watching.append(viewer)
        if pending and time.monotonic() >= due:
            chunk = b"".join(pending)
            pending.clear()
            gone = []
            for viewer in watching:
                try:
                    viewer.send(chunk)
                except OSError:
                    gone.append(viewer)
            for viewer in gone:
                watching.remove(viewer)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) / 1000)
