from services.gateway.playback.targets import KEPT, USUAL_S, Targets


def test_target_duration_is_what_came_with_the_last_playlist() -> None:
    targets = Targets()
    assert targets.of("cam") == USUAL_S

    targets.note("cam", 2)
    targets.note("cam", 0)
    assert targets.of("cam") == 2
    assert targets.of("other") == USUAL_S

    targets.note("cam", 6)
    assert targets.of("cam") == 6


def test_as_many_are_kept_as_a_gateway_serves() -> None:
    targets = Targets()
    for number in range(KEPT + 1):
        targets.note(f"cam-{number}", 2)

    assert targets.of("cam-0") == USUAL_S
    assert targets.of("cam-1") == 2
