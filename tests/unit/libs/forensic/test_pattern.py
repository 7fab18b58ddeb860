from libs.forensic import COLUMNS, LINES, draw_pattern

KEY = bytes(range(32))


def test_pattern_has_as_much_light_as_dark() -> None:
    pattern = draw_pattern(KEY, 1_700_000_000)
    assert len(pattern) == COLUMNS * LINES
    assert pattern.count(32) == pattern.count(224) == len(pattern) // 2


def test_patterns_of_segments_and_of_keys_are_unlike_each_other() -> None:
    patterns = [draw_pattern(KEY, msn) for msn in range(100)]
    patterns += [draw_pattern(bytes(32), msn) for msn in range(100)]
    signs = [[(value - 128) // 96 for value in each] for each in patterns]
    for at, one in enumerate(signs):
        for other in signs[:at]:
            # 144 patches: five standard deviations are 60.
            assert abs(sum(a * b for a, b in zip(one, other, strict=True))) < 72


def test_pattern_is_the_same_wherever_it_is_drawn() -> None:
    assert draw_pattern(KEY, 7) == draw_pattern(KEY, 7)
