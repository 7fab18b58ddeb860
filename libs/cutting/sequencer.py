"""Arranges the frames of both tracks into segments: the session's one timeline.

Video decides where segments end (`cut_rule`), audio follows: segment n holds the audio frames
whose PTS lies in [start n, start n+1). A segment is given out when its audio is complete. Waiting
is measured in media time, never by a timer, so that the same frames always give the same bytes:

- audio that falls `WAIT_MS` behind the video is not waited for; when it comes late after all, its
  frames go into the segment that is open then;
- when audio runs `WAIT_MS` ahead of the video (or no video ever came), audio decides.
"""

from collections import deque
from dataclasses import replace

from libs.cutting.cut_rule import CutRule
from libs.cutting.cuts import Cut, Part
from libs.cutting.frames import TICKS_A_MS, Frame, to_90k
from libs.cutting.open_segment import OpenSegment
from libs.cutting.part_rule import part_target_ms
from libs.cutting.picture_times import PictureTimes
from libs.cutting.telling import Telling
from libs.cutting.track_cut import HOLE_MS, PARTS_A_SEGMENT, TrackCut
from libs.events import Track
from libs.media.cmaf import VIDEO_TIMESCALE
from libs.tags.cues import ClockCue

WAIT_MS = 2000
SESSION_START_MS = 10_000
"""Where session time begins."""

_WAIT = WAIT_MS * TICKS_A_MS


class Sequencer:
    """Feed frames in the order of their tags; collect what came of them with `take`."""

    def __init__(self, rule: CutRule, first_msn: int, clock: ClockCue) -> None:
        self.rule = rule
        self.clock = clock
        self.generation = 0
        self.is_gop_long = False
        """Whether a segment had to begin without a keyframe, for want of one."""
        self.discontinuity_sequence = 0
        self.video: Track | None = None
        self.audio: Track | None = None
        self.frame_samples = 1024
        self.first_msn = first_msn
        self.next_msn = first_msn
        self.end = SESSION_START_MS * TICKS_A_MS
        """Where the last segment ended, once nothing is open."""
        self.telling = Telling(
            rule, timeline=self.end, first_msn=first_msn, part_ms=lambda: self._part_ms
        )
        self._origin: int | None = None
        self._is_leading = rule.has_lead_in
        """Whether the segment that opens next belongs to the session's lead-in."""
        self._part_target_ms: int | None = None
        """PART-TARGET; stands from the session's first part."""
        self._gap_cause: str | None = None
        self._segments: deque[OpenSegment] = deque()
        self._sound: deque[Frame] = deque()
        self._begin_timeline()

    def _begin_timeline(self) -> None:
        self._is_new = True
        self.picture = PictureTimes()
        self._sound_first: int | None = None
        self._sound_newest: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether this timeline has had no frame yet."""
        return self.picture.newest is None and self._sound_newest is None

    def take(self) -> list[Cut]:
        """What came of the frames so far, in order."""
        return self.telling.take()

    # --- frames -----------------------------------------------------------------------------------

    def add_video(self, frame: Frame) -> None:
        frame = self.picture.raised(frame)
        time = self.picture.note(frame)
        if self._segments:
            self._cut_before(frame, time)
        else:
            sound = self._sound[0] if self._sound else None
            self._open(self._earliest(min(time, self._sound_time(sound)) if sound else time))
            if not self.rule.fits(time - self._segments[-1].start):
                self._cut_before(frame, time)  # sound began that long before the picture
        self._put_video(self._segments[-1], frame)
        self._settle()

    def add_audio(self, frame: Frame) -> None:
        self._sound.append(frame)
        time = self._sound_time(frame)
        if self._sound_first is None:
            self._sound_first = time
        self._sound_newest = time
        first = self._segments[0] if len(self._segments) == 1 else None
        if first is not None and first.is_first and not first.is_told:
            start = self._earliest(time)
            if 0 < first.start - start <= _WAIT:
                self._begin_earlier(first, start)
        self._settle()

    def flush(self) -> None:
        """End the timeline: everything that is held goes out."""
        self._settle(is_flushing=True)
        if self._segments:
            last = self._segments[0]
            ends = [last.start + 1]
            if last.video is not None:
                ends.append(self._finish_video(last, None) + self.picture.delay)
            if last.audio is not None:
                ends.append(self._sound_end(last))
            end = max(ends)
            if not self.rule.fits(end - last.start):
                end = last.start + self.rule.target_s * VIDEO_TIMESCALE
            self._fill_video(last, end)
            self._close_first(end)
            self.end = end
            self._is_leading = False
        self._begin_timeline()

    def note_gap(self, cause: str) -> None:
        """What stands between `end` and the next frame is lost for ever."""
        self._gap_cause = cause

    def held_tags(self) -> list[int]:
        """The numbers of all tags whose frames are still held."""
        tracks = [each for segment in self._segments for each in (segment.video, segment.audio)]
        placed = [ref[0] for track in tracks if track is not None for ref in track.refs]
        return placed + [frame.number for frame in self._sound]

    def _begin_earlier(self, segment: OpenSegment, start: int) -> None:
        """Sound that came after the first picture begins before it."""
        segment.start = start
        if segment.video is not None:
            self.telling.parts(segment, segment.video.begin_earlier(start - self.picture.delay))

    # --- video ------------------------------------------------------------------------------------

    def _cut_before(self, frame: Frame, time: int) -> None:
        """Cut where the rule wants it, so that `frame`, shown from `time`, may be added."""
        while True:
            segment = self._segments[-1]
            elapsed = time - segment.start
            if elapsed <= 0:
                return
            if not self.rule.fits(elapsed):
                # No frame for longer than a segment may last: cut in between.
                self._cut(segment.start + self._lasting(segment), None)
                continue
            if self._ends(segment, time, is_key=frame.is_key):
                if self._is_due(segment, time, is_key=frame.is_key):
                    self._is_leading = False
                is_led_in = self._is_led_in(segment, elapsed)
                self.is_gop_long |= not frame.is_key and not is_led_in
                self._cut(time, frame.dts)
            return

    def _lasting(self, segment: OpenSegment) -> int:
        """How long a segment lasts that no frame ends in time: as its video does, or the target."""
        target = self.rule.target_s * VIDEO_TIMESCALE
        if segment.video is None:
            return target
        end = self._finish_video(segment, None) + self.picture.delay
        return max(target, min(end - segment.start, self.rule.longest))

    def _ends(self, segment: OpenSegment, time: int, *, is_key: bool) -> bool:
        """Whether a frame shown from `time` belongs to the next segment."""
        elapsed = time - segment.start
        return (
            self._is_due(segment, time, is_key=is_key)
            or self._is_led_in(segment, elapsed)
            or self._is_portion(segment, time)
            or not self.rule.fits(elapsed + self.picture.step)
        )

    def _is_due(self, segment: OpenSegment, time: int, *, is_key: bool) -> bool:
        return is_key and (
            time - segment.start >= self.rule.early
            or (not segment.is_independent and self._may_end_early(time))
        )

    def _is_led_in(self, segment: OpenSegment, elapsed: int) -> bool:
        return self._is_first(segment) and elapsed >= self.rule.lead_in

    def _is_portion(self, segment: OpenSegment, time: int) -> bool:
        """Whether a GOP that is too long for one segment should be cut before `time`."""
        end = self.picture.portion_end(segment.start, self.rule)
        return end is not None and self.picture.is_reached(end, time) and self._may_end_early(time)

    def _foretold(self, segment: OpenSegment, parts: list[Part]) -> list[Part]:
        """Say of a part that was closed early whether its segment should end with it."""
        assert segment.video is not None
        next_dts = segment.video.next_dts
        if not parts or next_dts is None:
            return parts
        is_key = self.picture.next_is_key(next_dts, self.rule)
        if not self._ends(segment, next_dts + self.picture.delay, is_key=is_key):
            return parts
        return [*parts[:-1], replace(parts[-1], ends_segment=True)]

    def _may_end_early(self, time: int) -> bool:
        origin = time if self._origin is None else self._origin
        return (self.next_msn - self.first_msn) * VIDEO_TIMESCALE <= time - origin

    def _put_video(self, segment: OpenSegment, frame: Frame) -> None:
        if segment.video is None:
            start = segment.start - self.picture.delay
            goes_on = abs(self.picture.end - start) <= self._part_ms * TICKS_A_MS
            segment.video = self._video_cut(
                segment,
                start=self.picture.end if goes_on else start,
                goes_on=goes_on,
                intervals=self.picture.intervals,
            )
        self.telling.parts(segment, self._foretold(segment, segment.video.add(frame)))

    def _video_cut(
        self, segment: OpenSegment, *, start: int, goes_on: bool, intervals: list[int]
    ) -> TrackCut:
        assert self.video is not None
        return TrackCut(
            self.video,
            segment.msn,
            self._sequence(segment),
            start=start,
            goes_on=goes_on,
            part_ms=self._part_ms,
            intervals=intervals,
        )

    def _finish_video(self, segment: OpenSegment, next_dts: int | None) -> int:
        """Finish a segment's video; without a next frame the last one lasts as the one before."""
        track = segment.video
        assert track is not None
        if track.end is None:
            end = track.refs[-1][1] + self.picture.step if next_dts is None else next_dts
            self.telling.parts(segment, track.finish(end))
        assert track.end is not None
        self.picture.end = track.end
        return track.end

    def _fill_video(self, segment: OpenSegment, end: int) -> None:
        """List what the segment lacks of video at its end."""
        if segment.video is not None:
            self.telling.parts(segment, segment.video.fill(end - self.picture.delay))

    # --- audio ------------------------------------------------------------------------------------

    def _sound_time(self, frame: Frame) -> int:
        assert self.audio is not None
        return to_90k(frame.pts, self.audio.timescale)

    def _sound_leads(self) -> bool:
        """Whether segments end by audio, because video is missing or far behind."""
        if self._sound_newest is None or self._sound_first is None:
            return False
        since = self._sound_first if self.picture.newest is None else self.picture.newest
        return self._sound_newest - since >= _WAIT

    def _sound_is_late(self) -> bool:
        if self._sound_newest is None or self.picture.newest is None:
            return True
        return self.picture.newest - self._sound_newest >= _WAIT

    def _settle(self, *, is_flushing: bool = False) -> None:
        while (self._sound or len(self._segments) > 1) and self._settle_one(is_flushing):
            pass

    def _settle_one(self, is_flushing: bool) -> bool:
        """Place the oldest audio frame or close the oldest segment, if that is certain by now."""
        bound = self._segments[1].start if len(self._segments) > 1 else None
        if not self._sound:
            if bound is not None and (is_flushing or self._sound_is_late()):
                self._close_first(bound)
                return True
            return False
        time = self._sound_time(self._sound[0])
        if bound is not None:
            if time >= bound:
                self._close_first(bound)
            else:
                self._put_audio(self._segments[0], self._sound.popleft())
            return True
        leads = is_flushing or self._sound_leads()
        if not self._segments:
            if leads:
                self._open(self._earliest(time))
            return leads
        if not leads and (self.picture.newest is None or time > self.picture.newest):
            return False  # a keyframe may still come before this frame
        cut_time = self._sound_cut_time(time, is_flushing) if leads else None
        if cut_time is None:
            self._put_audio(self._segments[0], self._sound.popleft())
        else:
            self._cut(cut_time, None)
        return True

    def _sound_cut_time(self, time: int, is_flushing: bool) -> int | None:
        start = self._segments[0].start
        if not self.rule.fits(time - start):
            return start + self.rule.target_s * VIDEO_TIMESCALE
        if is_flushing:
            assert self.audio is not None
            last = to_90k(self.frame_samples, self.audio.timescale)
            return None if self.rule.fits(time + last - start) else time
        is_first = self._is_first(self._segments[0])
        is_due = time - start >= (self.rule.lead_in if is_first else self.rule.wanted)
        if is_due:
            self._is_leading = False
        return time if is_due else None

    def _put_audio(self, segment: OpenSegment, frame: Frame) -> None:
        if segment.audio is None:
            assert self.audio is not None
            segment.audio = TrackCut(
                self.audio,
                segment.msn,
                self._sequence(segment),
                start=self._sound_start(segment, frame),
                part_ms=self._part_ms,
                frame_ticks=self.frame_samples,
            )
        self.telling.parts(segment, segment.audio.add(frame))

    def _sound_start(self, segment: OpenSegment, frame: Frame) -> int | None:
        """Where sound should begin if `frame` is late for that, else None."""
        assert self.audio is not None
        start = segment.start * self.audio.timescale // VIDEO_TIMESCALE
        return start if frame.pts - start >= self.audio.timescale * HOLE_MS // 1000 else None

    def _sound_end(self, segment: OpenSegment) -> int:
        """Where the sound ends that the segment has."""
        if segment.audio is None:
            return segment.start
        end = segment.audio.refs[-1][1] + self.frame_samples
        return to_90k(end, segment.audio.track.timescale)

    def _finish_audio(self, segment: OpenSegment, track: TrackCut, end: int) -> None:
        last = track.refs[-1][1]
        sound_end = last + self.frame_samples
        if self._sound and self._sound[0].pts - last < 2 * self.frame_samples:
            sound_end = self._sound[0].pts
        self.telling.parts(segment, track.finish(sound_end))
        self.telling.parts(segment, track.fill(end * track.track.timescale // VIDEO_TIMESCALE))

    # --- segments ---------------------------------------------------------------------------------

    def _earliest(self, start: int) -> int:
        """A timeline begins where the last one ended, though tracks may end and begin apart."""
        return start if self._origin is None else max(start, self.end)

    def _open(self, start: int, *, picture: int = 0) -> None:
        if self._gap_cause is not None:
            self._tell_gap(start, self._gap_cause)
            self._gap_cause = None
        if self._origin is None:
            self._origin = start
            self.telling.origin_ms = round(self.clock.wall_ms - self.clock.session_ms)
        is_lead_in = self._is_leading
        was_lead_in = bool(self._segments) and self._segments[-1].is_lead_in
        self._segments.append(
            OpenSegment(
                msn=self.next_msn,
                start=start,
                clock=self.clock,
                generation=self.generation,
                discontinuity_sequence=self.discontinuity_sequence,
                is_first=self._is_new,
                is_lead_in=is_lead_in,
                begins_timeline=self._is_new or (was_lead_in and not is_lead_in),
                picture_90k=picture,
            )
        )
        self._is_new = False
        self.next_msn += 1
        if not self._segments[-1].is_first:
            for segment in self._segments:
                self.telling.open(segment)

    def _cut(self, time: int, next_video_dts: int | None) -> None:
        """End the newest segment at `time` and open the next one there.

        The last part may have ended a little before the frame that was expected then. That is where
        the next segment begins, so that parts and segments add up to the same.
        """
        last, picture = self._segments[-1], 0
        if last.video is not None:
            end = self._finish_video(last, next_video_dts) + self.picture.delay
            if next_video_dts is not None and self._may_end_at(last, end, time):
                # Sound that is given out already stays in its segment.
                time, picture = min(time, max(end, self._sound_end(last))), time
            self._fill_video(last, time)
        self._open(time, picture=picture)

    def _may_end_at(self, segment: OpenSegment, end: int, time: int) -> bool:
        """Whether a hole before `time` may stand in the next segment, which begins with `end`."""
        is_small = time - end <= self._part_ms * TICKS_A_MS
        return end > segment.start and (is_small or end - segment.start >= self.rule.early)

    def _close_first(self, end: int) -> None:
        segment = self._segments.popleft()
        if segment.audio is not None:
            self._finish_audio(segment, segment.audio, end)
        self.telling.close(segment, end)

    def _tell_gap(self, start: int, cause: str) -> None:
        span = max(1, start - self.end)
        before = OpenSegment(
            self.next_msn, self.end, self.clock, self.generation, self.discontinuity_sequence, False
        )
        count = self.telling.count_of(span)
        self.next_msn += count
        self.telling.gap(before, count, span, cause)

    def _is_first(self, segment: OpenSegment) -> bool:
        """Whether it is the first half of a lead-in."""
        return self.rule.has_lead_in and segment.msn == self.first_msn

    @property
    def _part_ms(self) -> int:
        """PART-TARGET, the same for both tracks and for ever (RFC 8216bis, 6.2.1)."""
        if self._part_target_ms is None:
            self._part_target_ms = part_target_ms(self.video.frame_rate if self.video else None)
        return self._part_target_ms

    def _sequence(self, segment: OpenSegment) -> int:
        return (segment.msn - self.first_msn) * PARTS_A_SEGMENT

    @property
    def known_90k(self) -> int:
        """No boundary will be set before this session time any more."""
        if self.picture.newest is not None:
            return self.picture.newest + self.picture.delay
        return self._segments[-1].start if self._segments else self.end

    @property
    def start_90k(self) -> int:
        """Where the segment begins that is given out next."""
        return self._segments[0].start if self._segments else self.end

    @property
    def open_msn(self) -> int:
        """Of the segment that is given out next."""
        return self._segments[0].msn if self._segments else self.next_msn
