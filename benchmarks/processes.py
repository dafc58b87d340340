"""What a program and its children take of the machine, as Linux counts it."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """The process and everything below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += tree(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time that the process and what is below it have used, in user and kernel mode."""
    total = 0
    for each in tree(pid):
        # The name in parentheses may hold spaces; user and system time are fields 14 and 15 of the whole line.
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def resident_bytes(pid: int) -> dict[int, int]:
    """Memory in use now, of each process."""
    return {each: _status(each, "VmRSS") for each in tree(pid)}


def forget_peaks(pid: int) -> None:
    """Let the peaks begin anew from what is in use now."""
    for each in tree(pid):
        Path(f"/proc/{each}/clear_refs").write_text("5")


def peak_bytes(pid: int) -> dict[int, int]:
    """The most memory that each process has had in use since ``forget_peaks``."""
    return {each: _status(each, "VmHWM") for each in tree(pid)}


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} has no {name}")
