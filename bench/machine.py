"""What it was measured on."""

from pathlib import Path


def machine() -> str:
    """The processor, and how many of it."""
    facts = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(": ")[2] for line in facts if line.startswith("model name")]
    return f"{len(names)} x {names[0] if names else 'processor'}"
