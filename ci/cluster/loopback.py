"""A Slurm of one's own: munged, slurmctld and some slurmd on 127.0.0.1, all
state in one folder, gone without a trace when it is stopped.

Debian's slurmd lets several nodes live on one host. Nothing listens outside
loopback (NoCtldInAddrAny, NoInAddrAny); cred_expire is short, because a task
that is requeued from a dead node waits until its old credential has expired.
"""

import getpass
import os
import pathlib
import signal
import socket
import subprocess
import time

NODES = 3
PARTITION = "all"
NODE_TIMEOUT_SECONDS = 10
DAEMONS = ("munged", "slurmctld", "slurmd", "slurmstepd")

CONFIG = """\
ClusterName=reveille
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={port1}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={root}/munge.sock,cred_expire=5
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=1,sched_interval=5
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool.%n
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.%n.pid
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd.%n.log
SlurmdTimeout={timeout}
SlurmctldTimeout=30
MessageTimeout=10
InactiveLimit=0
KillWait=5
ReturnToService=2
JobRequeue=1
NodeName=n[1-{nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first}-{last}] CPUs=1 State=UNKNOWN
PartitionName={partition} Nodes=n[1-{nodes}] Default=YES MaxTime=INFINITE State=UP
"""


class Failed(Exception):
    pass


def free_port_block(count):
    """So many ports in a row that nobody uses now."""
    for first in range(20_000, 60_000, 100):
        sockets = []
        try:
            for port in range(first, first + count):
                sockets.append(socket.socket())
                sockets[-1].bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    raise Failed("no ports to be had")


def command_of(pid):
    try:
        return pathlib.Path("/proc", str(pid), "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def parents():
    """pid -> parent, of every process."""
    found = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                stat = pathlib.Path(entry.path, "stat").read_text()
                found[int(entry.name)] = int(stat[stat.rindex(")") :].split()[2])
            except (OSError, ValueError):
                continue
    return found


def family(pid):
    """The process and all its descendants."""
    of = parents()
    members, fresh = {pid}, {pid}
    while fresh:
        fresh = {child for child, parent in of.items() if parent in fresh} - members
        members |= fresh
    return members


def kill_all(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Cluster:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.config = self.root / "slurm.conf"
        self.environment = os.environ | {"SLURM_CONF": str(self.config)}

    def start(self):
        self.root.mkdir(parents=True)
        (self.root / "munge").mkdir(mode=0o700)
        (self.root / "state").mkdir()
        port = free_port_block(3 + NODES)
        host = socket.gethostname().split(".")[0]
        self.config.write_text(
            CONFIG.format(
                host=host,
                port=port,
                port1=port + 1,
                first=port + 2,
                last=port + 1 + NODES,
                root=self.root,
                user=getpass.getuser(),
                nodes=NODES,
                partition=PARTITION,
                timeout=NODE_TIMEOUT_SECONDS,
            )
        )
        self._start_munge()
        self.start_controller()
        for node in self.nodes():
            (self.root / f"spool.{node}").mkdir()
            self._run("slurmd", "-f", self.config, "-N", node)
        self._await_nodes()

    def nodes(self):
        return [f"n{i + 1}" for i in range(NODES)]

    def _start_munge(self):
        key = self.root / "munge" / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        names = {"key-file": key, "socket": self.root / "munge.sock", "pid-file": self.root / "munged.pid"}
        names |= {"log-file": self.root / "munge" / "log", "seed-file": self.root / "munge" / "seed"}
        self._run("munged", "--force", *(f"--{name}={path}" for name, path in names.items()))

    def start_controller(self):
        self._run("slurmctld", "-f", self.config)

    def _run(self, *words):
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        said = subprocess.run(
            [str(word) for word in words],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=self.environment | {"PATH": path},
        )
        if said.returncode != 0:
            raise Failed(f"{words[0]}: {said.stderr.strip() or said.stdout.strip()}")
        return said.stdout

    def _await_nodes(self):
        for _ in range(120):
            states = subprocess.run(
                ["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, env=self.environment
            )
            if set(states.stdout.split()) == {"idle"}:
                return
            time.sleep(0.5)
        raise Failed(f"the nodes are not idle: {states.stdout}{states.stderr}; see {self.root}/slurmctld.log")

    def take_back_nodes(self):
        """Those that were drained; one that is down stays so."""
        for node in self.nodes():
            state = self._run("sinfo", "-h", "-n", node, "-o", "%T")
            if "drain" in state:
                self._run("scontrol", "update", f"nodename={node}", "state=resume")

    def pids(self, daemon, node=""):
        """Of our own daemons of that name."""
        found = []
        for pid in parents():
            words = command_of(pid)
            if not words or pathlib.Path(words[0].rstrip(":")).name != daemon:
                continue
            if str(self.root) in " ".join(words) and (not node or node in words):
                found.append(pid)
        return found

    def kill_node(self, node):
        """The daemon and everything that ran there, at once. How many died."""
        victims = set()
        for pid in self.pids("slurmd", node):
            victims |= family(pid)
        # Its steps have a parent of their own once they run.
        for pid in parents():
            if f"SLURMD_NODENAME={node}".encode() in environment_of(pid) and self._is_ours(pid):
                victims |= family(pid) | steps_above(pid)
        kill_all(victims)
        return len(victims)

    def kill_controller(self):
        kill_all(self.pids("slurmctld"))

    def _is_ours(self, pid):
        return f"SLURM_CONF={self.config}".encode() in environment_of(pid)

    def stop(self):
        """Everything; what is left of it, by name."""
        for _ in range(5):
            victims = set()
            for pid in parents():
                words = " ".join(command_of(pid))
                daemon = pathlib.Path(words.split(" ")[0].rstrip(":")).name in DAEMONS
                if (daemon and str(self.root) in words) or self._is_ours(pid):
                    victims |= family(pid) | steps_above(pid)
            victims.discard(os.getpid())
            if not victims:
                return []
            kill_all(victims)
            time.sleep(0.3)
        return [" ".join(command_of(pid)) for pid in victims]


def environment_of(pid):
    try:
        return pathlib.Path("/proc", str(pid), "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def steps_above(pid):
    """The slurmstepd that looks after the process."""
    of, found = parents(), set()
    while (pid := of.get(pid, 0)) > 1:
        if command_of(pid) and command_of(pid)[0].startswith("slurmstepd"):
            found.add(pid)
    return found
