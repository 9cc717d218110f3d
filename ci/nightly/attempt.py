"""One process with its time, its memory and its end.

It leads a session of its own, by which all that it started is known and ended,
and it is asked to end when the night itself is killed. What runs within such a
process leads a group of its own in that session.
"""

import ctypes
import dataclasses
import os
import pathlib
import resource
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)
# More output than this from one unit is a defect, not a result.
LARGEST_FILE = 2 << 30
# From being asked to end to being killed.
PATIENCE_SECONDS = 20


@dataclasses.dataclass
class End:
    """How it ended: `status` of exit, or -signal; `why` if it was ended."""

    status: int
    why: str
    began: float
    ended: float
    cpu_s: float
    max_rss_kib: int


def before_exec():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if limit == resource.RLIM_INFINITY or limit > LARGEST_FILE:
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))


def before_exec_in_group():
    os.setpgid(0, 0)
    before_exec()


def members(session):
    """The processes of the session."""
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdigit() and os.getsid(int(entry.name)) == session:
                yield int(entry.name)
        except OSError:
            continue


def resident_kib(session):
    """Of all processes of the session."""
    total = 0
    for pid in members(session):
        try:
            text = pathlib.Path("/proc", str(pid), "statm").read_text()
            total += int(text.split()[1]) * resource.getpagesize() // 1024
        except (OSError, ValueError, IndexError):
            continue
    return total


class Attempt:
    def __init__(
        self, words, folder, limit_seconds, memory_kib, extra_environment, prefix="", own_session=True
    ):
        self.began = time.time()
        self._own_session = own_session
        self._deadline = time.monotonic() + limit_seconds
        self._limit_seconds = limit_seconds
        self._memory_kib = memory_kib
        self._looked = 0.0
        self._largest_kib = 0
        self._killed_for = ""
        self._asked = 0.0
        names = [folder / f"{prefix}{name}.txt" for name in ("stdout", "stderr")]
        with open(names[0], "wb") as out, open(names[1], "wb") as err:
            self._child = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=own_session,
                preexec_fn=before_exec if own_session else before_exec_in_group,
                env=os.environ | extra_environment,
            )

    def poll(self):
        """An End when it has ended, and all that it started with it."""
        pid, status, usage = os.wait4(self._child.pid, os.WNOHANG)
        if pid == 0:
            self._watch()
            return None
        self._signal(signal.SIGKILL)  # What it left behind.
        self._child.returncode = os.waitstatus_to_exitcode(status)
        return End(
            self._child.returncode,
            self._killed_for,
            self.began,
            time.time(),
            usage.ru_utime + usage.ru_stime,
            max(usage.ru_maxrss, self._largest_kib),
        )

    def ask_to_end(self):
        """Once; not after poll() has told its end."""
        if not self._asked:
            self._asked = time.monotonic()
            # Not send_signal(), which may collect it before poll() does.
            os.kill(self._child.pid, signal.SIGINT)

    def kill(self, why):
        self._killed_for = self._killed_for or why
        self._signal(signal.SIGKILL)

    def _signal(self, number):
        try:
            os.killpg(self._child.pid, number)
        except ProcessLookupError:
            pass
        # Groups of their own within it.
        for pid in members(self._child.pid) if self._own_session else ():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def _watch(self):
        now = time.monotonic()
        if now > self._deadline:
            self.kill(f"hung: still there after {self._limit_seconds:.0f} s")
        if self._asked and now > self._asked + PATIENCE_SECONDS:
            self.kill("hung: asked to end and did not")
        if now - self._looked < 0.5 or not self._own_session:
            return
        self._looked = now
        used = resident_kib(self._child.pid)
        self._largest_kib = max(self._largest_kib, used)
        if used > self._memory_kib:
            self.kill(f"out of memory: {used // 1024} MiB, more than {self._memory_kib // 1024}")
