"""A log that cannot be written disturbs nobody, and goes on when it can be."""

import io

from libs.log_output import LOST, LogOutput


class Disk(io.StringIO):
    is_full = True

    def write(self, text: str) -> int:
        if self.is_full:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_what_finds_no_room_is_counted_and_the_rest_written() -> None:
    before, disk = LOST._value.get(), Disk()
    output = LogOutput(disk)
    assert output.write("lost\n") == 5
    disk.is_full = False
    output.write("kept\n")
    output.flush()
    assert disk.getvalue() == "kept\n"
    assert LOST._value.get() == before + 1
