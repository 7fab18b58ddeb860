"""Settings come from `WEIR_*`; what is wrong there is said in one line, without its value."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from libs.errors import Unavailable
from libs.settings import EXIT_FAILED, EXIT_SETTINGS, Settings, SettingsInvalid, mistakes_said


class ExampleSettings(Settings):
    example_port: int = 1
    """What this is for."""
    example_secret: SecretStr = SecretStr("")


def test_variables_fill_the_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_DATA_DIR", "/somewhere")
    monkeypatch.setenv("WEIR_EXAMPLE_PORT", "7")
    settings = ExampleSettings()
    assert settings.data_dir == Path("/somewhere")
    assert settings.example_port == 7


def test_variables_of_other_services_are_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_SOMETHING_ELSE", "1")
    assert not hasattr(ExampleSettings(), "something_else")


def test_settings_are_never_changed_and_never_show_a_secret() -> None:
    settings = ExampleSettings(example_secret=SecretStr("hunter2"))
    with pytest.raises(ValidationError):
        settings.example_port = 2  # type: ignore[misc]
    assert "hunter2" not in repr(settings)


def test_two_processes_have_two_names() -> None:
    """The name holds the process id: a service that starts again is another holder of leases."""
    assert Settings().instance.endswith(f"-{Path('/proc/self').resolve().name}")


def test_networks_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_EGRESS_ALLOW", "10.0.0.0/8, fd00::/8,")
    assert [str(network) for network in Settings().egress_allow] == ["10.0.0.0/8", "fd00::/8"]
    monkeypatch.setenv("WEIR_EGRESS_ALLOW", "10.0.0.1/8")
    with pytest.raises(ValidationError):
        Settings()


def test_every_mistake_is_named_with_its_variable_and_without_its_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEIR_EXAMPLE_PORT", "hunter2")
    monkeypatch.setenv("WEIR_LOG_LEVEL", "loud")
    with pytest.raises(SystemExit) as ended, mistakes_said("example"):
        ExampleSettings()
    assert ended.value.code == EXIT_SETTINGS
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("weir example: WEIR_")
    assert "WEIR_LOG_LEVEL: Input should be 'debug', 'info'" in line
    assert "WEIR_EXAMPLE_PORT: Input should be a valid integer" in line
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingsInvalid("WEIR_X is not set."), EXIT_SETTINGS),
        (Unavailable("Not now."), EXIT_FAILED),
    ],
)
def test_exit_code_says_whether_starting_again_may_help(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, mistakes_said("example"):
        raise error
    assert ended.value.code == code
    assert capsys.readouterr().err == f"weir example: {error}\n"


def test_what_is_no_mistake_of_the_operator_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), mistakes_said("example"):
        raise ZeroDivisionError
