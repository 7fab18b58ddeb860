"""The command `weir`. A user's mistake is one line on stderr and exit code 2, never a traceback."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn

import click

from libs.errors import Blame, WeirError
from libs.launcher import access, banner, tenants
from libs.launcher.api import API, api_of
from libs.launcher.backup import Backup, Copied
from libs.launcher.credentials import Credentials
from libs.launcher.data_dir import DataDirLock, kept_below
from libs.launcher.house import House
from libs.launcher.publisher import DEMO_STREAM, push_file, push_test_pattern
from libs.launcher.uploading import Uploading, described, wait_for_asset
from libs.launcher.verify import Verify
from libs.storage import ObjectStore, open_store

EXIT_REFUSED = 2
EXIT_FAILED = 1
PROGRESS_S = 5.0


def main() -> NoReturn:
    """Entry point of the console script."""
    try:
        weir(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_REFUSED)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except WeirError as error:
        print(f"weir: {error}", file=sys.stderr)
        sys.exit(EXIT_REFUSED if error.blame is Blame.CALLER else EXIT_FAILED)
    except OSError as error:
        # A full disk, a file that cannot be read: the machine's state, not a fault in the program.
        print(f"weir: {error}", file=sys.stderr)
        sys.exit(EXIT_FAILED)
    sys.exit(0)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="weir")
@click.option(
    "--data-dir",
    envvar="WEIR_DATA_DIR",
    default=".weir",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where Weir keeps its data.",
)
@click.option(
    "--url",
    envvar="WEIR_PUBLIC_URL",
    default=None,
    help="The Weir to talk to [default: this machine, WEIR_HTTP_PORT or 8080].",
)
@click.pass_context
def weir(context: click.Context, data_dir: Path, url: str | None) -> None:
    """Weir: self-hosted live and on-demand video."""
    http_port = _port("WEIR_HTTP_PORT", 8080)
    context.obj = {
        "data_dir": data_dir,
        "url": url or f"http://127.0.0.1:{http_port}",
        "http_port": http_port,
        "rtmp_port": _port("WEIR_RTMP_PORT", 1935),
        "rtmps_port": _port("WEIR_RTMPS_PORT", 1938) if "WEIR_RTMPS_CERT" in os.environ else None,
    }


@weir.command()
@click.pass_obj
def up(options: dict[str, object]) -> None:
    """Run all of Weir here until Ctrl-C."""
    asyncio.run(_run(_house(options), _until_told))


@weir.command()
@click.pass_obj
def demo(options: dict[str, object]) -> None:
    """Run all of Weir here, with a test pattern on air."""
    asyncio.run(_run(_house(options), _demo))


@weir.command()
@click.option("--migrate/--no-migrate", default=True, help="Bring the database up to date.")
@click.pass_obj
def init(options: dict[str, object], *, migrate: bool) -> None:
    """Make the credentials and the database's tables; safe to run again."""
    data_dir = options["data_dir"]
    assert isinstance(data_dir, Path)
    if "WEIR_API_KEY" not in os.environ:
        Credentials.load(data_dir)
        click.echo(f"Credentials are in {data_dir / 'credentials.json'}.")
    if migrate:
        import subprocess

        # A service's module is run, not imported: the libs never import a service.
        run = subprocess.run([sys.executable, "-m", "services.catalog.migrate"], check=False)
        if run.returncode:
            sys.exit(EXIT_FAILED)
        click.echo("The database is up to date.")


@weir.command()
@click.pass_obj
def status(options: dict[str, object]) -> None:
    """Say whether every part of Weir serves."""
    health = api_of(options).call("GET", "/api/v1/health")
    click.echo(json.dumps(health, indent=2))


@weir.command()
@click.pass_obj
def streams(options: dict[str, object]) -> None:
    """List the streams and whether they are live."""
    found = api_of(options).streams()
    if not found:
        click.echo("There is no stream yet. `weir publish FILE` makes one and pushes to it.")
    for stream in found:
        state = "live" if stream["is_live"] else "off"
        click.echo(f"{stream['id']}  {state:4}  {stream['push']['url']}")


@weir.command()
@click.argument("session", required=False)
@click.option("--hashes", is_flag=True, help="Read every object, and compare its hash.")
@click.option("--repair", is_flag=True, help="Bring back what a spool has; delete orphans.")
@click.pass_obj
def verify(options: dict[str, object], session: str | None, *, hashes: bool, repair: bool) -> None:
    """Compare the store with the segment log: all sessions that are over, or SESSION."""
    data_dir = options["data_dir"]
    assert isinstance(data_dir, Path)
    check = Verify(
        api_of(options), _store(options), hashes=hashes, repairs=repair, spools=data_dir / "spool"
    )
    found = asyncio.run(check.run(session))
    for trouble in found.troubles:
        click.echo(f"{trouble.what:8} {trouble.key}: {trouble.detail}")
    for key in found.repaired:
        click.echo(f"repaired {key}")
    click.echo(
        f"{found.sessions} sessions, {found.segments} segments, {found.size_bytes} bytes,"
        f" {found.gaps} gaps with a cause, {len(found.troubles)} troubles."
    )
    sys.exit(EXIT_FAILED if found.troubles else 0)


@weir.command()
@click.argument("place")
@click.pass_obj
def backup(options: dict[str, object], place: str) -> None:
    """Add this moment to the backups in PLACE, a folder or a store's URL; Weir may run meanwhile.

    A backup holds secrets: stream keys, and credentials where this machine keeps them.
    """
    done = asyncio.run(_backup(options, place).make())
    click.echo(f"Backup {done.moment}: {_said(done)}")
    _tell_missing(done, "the store does not have it")


@weir.command()
@click.argument("place")
@click.option("--moment", help="Which backup [default: the newest].")
@click.option("--list", "is_list", is_flag=True, help="Say which there are, and do nothing.")
@click.pass_obj
def restore(options: dict[str, object], place: str, *, moment: str | None, is_list: bool) -> None:
    """Bring back a backup from PLACE into an empty database, and its objects into the store.

    Weir must not run meanwhile. Streams that were on air when the backup was made have ended.
    """
    source = _backup(options, place)
    if is_list:
        click.echo("\n".join(asyncio.run(source.moments())) or "There is no backup in that place.")
        return
    data_dir = options["data_dir"]
    assert isinstance(data_dir, Path)
    lock = DataDirLock.take(data_dir)
    try:
        done = asyncio.run(source.restore(moment))
    finally:
        lock.release()
    click.echo(f"Restored {done.moment}: {_said(done)}")
    _tell_missing(done, "the backup does not have it")


@weir.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--stream", "stream_id", help="Push to this stream [default: a new one].")
@click.option("--loop", is_flag=True, help="Start again at the end, until Ctrl-C.")
@click.pass_obj
def publish(options: dict[str, object], file: Path, stream_id: str | None, *, loop: bool) -> None:
    """Push FILE to a stream in real time."""
    api = api_of(options)
    if stream_id:
        stream = api.stream(stream_id)
    else:
        stream = api.call("POST", "/api/v1/streams", {"item": {"name": file.stem}})
    for line in banner.playback_lines(str(options["url"]), stream["id"]):
        click.echo(line)
    sys.exit(asyncio.run(push_file(file, stream["push"]["url"], loop=loop)))


@weir.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--ladder", default="", help="Rungs to make of it, for example sd,hd.")
@click.option("--watermark", is_flag=True, help="So that a leaked copy names its viewer.")
@click.option("--wait", is_flag=True, help="Wait until it can be played, and say where.")
@click.pass_obj
def upload(
    options: dict[str, object], file: Path, ladder: str, watermark: bool, wait: bool
) -> None:
    """Upload FILE, and say what is in it. The same command goes on where it was interrupted."""
    api = api_of(options)
    with click.progressbar(length=file.stat().st_size, label=file.name, file=sys.stderr) as bar:

        def show(arrived: int, _: int) -> None:
            bar.update(arrived - bar.pos)

        uploading = Uploading(api, file, ladder=ladder, is_watermarked=watermark, on_progress=show)
        done = uploading.run()
    if done["state"] != "accepted":
        raise click.ClickException(f"{file.name} was refused: {done['reason']}")
    click.echo(f"{done['id']}: {described(done)}")
    click.echo(f"{str(options['url']).rstrip('/')}/api/v1/uploads/{done['id']}")
    if wait:
        _wait_for_asset(api, done["id"])


def _wait_for_asset(api: API, upload: str) -> None:
    with click.progressbar(length=100, label="Processing", file=sys.stderr) as bar:

        def show(progress: float) -> None:
            bar.update(int(progress * 100) - bar.pos)

        asset = wait_for_asset(api, upload, on_progress=show)
    if asset["state"] != "ready":
        raise click.ClickException(f"{asset['name']} cannot be played: {asset['reason']}")
    click.echo(asset["playback"]["hls"])


weir.add_command(access.user)
weir.add_command(access.key)
weir.add_command(tenants.tenant)


@weir.group()
def watermark() -> None:
    """Forensic watermarks: who leaked it."""


@watermark.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--session", required=True, help="What FILE is a copy of.")
@click.option("--rendition", help="Compare with this one [default: the largest].")
@click.pass_obj
def detect(options: dict[str, object], file: Path, session: str, rendition: str | None) -> None:
    """Name the viewer that FILE, a leaked copy, was served to; exit code 1 if nobody can be."""
    # With it come numpy and a decoder, which nothing else here needs.
    from libs.launcher.watermark import Detection, described

    def show(what: str, done: int, of: int) -> None:
        click.echo(f"\r{what}: {done} of {of} ", nl=done == of, err=True)

    detection = Detection(api_of(options), _store(options), on_step=show)
    detected = asyncio.run(detection.run(file, session, rendition))
    click.echo(described(detected))
    sys.exit(0 if detected.verdict.named else EXIT_FAILED)


def _store(options: dict[str, object]) -> ObjectStore:
    data_dir = options["data_dir"]
    assert isinstance(data_dir, Path)
    kept = kept_below(data_dir.absolute()) | dict(os.environ)
    return open_store(kept["WEIR_STORE_URL"], kept.get("WEIR_COLD_STORE_URL", ""))


def _backup(options: dict[str, object], place: str) -> Backup:
    data_dir = options["data_dir"]
    assert isinstance(data_dir, Path)
    data_dir = data_dir.absolute()
    environment = kept_below(data_dir) | dict(os.environ) | {"WEIR_DATA_DIR": str(data_dir)}
    return Backup(
        open_store(place if "://" in place else Path(place).absolute().as_uri()),
        open_store(environment["WEIR_STORE_URL"], environment.get("WEIR_COLD_STORE_URL", "")),
        data_dir=data_dir,
        environment=environment,
        on_progress=_Progress(),
    )


def _said(done: Copied) -> str:
    return (
        f"{done.rows:,} rows, {done.objects:,} objects, of them {done.new:,} new"
        f" ({done.new_bytes:,} bytes)."
    )


class _Progress:
    """A line every few seconds, for whoever watches."""

    def __init__(self) -> None:
        self._said_at = time.monotonic()

    def __call__(self, done: Copied) -> None:
        if time.monotonic() - self._said_at >= PROGRESS_S:
            self._said_at = time.monotonic()
            click.echo(_said(done), err=True)


def _tell_missing(done: Copied, why: str) -> None:
    for key in done.missing:
        click.echo(f"missing {key}: {why}")
    if done.missing:
        sys.exit(EXIT_FAILED)


def _house(options: dict[str, object]) -> House:
    data_dir, http_port = options["data_dir"], options["http_port"]
    rtmp_port, rtmps_port = options["rtmp_port"], options["rtmps_port"]
    assert isinstance(data_dir, Path)
    assert isinstance(http_port, int)
    assert isinstance(rtmp_port, int)
    assert rtmps_port is None or isinstance(rtmps_port, int)
    return House(data_dir, http_port=http_port, rtmp_port=rtmp_port, rtmps_port=rtmps_port)


async def _run(house: House, work: Callable[[House, asyncio.Event], Awaitable[None]]) -> None:
    """Start `house`, do `work` until SIGINT or SIGTERM, stop it, whatever happened."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    try:
        await house.start()
        ready = asyncio.create_task(house.wait_ready())
        stopping = asyncio.create_task(told.wait())
        await asyncio.wait({ready, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            ready.result()
            banner.show(house)
            await work(house, told)
        ready.cancel()
        stopping.cancel()
    finally:
        await house.stop()
    print("Weir has stopped.", flush=True)


async def _until_told(_: House, told: asyncio.Event) -> None:
    await told.wait()


async def _demo(house: House, told: asyncio.Event) -> None:
    api = API(house.http_url, api_key=house.credentials.api_key)
    known = {stream["id"] for stream in api.streams()}
    if DEMO_STREAM not in known:
        api.call("POST", "/api/v1/streams", {"id": DEMO_STREAM, "item": {"name": "Test pattern"}})
    stream = api.stream(DEMO_STREAM)
    for line in banner.playback_lines(house.public_urls()["WEIR_PUBLIC_URL"], DEMO_STREAM):
        print(line, flush=True)
    await push_test_pattern(stream["push"]["url"], told)


def _port(variable: str, default: int) -> int:
    value = os.environ.get(variable, str(default))
    highest = 65535
    if not value.isdigit() or not 0 < int(value) <= highest:
        raise click.UsageError(f"{variable} must be a port from 1 to {highest}, not {value!r}.")
    return int(value)
