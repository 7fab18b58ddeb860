"""Pictures that look like something: smooth and rough, with edges, all different."""

import numpy as np

from libs.forensic.detector.grey import Grey


def draw_scene(seed: int, height: int, width: int) -> Grey:
    rng = np.random.default_rng(seed)
    scene = 0.4 * _field(rng, height, width, 1.2)
    for _ in range(6):
        covered = _field(rng, height, width, 1.8) > rng.uniform(0.5, 1.5)
        scene = np.where(covered, 0.4 * _field(rng, height, width, 1.1) + rng.normal(), scene)
    drawn: Grey = np.clip(110 + 30 * scene, 0, 255).astype(np.float32)
    return drawn


def _field(rng: np.random.Generator, height: int, width: int, falls: float) -> Grey:
    """Noise whose power falls with frequency, as that of photographs does."""
    lines = np.fft.fftfreq(height)[:, None]
    columns = np.fft.rfftfreq(width)[None]
    frequency = np.hypot(lines, columns)
    frequency[0, 0] = 1
    waves = rng.normal(size=frequency.shape) + 1j * rng.normal(size=frequency.shape)
    field = np.fft.irfft2(waves / frequency**falls, (height, width))
    spread: Grey = (field / field.std()).astype(np.float32)
    return spread
