"""What the API's routes are given of who calls."""

from dataclasses import dataclass, field

from services.gateway.access.callers import Callers
from services.gateway.access.guesses import Guesses
from services.gateway.access.owner import SettingsOwner
from services.gateway.access.passwords import Passwords
from services.gateway.access.trail import Trail


@dataclass
class Access:
    owner: SettingsOwner
    callers: Callers
    trail: Trail
    passwords: Passwords = field(default_factory=Passwords)
    guesses: Guesses = field(default_factory=Guesses)
