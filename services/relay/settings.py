"""Settings of the relay: so far those that every service shares."""

from libs.settings import Settings as SharedSettings


class Settings(SharedSettings):
    pass
