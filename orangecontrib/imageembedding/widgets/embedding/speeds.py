"""How fast embedders were on this computer."""

from __future__ import annotations

from orangecontrib.imageembedding.embeddings.remembered import remember, remembered

SPEEDS = "speeds"


def remembered_speed(embedder_id: str, where: str) -> float | None:
    """Get how many images a second an embedder took lately; None if that is not known."""
    speed = remembered(SPEEDS).get(f"{embedder_id} {where}")
    return speed if isinstance(speed, float) else None


def remember_speed(embedder_id: str, where: str, images_per_s: float) -> None:
    """Remember how fast an embedder was."""
    remember(SPEEDS, f"{embedder_id} {where}", round(images_per_s, 2))
