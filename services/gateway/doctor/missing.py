"""A track that is not there, has stopped, or says nothing."""

from libs.vitals import Vitals
from services.gateway.doctor.finding import Finding

ALIVE_S = 2.0
"""A track whose last frame is younger than this is coming."""
GONE_S = 5.0
"""One whose last frame is older has stopped."""
SILENCE_S = 20.0


def video_stopped(vitals: Vitals) -> Finding | None:
    picture, sound = vitals.picture, vitals.sound
    if picture is None or picture.last_s < GONE_S or sound is None or sound.last_s > ALIVE_S:
        return None
    return Finding(
        code="video_stopped",
        severity="serious",
        figures={"last_s": round(picture.last_s, 1)},
        detail=f"There has been no picture for {picture.last_s:.0f} s, only sound.",
        obs="Check the video source; View → Stats → Frames missed due to encoding lag.",
        ffmpeg="-map 0:v:0 -map 0:a:0",
    )


def audio_stopped(vitals: Vitals) -> Finding | None:
    picture, sound = vitals.picture, vitals.sound
    if sound is None or sound.last_s < GONE_S or picture is None or picture.last_s > ALIVE_S:
        return None
    return Finding(
        code="audio_stopped",
        severity="serious",
        figures={"last_s": round(sound.last_s, 1)},
        detail=f"There has been no sound for {sound.last_s:.0f} s; some players wait for it with"
        " the picture.",
        obs="Check the device in Settings → Audio.",
        ffmpeg="-f lavfi -i anullsrc -shortest",
    )


def audio_missing(vitals: Vitals) -> Finding | None:
    if vitals.sound is not None or vitals.picture is None:
        return None
    return Finding(
        code="audio_missing",
        severity="warning",
        detail="There is no audio track. Some players and platforms refuse a stream without one.",
        obs="Settings → Audio → Global Audio Devices: choose one; silence is enough.",
        ffmpeg="-f lavfi -i anullsrc=channel_layout=stereo:sample_rate=48000 -c:a aac",
    )


def audio_silent(vitals: Vitals) -> Finding | None:
    sound = vitals.sound
    if sound is None or sound.silence_s < SILENCE_S or sound.last_s > ALIVE_S:
        return None
    return Finding(
        code="audio_silent",
        severity="warning",
        figures={"silence_s": round(sound.silence_s)},
        detail=f"There is an audio track, but nothing has been heard on it for"
        f" {sound.silence_s:.0f} s.",
        obs="Audio Mixer: the meter must move; unmute the source, and look at its track 1 in"
        " Advanced Audio Properties.",
        ffmpeg="-map 0:a:0",
    )


def video_missing(vitals: Vitals) -> Finding | None:
    if vitals.picture is not None or vitals.sound is None:
        return None
    return Finding(
        code="video_missing",
        severity="hint",
        detail="There is sound and no video track. That is right for radio.",
        obs="Add a source with a picture to the scene.",
        ffmpeg="-map 0:v:0 -c:v libx264",
    )
