"""What the night ran on, for the page and for whoever compares two nights."""

import os
import pathlib
import platform
import subprocess


def first_line(command):
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.stdout.split("\n")[0].strip() if said.returncode == 0 else ""


def field(path, name):
    try:
        for line in pathlib.Path(path).read_text(errors="replace").splitlines():
            key, _, value = line.partition("=" if "=" in line else ":")
            if key.strip() == name:
                return value.strip().strip('"')
    except OSError:
        pass
    return ""


def memory_kib():
    words = field("/proc/meminfo", "MemTotal").split()
    return int(words[0]) if words else 4 << 20


def describe(driver=None):
    return {
        "system": field("/etc/os-release", "PRETTY_NAME") or platform.system(),
        "kernel": platform.release(),
        "processor": field("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory_kib() / (1 << 20), 1),
        "load_at_start": round(os.getloadavg()[0], 1),
        "driver": first_line([driver, "--version"]) if driver else "",
        "commit": first_line(["git", "describe", "--always", "--dirty", "--abbrev=12"]),
        "python": platform.python_version(),
    }
