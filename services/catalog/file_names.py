"""The names of files made of what is on air, as clients of the replaced system know them.

    <stream>/mp4/<Y>/<M>/<D>/capture-<number>-<Y>-<MM>-<DD>_<HH>-<MM>-<SS>.mp4
    <stream>/motion/mp4/<Y>/<M>/<D>/capture-<Y>-<MM>-<DD>_<HH>-<MM>-<SS>.mp4
    <stream>/motion/images/<Y>/<M>/<D>/capture-<Y>-<MM>-<DD>_<HH>-<MM>-<SS>.jpg
    <stream>/images/<Y>/<M>/<D>/capture-<Y>-<MM>-<DD>_<HH>-<MM>-<SS>.jpg

Folders have no leading zeros. Times are UTC.
"""

from datetime import UTC, datetime


def video_name(stream: str, number: int, starts_at: datetime) -> str:
    return f"{_folder(stream, 'mp4', starts_at)}/capture-{number:03d}-{_time(starts_at)}.mp4"


def still_name(stream: str, taken_at: datetime) -> str:
    return f"{_folder(stream, 'images', taken_at)}/capture-{_time(taken_at)}.jpg"


def motion_video_name(stream: str, starts_at: datetime) -> str:
    return f"{_folder(stream, 'motion/mp4', starts_at)}/capture-{_time(starts_at)}.mp4"


def motion_still_name(stream: str, taken_at: datetime) -> str:
    return f"{_folder(stream, 'motion/images', taken_at)}/capture-{_time(taken_at)}.jpg"


def _folder(stream: str, kind: str, at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{stream}/{kind}/{at.year}/{at.month}/{at.day}"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d_%H-%M-%S}"
