"""Whoever lets targets search shows first that it can see: the canary, which finds
its word only by feedback, must crash from nothing."""

import hashlib
import os
import socket
import subprocess
import tempfile

import store  # of ci/nightly

# What the canary says itself, beside what the engine says of it.
WORD = "canary_fuzz: found"


class NotAsked(Exception):
    """Why not: of this moment, not of the canary."""


def answer(canary, seconds):
    """"" when it was seen."""
    with tempfile.TemporaryDirectory() as folder:
        words = [canary.program, f"-max_total_time={round(seconds)}", "-seed=1"]
        words.append(f"-artifact_prefix={folder}/")
        try:
            said = subprocess.run(
                words, capture_output=True, text=True, errors="replace", timeout=seconds + 60
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise NotAsked(str(error)) from error
        crashed = any(name.startswith("crash-") for name in os.listdir(folder))
        if crashed and WORD in said.stderr:
            return ""
        return f"{canary.name} did not crash as it must (exit {said.returncode})"


def why_not_seen(canary, seconds):
    try:
        return answer(canary, seconds)
    except NotAsked as error:
        return str(error)


def why_not_seen_here(canary, seconds, folder):
    """The same, asked once for this program on this machine: the answer lies in
    `folder`, where others who need it look first."""
    try:
        program = hashlib.sha256(canary.program.read_bytes()).hexdigest()
    except OSError as error:
        return f"cannot read {canary.program}: {error.strerror}"
    path = folder / f".canary-{socket.gethostname()}.json"
    known = store.read_json(path)
    if not known or known.get("program_sha256") != program:
        try:
            known = {"program_sha256": program, "why": answer(canary, seconds)}
        except NotAsked as error:  # Whoever comes next asks again.
            return str(error)
        store.write_json(path, known)
    return known["why"]
