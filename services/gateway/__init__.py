"""The only public HTTP door: playback, the API, the console."""
