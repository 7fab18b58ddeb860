"""What is shown of a source and its marked picture, whenever marks come and go."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.media.flv import Tag, TagType, is_sequence_header
from libs.tags.cues import ClockCue, Cue, DiscontinuityCue, EndCue, is_cue, read_cue
from services.ingest.cues import clock_cue, discontinuity_cue, end_cue
from services.ingest.mixing import CAUSE, SOUND_CAUSE, SOUND_PATIENCE_MS, Mixing, Shown
from tests.unit.services.ingest.shelves import audio_header, video_header

START_MS, STEP_MS, GOP_MS, SOUND_MS = 10_000, 100, 1000, 50
MARKED_HEADER = video_header(b"marked")


def picture(at_ms: int, *, is_marked: bool, is_keyframe: bool) -> Tag:
    head = b"\x17\x01" if is_keyframe else b"\x27\x01"
    return Tag(TagType.VIDEO, at_ms, head + b"\0\0\0" + (b"marked" if is_marked else b"source"))


def sound(at_ms: int) -> Tag:
    return Tag(TagType.AUDIO, at_ms, b"\xaf\x01sound")


def source(until_ms: int, *, breaks_at_ms: int | None = None) -> list[Tag]:
    """A session's log: headers, pictures with a keyframe each second, sound, clock cues."""
    tags = [audio_header(), video_header()]
    for at_ms in range(START_MS, until_ms, SOUND_MS):
        since_ms = at_ms - START_MS
        if at_ms == breaks_at_ms:
            tags.append(discontinuity_cue(at_ms, "reconnect", 2))
        if since_ms % GOP_MS == 0:
            tags.append(clock_cue(at_ms, 1e12 + at_ms))
        if since_ms % STEP_MS == 0:
            is_keyframe = since_ms % GOP_MS == 0
            tags.append(picture(at_ms, is_marked=False, is_keyframe=is_keyframe))
        tags.append(sound(at_ms))
    return tags


def marked(tags: Iterable[Tag], *, first_ms: int = START_MS) -> list[Tag]:
    """What a transcoder makes of them, from a keyframe on."""
    made = [audio_header(), MARKED_HEADER]
    for tag in tags:
        if tag.dts_ms < first_ms or is_cue(tag) or is_sequence_header(tag):
            continue
        is_keyframe = tag.body[:2] == b"\x17\x01"
        is_video = tag.type is TagType.VIDEO
        made.append(
            picture(tag.dts_ms, is_marked=True, is_keyframe=is_keyframe) if is_video else tag
        )
    return made


@dataclass
class Showing:
    """Feeds a mixing, the marked picture some time behind the source."""

    mixing: Mixing
    lag_ms: int = 400
    out: list[Tag] = field(default_factory=list)
    _waiting: list[Tag] = field(default_factory=list)

    def play(self, tags: Iterable[Tag], made: Iterable[Tag] = ()) -> None:
        self._waiting += made
        for tag in tags:
            self.out += self.mixing.take_source(tag)
            self.catch_up(tag.dts_ms - self.lag_ms)

    def catch_up(self, until_ms: int = 1 << 40) -> None:
        while self._waiting and self._waiting[0].dts_ms <= until_ms:
            self.out += self.mixing.take_marked(self._waiting.pop(0))

    # --- what was shown ---------------------------------------------------------------------

    @property
    def pictures(self) -> list[tuple[int, bool]]:
        """Time, and whether it is marked."""
        return [
            (tag.dts_ms, tag.body.endswith(b"marked"))
            for tag in self.out
            if tag.type is TagType.VIDEO and not is_sequence_header(tag)
        ]

    @property
    def sounds(self) -> list[int]:
        return [
            tag.dts_ms
            for tag in self.out
            if tag.type is TagType.AUDIO and not is_sequence_header(tag)
        ]

    @property
    def cues(self) -> list[Cue | None]:
        return [read_cue(tag) for tag in self.out if is_cue(tag)]

    def assert_lawful(self) -> None:
        """A clock cue before each keyframe, the right header before each picture."""
        header = None
        for before, tag in zip([None, *self.out], self.out, strict=False):
            if tag.type is not TagType.VIDEO:
                continue
            if is_sequence_header(tag):
                header = tag.body
                continue
            is_marked = tag.body.endswith(b"marked")
            assert header == (MARKED_HEADER.body if is_marked else video_header().body)
            if tag.body[:2] == b"\x17\x01":
                assert before is not None
                clock = read_cue(before)
                assert isinstance(clock, ClockCue)
                assert clock.session_ms == tag.dts_ms


END_MS = START_MS + 6000
PICTURES = list(range(START_MS, END_MS, STEP_MS))
SOUNDS = list(range(START_MS, END_MS, SOUND_MS))


def test_source_passes_while_nothing_is_marked() -> None:
    showing = Showing(Mixing(is_marked=False))
    tags = source(END_MS)
    showing.play(tags, marked(tags))
    assert showing.out == tags


def test_session_that_is_marked_from_its_start_shows_no_other_picture() -> None:
    showing = Showing(Mixing(is_marked=True))
    tags = source(END_MS)
    showing.play(tags, marked(tags))
    showing.catch_up()
    assert showing.pictures == [(at_ms, True) for at_ms in PICTURES]
    assert showing.sounds == SOUNDS
    showing.assert_lawful()
    assert not [cue for cue in showing.cues if isinstance(cue, DiscontinuityCue)]


def test_nothing_is_shown_while_nobody_makes_the_marked_picture() -> None:
    showing = Showing(Mixing(is_marked=True))
    showing.play(source(END_MS))
    assert showing.pictures == []


@given(
    on_ms=st.integers(START_MS - 1, START_MS + 3000),
    off_ms=st.none() | st.integers(START_MS, END_MS),
    lag_ms=st.integers(0, 2500),
    made_from=st.integers(0, 3),
)
def test_every_picture_and_sound_is_shown_once_whenever_marks_come_and_go(
    on_ms: int, off_ms: int | None, lag_ms: int, made_from: int
) -> None:
    showing = Showing(Mixing(is_marked=False), lag_ms)
    tags = source(END_MS)
    # The transcoder began before it was shown.
    first_ms = START_MS + GOP_MS * min(made_from, (on_ms - START_MS) // GOP_MS + 1)
    made = marked(tags, first_ms=first_ms)
    before = [tag for tag in tags if tag.dts_ms <= on_ms]
    showing.play(before, made)
    showing.mixing.mark()
    between = [tag for tag in tags if on_ms < tag.dts_ms <= (off_ms or END_MS)]
    showing.play(between)
    if off_ms is not None and off_ms > on_ms:
        showing.mixing.unmark()
        showing.play([tag for tag in tags if tag.dts_ms > off_ms])
    elif off_ms is not None:
        showing.play([tag for tag in tags if tag.dts_ms > on_ms])
    showing.catch_up()
    showing.out += showing.mixing.finish()
    assert [at_ms for at_ms, _ in showing.pictures] == PICTURES
    assert sorted(showing.sounds) == SOUNDS
    showing.assert_lawful()


def test_picture_is_marked_from_the_next_keyframe_on_with_one_discontinuity() -> None:
    showing = Showing(Mixing(is_marked=False))
    tags = source(END_MS)
    showing.play([tag for tag in tags if tag.dts_ms < 11_500], marked(tags))
    showing.mixing.mark()
    showing.play([tag for tag in tags if tag.dts_ms >= 11_500])
    showing.catch_up()
    assert showing.pictures == [(at_ms, at_ms >= 12_000) for at_ms in PICTURES]
    changes = [cue for cue in showing.cues if isinstance(cue, DiscontinuityCue)]
    assert [cue.cause for cue in changes] == [CAUSE]


def test_source_is_shown_again_from_its_next_keyframe_on() -> None:
    showing = Showing(Mixing(is_marked=True))
    tags = source(END_MS)
    showing.play([tag for tag in tags if tag.dts_ms < 13_500], marked(tags))
    showing.mixing.unmark()
    showing.play([tag for tag in tags if tag.dts_ms >= 13_500])
    assert showing.mixing.shown is Shown.SOURCE
    assert showing.pictures == [(at_ms, at_ms < 14_000) for at_ms in PICTURES]
    assert showing.sounds == SOUNDS
    showing.assert_lawful()


def test_source_is_not_held_for_ever_when_the_marked_picture_has_stopped() -> None:
    showing = Showing(Mixing(is_marked=True))
    tags = source(START_MS + 10_000)
    made = [tag for tag in marked(tags) if tag.dts_ms < 12_000]
    showing.play([tag for tag in tags if tag.dts_ms < 12_500], made)
    showing.mixing.unmark()
    showing.play([tag for tag in tags if tag.dts_ms >= 12_500])
    shown = [at_ms for at_ms, is_marked in showing.pictures if not is_marked]
    assert shown[0] == 13_000
    assert showing.pictures[-1] == (START_MS + 9_900, False)


def test_reconnect_of_the_publisher_stands_before_its_first_picture() -> None:
    showing = Showing(Mixing(is_marked=True))
    tags = source(END_MS, breaks_at_ms=13_000)
    showing.play(tags, marked(tags))
    showing.catch_up()
    at = next(
        index
        for index, tag in enumerate(showing.out)
        if isinstance(read_cue(tag) if is_cue(tag) else None, DiscontinuityCue)
    )
    times = [tag.dts_ms for tag in showing.out[:at] if not is_cue(tag)]
    assert max(times) < 13_000
    assert min(tag.dts_ms for tag in showing.out[at:] if not is_cue(tag)) == 13_000
    showing.assert_lawful()


def test_every_keyframe_has_its_clock_although_sound_runs_ahead_of_pictures() -> None:
    """An encoder keeps pictures for a while, and copies sound at once."""
    mixing = Mixing(is_marked=True)
    tags = source(START_MS + 5000)
    shown: list[Tag] = []
    for tag in tags:
        shown += mixing.take_source(tag)
    made = marked(tags)
    pictures = [tag for tag in made if tag.type is TagType.VIDEO]
    sounds = [tag for tag in made if tag.type is TagType.AUDIO]
    first = 2 + GOP_MS // STEP_MS
    for tag in (*pictures[:first], *sounds, *pictures[first:]):
        shown += mixing.take_marked(tag)
    for index, tag in enumerate(shown):
        if tag.type is TagType.VIDEO and tag.body[:2] == b"\x17\x01":
            cue = read_cue(shown[index - 1])
            assert isinstance(cue, ClockCue), tag.dts_ms
            assert cue.session_ms == tag.dts_ms


@pytest.mark.parametrize("is_marked", [True, False])
def test_end_is_the_last_tag_and_comes_once(is_marked: bool) -> None:
    showing = Showing(Mixing(is_marked=is_marked))
    tags = source(END_MS)
    showing.play([*tags, end_cue(END_MS, "unpublished")], marked(tags))
    showing.catch_up()
    showing.out += showing.mixing.finish()
    assert [at_ms for at_ms, _ in showing.pictures] == PICTURES
    assert isinstance(showing.cues[-1], EndCue)
    assert is_cue(showing.out[-1])
    assert sum(isinstance(cue, EndCue) for cue in showing.cues) == 1


def test_sound_alone_passes_although_marks_are_wanted() -> None:
    showing = Showing(Mixing(is_marked=True))
    tags = [tag for tag in source(END_MS) if tag.type is not TagType.VIDEO]
    showing.play(tags)
    assert showing.out == tags


# --- sound that is made AAC ---------------------------------------------------------------------

FOREIGN = b"\x2fmp3"


def foreign(tags: Iterable[Tag], *, from_ms: int = 0) -> list[Tag]:
    """The same with MP3 from then on, and without a header of it, as it has none."""
    return [
        tag._replace(body=FOREIGN)
        if tag.type is TagType.AUDIO and tag.dts_ms >= from_ms and not is_sequence_header(tag)
        else tag
        for tag in tags
        if not (tag == audio_header() and not from_ms)
    ]


def play_foreign(
    mixing: Mixing, tags: list[Tag], *, lag_ms: int = 200, begins_late_ms: int = 0
) -> list[Tag]:
    """The sound is made `lag_ms` behind the source, the first of it even later."""
    out: list[Tag] = []
    waiting = [tag._replace(body=b"\xaf\x01made") for tag in tags if tag.body == FOREIGN]
    waiting.insert(0, audio_header(b"made")._replace(dts_ms=waiting[0].dts_ms))
    for tag in tags:
        out += mixing.take_source(tag)
        if tag.dts_ms < START_MS + begins_late_ms:
            continue
        while waiting and waiting[0].dts_ms <= tag.dts_ms - lag_ms:
            out += mixing.take_sound(waiting.pop(0))
    for tag in waiting:
        out += mixing.take_sound(tag)
    return out + mixing.finish()


def shown_times(out: list[Tag], kind: TagType) -> list[int]:
    return [tag.dts_ms for tag in out if tag.type is kind and not is_sequence_header(tag)]


@pytest.mark.parametrize("begins_late_ms", [0, 1500])
def test_sound_that_is_made_is_shown_in_the_place_of_the_publishers(begins_late_ms: int) -> None:
    tags = foreign([*source(END_MS), end_cue(END_MS, "unpublished")])
    out = play_foreign(Mixing(is_marked=False), tags, begins_late_ms=begins_late_ms)
    assert shown_times(out, TagType.VIDEO) == PICTURES
    assert shown_times(out, TagType.AUDIO) == SOUNDS
    assert not [tag for tag in out if tag.body == FOREIGN]
    assert not [tag for tag in out if is_cue(tag) and isinstance(read_cue(tag), DiscontinuityCue)]
    assert isinstance(read_cue(out[-1]), EndCue), "after the last of the sound"
    first = [tag.type for tag in out if not is_cue(tag)][:3]
    assert TagType.AUDIO in first, "players learn at once that there is sound"


def test_session_whose_sound_nobody_makes_begins_without() -> None:
    mixing = Mixing(is_marked=False)
    out: list[Tag] = []
    for tag in foreign(source(START_MS + SOUND_PATIENCE_MS)):
        out += mixing.take_source(tag)
    assert shown_times(out, TagType.VIDEO) == [START_MS], "what came before its first sound"
    late = foreign(source(START_MS + SOUND_PATIENCE_MS + 3000))
    for tag in late:
        if tag.dts_ms >= START_MS + SOUND_PATIENCE_MS:
            out += mixing.take_source(tag)
    assert shown_times(out, TagType.VIDEO) == shown_times(late, TagType.VIDEO)
    assert shown_times(out, TagType.AUDIO) == []


def test_codec_of_the_sound_changes_in_mid_session_and_no_picture_waits() -> None:
    mixing = Mixing(is_marked=False)
    tags = foreign(source(END_MS), from_ms=START_MS + 3000)
    out = play_foreign(mixing, tags)
    assert shown_times(out, TagType.VIDEO) == PICTURES
    assert shown_times(out, TagType.AUDIO) == SOUNDS
    changes = [read_cue(tag) for tag in out if is_cue(tag)]
    (change,) = [cue for cue in changes if isinstance(cue, DiscontinuityCue)]
    assert change.cause == SOUND_CAUSE
    back = [audio_header(b"again"), *[tag for tag in source(END_MS + 500) if tag.dts_ms >= END_MS]]
    again = [shown for tag in back for shown in mixing.take_source(tag)]
    assert shown_times(again, TagType.AUDIO) == list(range(END_MS, END_MS + 500, SOUND_MS))
    assert mixing.take_sound(sound(END_MS + 400)) == [], "what comes late of it is not wanted"
    mixing.take_source(sound(END_MS + 600)._replace(body=FOREIGN))
    last = mixing.take_sound(sound(END_MS + 600))
    assert [tag.body for tag in last if is_sequence_header(tag)] == [audio_header(b"made").body]
    assert shown_times(last, TagType.AUDIO) == [END_MS + 600]


def test_sound_of_before_a_reconnect_is_not_shown_behind_it() -> None:
    tags = foreign(source(END_MS, breaks_at_ms=13_000))
    out = play_foreign(Mixing(is_marked=False), tags)
    at = next(
        index
        for index, tag in enumerate(out)
        if is_cue(tag) and isinstance(read_cue(tag), DiscontinuityCue)
    )
    assert min(shown_times(out[at:], TagType.AUDIO)) == 13_000
    assert shown_times(out, TagType.VIDEO) == PICTURES


def test_marked_picture_goes_with_the_sound_that_is_made() -> None:
    """The transcoder puts it into the marked picture's log as well, where it is not taken."""
    mixing = Mixing(is_marked=True)
    tags = foreign([*source(END_MS), end_cue(END_MS, "unpublished")])
    made = marked([tag for tag in source(END_MS) if not is_cue(tag)])
    out: list[Tag] = []
    for tag in tags:
        out += mixing.take_source(tag)
        while made and made[0].dts_ms <= tag.dts_ms - 400:
            out += mixing.take_marked(made.pop(0))
        if tag.body == FOREIGN:
            out += mixing.take_sound(tag._replace(body=b"\xaf\x01made"))
    for tag in made:
        out += mixing.take_marked(tag)
    out += mixing.finish()
    assert shown_times(out, TagType.VIDEO) == PICTURES
    heard = [tag for tag in out if tag.type is TagType.AUDIO and not is_sequence_header(tag)]
    assert {tag.body for tag in heard} == {b"\xaf\x01made"}
    assert [tag.dts_ms for tag in heard] == SOUNDS[-len(heard) :]
    assert len(SOUNDS) - len(heard) <= 1000 // SOUND_MS, "it begins with its first picture"
    assert isinstance(read_cue(out[-1]), EndCue)
