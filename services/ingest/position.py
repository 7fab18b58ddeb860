"""What is in force at each tag that the replay window still holds."""

from typing import NamedTuple

from libs.media.flv import Tag


class Position(NamedTuple):
    """What a reader must know that begins at a certain tag."""

    headers: tuple[Tag, ...]
    """The sequence headers in force, one a track."""
    generation: int
    discontinuities: int
    """Of the session, before the tag."""


class _Epoch(NamedTuple):
    number: int
    generation: int
    discontinuities: int


class Positions:
    """Remembers sequence headers, generations and discontinuities by tag number.

    `number` is always the tag that brought the change: it is in force for the tags behind it.
    """

    def __init__(self) -> None:
        self._headers: list[tuple[int, str, Tag]] = []
        self._epochs: list[_Epoch] = [_Epoch(-1, 0, 0)]

    @property
    def discontinuities(self) -> int:
        """Of the session so far."""
        return self._epochs[-1].discontinuities

    def resume(self, number: int, position: Position) -> None:
        """Begin with what another log had in force just before tag `number`."""
        self._headers = [
            (number - 1, f"{header.type.name}.0", header) for header in position.headers
        ]
        self._epochs = [_Epoch(number - 1, position.generation, position.discontinuities)]

    def configure(self, number: int, track: str, header: Tag) -> None:
        """`track` has a new sequence header."""
        self._headers.append((number, track, header))

    def begin_generation(self, number: int, generation: int) -> None:
        self._epochs.append(_Epoch(number, generation, self.discontinuities))

    def discontinue(self, number: int) -> None:
        last = self._epochs[-1]
        self._epochs.append(_Epoch(number, last.generation, last.discontinuities + 1))

    def at(self, tag: int) -> Position:
        """What is in force just before `tag`."""
        headers = {track: header for number, track, header in self._headers if number < tag}
        epoch = next(
            (item for item in reversed(self._epochs) if item.number < tag), self._epochs[0]
        )
        return Position(tuple(headers.values()), epoch.generation, epoch.discontinuities)

    def forget_before(self, tag: int) -> None:
        """No reader begins before `tag` any more."""
        latest = {track: number for number, track, _ in self._headers if number < tag}
        self._headers = [
            item for item in self._headers if item[0] >= tag or item[0] == latest[item[1]]
        ]
        old = [item for item in self._epochs if item.number < tag]
        if len(old) > 1:
            del self._epochs[: len(old) - 1]
