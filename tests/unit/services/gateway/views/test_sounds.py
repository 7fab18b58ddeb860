"""A view with several sounds, as HLS and DASH tell of them; with one all is as it was."""

from xml.etree import ElementTree as ET

from libs.events import LoggedRendition, Track
from services.gateway.views.dash import render_manifest
from services.gateway.views.sounds import sounds_of
from services.gateway.views.timeline import Timeline
from services.gateway.views.variants import render_transport_variants, render_variants
from tests.unit.services.gateway.views.logged import AUDIO, SESSION, VIDEO, row, timed

NAMESPACE = {"": "urn:mpeg:dash:schema:mpd:2011"}
SURROUND = Track(
    kind="audio", codec="mp4a.40.5", config_id="dddddddddddd", timescale=44_100, channels=6,
    sample_rate=44_100,
)  # fmt: skip


def logged(
    name: str, *tracks: Track, language: str | None = None, label: str | None = None, bps: int = 900
) -> LoggedRendition:
    return LoggedRendition(
        rendition=name, tracks=tracks, segments=1, average_bps=bps - 100, peak_bps=bps,
        language=language, label=label,
    )  # fmt: skip


SOURCE = logged("source", VIDEO, AUDIO, language="de", label="Deutsch")
RUNG = logged("sd", VIDEO, bps=500)
ENGLISH = logged("sound--1", SURROUND, language="en", label="Director & <crew>", bps=200)
UNKNOWN = logged("sound--2", AUDIO, language="und", label="Audio", bps=100)
ALL = [SOURCE, RUNG, ENGLISH, UNKNOWN]


def test_multivariant_playlist_has_a_rendition_each() -> None:
    assert render_variants(ALL, base="x/", suffix=".dvr").decode() == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:8\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Deutsch",LANGUAGE="de",DEFAULT=YES,'
        'AUTOSELECT=YES,CHANNELS="2",URI="x/source/audio.dvr.m3u8"\n'
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Director & <crew>",LANGUAGE="en",'
        'DEFAULT=NO,AUTOSELECT=YES,CHANNELS="6",URI="x/sound--1/audio.dvr.m3u8"\n'
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",LANGUAGE="und",'
        'DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="x/sound--2/audio.dvr.m3u8"\n'
        "#EXT-X-STREAM-INF:BANDWIDTH=1100,AVERAGE-BANDWIDTH=800,"
        'CODECS="avc1.64001f,mp4a.40.2,mp4a.40.5",RESOLUTION=1280x720,FRAME-RATE=25.000,'
        'AUDIO="audio"\n'
        "x/source/video.dvr.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=700,AVERAGE-BANDWIDTH=400,"
        'CODECS="avc1.64001f,mp4a.40.2,mp4a.40.5",RESOLUTION=1280x720,FRAME-RATE=25.000,'
        'AUDIO="audio"\n'
        "x/sd/video.dvr.m3u8\n"
    )


def test_transport_streams_have_the_default_in_them() -> None:
    """A rendition without URI is in the variants themselves (RFC 8216, 4.3.4.1)."""
    assert render_transport_variants(ALL).decode() == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:3\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Deutsch",LANGUAGE="de",DEFAULT=YES,'
        'AUTOSELECT=YES,CHANNELS="2"\n'
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Director & <crew>",LANGUAGE="en",'
        'DEFAULT=NO,AUTOSELECT=YES,CHANNELS="6",URI="sound--1/ts.m3u8"\n'
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",LANGUAGE="und",'
        'DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="sound--2/ts.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=1210,CODECS="avc1.64001f,mp4a.40.2,mp4a.40.5",'
        'RESOLUTION=1280x720,AUDIO="audio"\n'
        "source/ts.m3u8\n"
        '#EXT-X-STREAM-INF:BANDWIDTH=211970,CODECS="avc1.64001f,mp4a.40.2,mp4a.40.5",'
        'RESOLUTION=1280x720,AUDIO="audio"\n'
        "sd/ts.m3u8\n"
    )


def test_file_of_sounds_alone_has_one_variant() -> None:
    """Its playlist is that of one of the group (RFC 8216, 4.3.4.2.1)."""
    source = logged("source", AUDIO, language="de", label="Deutsch")
    assert render_variants([source, ENGLISH]).decode().partition(":8\n")[2] == (
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Deutsch",LANGUAGE="de",DEFAULT=YES,'
        'AUTOSELECT=YES,CHANNELS="2",URI="source/audio.m3u8"\n'
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Director & <crew>",LANGUAGE="en",'
        'DEFAULT=NO,AUTOSELECT=YES,CHANNELS="6",URI="sound--1/audio.m3u8"\n'
        "#EXT-X-STREAM-INF:BANDWIDTH=1100,AVERAGE-BANDWIDTH=800,"
        'CODECS="mp4a.40.2,mp4a.40.5",AUDIO="audio"\n'
        "source/audio.m3u8\n"
    )


def test_one_sound_is_told_of_as_ever_whatever_it_is_called() -> None:
    plain = [logged("source", VIDEO, AUDIO), RUNG]
    for render in (render_variants, render_transport_variants):
        assert render([SOURCE, RUNG]) == render(plain)
    assert manifest(SOURCE) == manifest(plain[0])


def manifest(*renditions: LoggedRendition, hole: bool = False) -> str:
    lines = {
        "source": timeline("source", VIDEO, AUDIO),
        "sound--1": timeline("sound--1", SURROUND, without=3 if hole else None),
        "sound--2": timeline("sound--2", AUDIO),
    }
    known = {track.config_id: track for track in (VIDEO, AUDIO, SURROUND)}
    names = [each.rendition for each in renditions]
    rungs = {name: line for name, line in lines.items() if name in names and name != "source"}
    return render_manifest(
        lines["source"], rungs, known, source_name="source", is_ended=True, to_stream="../",
        sounds=sounds_of(renditions),
    ).decode()  # fmt: skip


def timeline(name: str, *tracks: Track, without: int | None = None) -> Timeline:
    made = Timeline()
    for index in range(5):
        own = () if index == without else tracks
        made.add(timed(row(index, rendition=name, tracks=own)))
    return made


def test_manifest_has_an_adaptation_set_each() -> None:
    text = manifest(SOURCE, ENGLISH, UNKNOWN)
    first = text.index('    <AdaptationSet contentType="audio"')
    assert text[first:] == (
        '    <AdaptationSet contentType="audio" segmentAlignment="true" startWithSAP="1" id="100" '
        'lang="de" selectionPriority="2">\n'
        "      <Label>Deutsch</Label>\n"
        '      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>\n'
        f"{representation('source', 48_000, 2, 'mp4a.40.2', 'bbbbbbbbbbbb')}"
        '    <AdaptationSet contentType="audio" segmentAlignment="true" startWithSAP="1" id="101" '
        'lang="en">\n'
        "      <Label>Director &amp; &lt;crew&gt;</Label>\n"
        '      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="alternate"/>\n'
        f"{representation('sound--1', 44_100, 6, 'mp4a.40.5', 'dddddddddddd')}"
        '    <AdaptationSet contentType="audio" segmentAlignment="true" startWithSAP="1" id="102" '
        'lang="und">\n'
        "      <Label>Audio</Label>\n"
        '      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="alternate"/>\n'
        f"{representation('sound--2', 48_000, 2, 'mp4a.40.2', 'bbbbbbbbbbbb')}"
        "  </Period>\n</MPD>\n"
    )


def representation(name: str, rate: int, channels: int, codec: str, config: str) -> str:
    """Five segments of two seconds, from the tenth second on."""
    first, folder = int(SESSION[:8], 16), f"../{SESSION}/{name}/"
    return (
        f'      <Representation id="{name}-audio" mimeType="audio/mp4" codecs="{codec}" '
        f'bandwidth="4000" audioSamplingRate="{rate}">\n'
        "        <AudioChannelConfiguration "
        'schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" '
        f'value="{channels}"/>\n'
        f'        <SegmentTemplate timescale="{rate}" presentationTimeOffset="{10 * rate}" '
        f'initialization="{folder}init-{config}.mp4" media="{folder}$Number$.audio.m4s" '
        f'startNumber="{first}">\n'
        "          <SegmentTimeline>\n"
        f'            <S t="{10 * rate}" d="{2 * rate}" r="4"/>\n'
        "          </SegmentTimeline>\n"
        "        </SegmentTemplate>\n"
        "      </Representation>\n"
        "    </AdaptationSet>\n"
    )


def test_manifest_tells_of_no_sound_with_holes() -> None:
    mpd = ET.fromstring(manifest(SOURCE, ENGLISH, UNKNOWN, hole=True))
    found = mpd.findall("Period/AdaptationSet[@contentType='audio']", NAMESPACE)
    assert [each.get("lang") for each in found] == ["de", "und"]
