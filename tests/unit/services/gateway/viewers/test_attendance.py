from services.gateway.viewers.attendance import KICKED_S, Attendance, Session
from services.gateway.viewers.gate import ANYBODY


class Hall:
    """An attendance with its clock in hand, and who has come and gone."""

    def __init__(self, **target_s: float) -> None:
        self.now = 100.0
        self.joined: list[str] = []
        self.left: list[str] = []
        self.attendance = Attendance(
            target_s=lambda stream: target_s.get(stream, 2.0),
            on_join=lambda session: self.joined.append(session.id),
            on_leave=lambda session: self.left.append(session.id),
            clock=lambda: self.now,
        )

    def join(self, viewer: str, stream: str = "cam") -> None:
        self.attendance.join(stream, viewer, "hls", ANYBODY, "192.0.2.1")


def test_who_asks_for_nothing_during_three_target_durations_has_left() -> None:
    hall = Hall(slow=10.0)
    hall.join("a")
    hall.join("b")
    hall.join("c", "slow")
    hall.now += 4.9
    assert hall.attendance.touch("cam", "b")
    hall.attendance.sweep()
    assert hall.left == []

    hall.now += 0.1
    hall.attendance.sweep()
    assert hall.left == ["a"]
    assert not hall.attendance.touch("cam", "a")

    hall.now += 5
    hall.attendance.sweep()
    assert hall.left == ["a", "b"]
    hall.now += 19
    hall.attendance.sweep()
    assert hall.left == ["a", "b", "c"]


def test_session_is_of_one_stream() -> None:
    hall = Hall()
    hall.join("a")

    assert not hall.attendance.touch("other", "a")
    assert [session.id for session in hall.attendance.of("cam")] == ["a"]
    assert hall.attendance.of("other") == []


def test_kicked_session_leaves_and_is_refused_for_a_while() -> None:
    hall = Hall()
    hall.join("a")
    hall.attendance.kick("cam", "a")
    hall.attendance.kick("cam", "elsewhere")

    assert hall.left == ["a"]
    assert hall.attendance.is_kicked("cam", "a")
    assert hall.attendance.is_kicked("cam", "elsewhere")
    assert not hall.attendance.is_kicked("cam", "b")
    hall.now += KICKED_S
    hall.attendance.sweep()
    assert not hall.attendance.is_kicked("cam", "a")


def test_sessions_that_are_over_leave_at_once() -> None:
    hall = Hall()
    for viewer in "abc":
        hall.join(viewer)

    def is_b(session: Session) -> bool:
        return session.id == "b"

    hall.attendance.end_where(is_b)

    assert hall.left == ["b"]
