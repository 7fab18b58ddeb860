"""What is taken of a file that somebody uploads."""

DEMUXERS = {"mov": "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm", "mpegts": "mpegts",
            "flv": "flv"}  # fmt: skip
"""What FFmpeg calls each container's, and nothing else may be opened."""
VIDEO_CODECS = frozenset(
    {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "mpeg1video", "prores", "mjpeg"}
)
AUDIO_CODECS = frozenset(
    {"aac", "mp3", "mp2", "opus", "vorbis", "flac", "alac", "ac3", "eac3",
     "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le", "pcm_u8",
     "pcm_alaw", "pcm_mulaw", "pcm_bluray", "pcm_dvd"}
)  # fmt: skip
DECODERS = VIDEO_CODECS | AUDIO_CODECS | {
    "mp3float", "mp2float", "libdav1d", "libopus", "libvorbis", "libvpx", "libvpx-vp9", "aac_latm",
}  # fmt: skip
"""By what FFmpeg calls the decoders of those codecs, which are the only ones that run."""
MAX_PIXELS = 8192 * 4352
"""Of a picture: 8K, with what encoders add to it."""
MAX_SIDE = 8192
MAX_RATE = 240.0
"""Frames a second."""
MAX_DURATION_S = 24 * 3600.0
MAX_TRACKS = 32
TEXT_CODECS = frozenset({"mov_text", "subrip", "webvtt"})
"""Whose payloads are text; they are never decoded."""
MAX_SOUNDS = 8
MAX_TEXTS, MAX_TEXT_BYTES = 16, 8192
"""Tracks of texts, and bytes of what is shown at once."""
MAX_SAMPLE_RATE, MAX_CHANNELS = 192_000, 16
