"""A sequencer's state as JSON, and a sequencer made from it.

Frames that are held for segments to come are kept by reference (tag number and times); whoever
takes up the state is fed their tags once more and hands their bytes to `restore`.
"""

from collections import deque

from libs.cutting.cuts import State
from libs.cutting.frames import Frame
from libs.cutting.open_segment import OpenSegment
from libs.cutting.sequencer import Sequencer
from libs.tags.cues import ClockCue

_OWN = (
    "generation", "discontinuity_sequence", "next_msn", "end", "_origin", "_is_leading",
    "_gap_cause", "_is_new", "_sound_first", "_sound_newest", "_part_target_ms",
)  # fmt: skip
"""Fields that are JSON values; their names in the state lack the underscore."""
_PICTURE = {
    "newest": "video_newest", "end": "video_end", "step": "step", "intervals": "intervals",
    "key": "key", "gop": "gop", "delay": "delay",
}  # fmt: skip
"""The same of its pictures' times, with their names in the state."""
_TOLD = ("origin_ms", "timeline", "timeline_msn", "starts_at_ms")
"""The same of what it has told."""


def snapshot(sequencer: Sequencer) -> State:
    """Everything that decides what is cut from the next tag on."""
    state: State = {name.lstrip("_"): getattr(sequencer, name) for name in _OWN}
    state |= {said: getattr(sequencer.picture, name) for name, said in _PICTURE.items()}
    state |= {name: getattr(sequencer.telling, name) for name in _TOLD}
    return state | {
        "target_s": sequencer.rule.target_s,
        "clock": [sequencer.clock.session_ms, sequencer.clock.wall_ms],
        "segments": [segment.state() for segment in sequencer._segments],
        "sound": [frame.ref() for frame in sequencer._sound],
    }


def held_tags(state: State) -> set[int]:
    """The numbers of the tags whose frames the state holds by reference."""
    refs = list(state["sound"])
    for segment in state["segments"]:
        refs += segment["video"] + segment["audio"]
    return {ref[0] for ref in refs}


def restore(sequencer: Sequencer, state: State, data: dict[int, bytes]) -> None:
    """Go on from `state`; `data` holds the held frames' bytes by tag number.

    A frame whose bytes are gone is left out. The parts of open segments are given out again.
    """
    sequencer.rule.target_s = state["target_s"] or sequencer.rule.target_s
    sequencer.clock = ClockCue(*state["clock"])
    _put_back(sequencer, state)
    for item in state["segments"]:
        _reopen(sequencer, item, data)
    sequencer._sound = deque(_frames(state["sound"], data))
    # Once more, because reopening counts as adding.
    _put_back(sequencer, state)


def _put_back(sequencer: Sequencer, state: State) -> None:
    for name in _OWN:
        setattr(sequencer, name, state[name.lstrip("_")])
    for name, said in _PICTURE.items():
        setattr(sequencer.picture, name, state[said])
    for name in _TOLD:
        setattr(sequencer.telling, name, state[name])


def _reopen(sequencer: Sequencer, item: State, data: dict[int, bytes]) -> None:
    segment = OpenSegment(
        msn=item["msn"],
        start=item["start"],
        clock=ClockCue(*item["clock"]),
        generation=item["generation"],
        discontinuity_sequence=item["discontinuity"],
        is_first=item["is_first"],
        is_lead_in=item["is_lead_in"],
        begins_timeline=item["begins_timeline"],
        starts_at_ms=item["starts_at_ms"],
        picture_90k=item["picture"],
        timeline=tuple(item["timeline"]) if item["timeline"] else None,
    )
    sequencer._segments.append(segment)
    if segment.starts_at_ms is not None:
        sequencer.telling.open(segment)
    frames = _frames(item["video"], data)
    if frames:
        segment.video = sequencer._video_cut(segment, **item["video_begin"])
    for frame in frames:
        sequencer._put_video(segment, frame)
    if segment.video is not None and item["video_end"] is not None:
        sequencer.telling.parts(segment, segment.video.finish(item["video_end"]))
    if segment.video is not None and item["video_until"] is not None:
        sequencer.telling.parts(segment, segment.video.fill(item["video_until"]))
    for frame in _frames(item["audio"], data):
        sequencer._put_audio(segment, frame)


def _frames(refs: list[list[int]], data: dict[int, bytes]) -> list[Frame]:
    return [
        Frame(number, dts, pts, bool(is_key), data[number])
        for number, dts, pts, is_key in refs
        if number in data
    ]
