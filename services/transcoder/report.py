"""What is said of a session's transcoding: its state, why, and which rungs are made."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from libs.events import (
    Message,
    RungReport,
    SoundReport,
    TranscodeChanged,
    TranscodeReport,
    TranscodeRequested,
    TranscodeState,
)
from libs.rung_sizes import NOT_SMALLER
from services.transcoder.take import SHED, Take

log = structlog.get_logger()


class Report:
    """Says `transcode.changed` at each change."""

    def __init__(
        self, order: TranscodeRequested, *, epoch: int, say: Callable[[Message], None]
    ) -> None:
        self._order = order
        self._say = say
        self._said = TranscodeReport(
            epoch=epoch, number=0, state="idle", since=datetime.now(UTC), take=0
        )
        self._log = log.bind(stream=order.stream, session=order.session, epoch=epoch)

    @property
    def state(self) -> TranscodeState:
        return self._said.state

    def tell_sound(self, sound: SoundReport | None) -> None:
        """Of the sound that is made AAC; None: there is none to be made."""
        if sound != self._said.sound:
            news = {"sound": sound, "number": self._said.number + 1}
            self._tell(self._said.model_copy(update=news))

    def enter(
        self,
        state: TranscodeState,
        take: Take | None,
        cause: str | None = None,
        detail: str | None = None,
    ) -> None:
        rungs = rungs_of(take) if take is not None else ()
        number = take.number if take is not None else self._said.take
        known = self._said
        marks = take.marks if take is not None else ()
        if (known.state, known.cause, known.rungs, known.take, known.marks) == (
            state, cause, rungs, number, marks
        ):  # fmt: skip
            return
        said = TranscodeReport(
            epoch=known.epoch,
            number=known.number + 1,
            state=state,
            cause=cause,
            detail=detail,
            since=known.since if known.state == state else datetime.now(UTC),
            take=number,
            rungs=rungs,
            marks=marks,
            sound=known.sound,
        )
        self._tell(said)

    def _tell(self, said: TranscodeReport) -> None:
        self._said = said
        is_bad = said.state == "failed" or said.cause is not None
        level = self._log.warning if is_bad else self._log.info
        level(
            "transcode.changed", state=said.state, cause=said.cause, detail=said.detail,
            take=said.take, rungs=[rung.name for rung in said.rungs if not rung.left_out],
            sound=said.sound.state if said.sound is not None else None,
        )  # fmt: skip
        order = self._order
        self._say(
            TranscodeChanged(
                job=order.job, stream=order.stream, session=order.session, report=self._said
            )
        )


def rungs_of(take: Take) -> tuple[RungReport, ...]:
    made = [
        RungReport(name=each.sized.rung.name, width=each.sized.width, height=each.sized.height)
        for each in take.outputs
    ]
    shed = [RungReport(name=rung.name, left_out=SHED) for rung in take.shed]
    small = [RungReport(name=rung.name, left_out=NOT_SMALLER) for rung in take.left_out]
    return (*made, *shed, *small)
