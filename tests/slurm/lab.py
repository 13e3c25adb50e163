"""A real Slurm on this machine's loopback: munged, slurmctld and one slurmd with two CPUs and two GPUs that are none.

    python tests/slurm/lab.py start FOLDER      then: export PATH=FOLDER/bin:$PATH
    python tests/slurm/lab.py stop FOLDER

Needs root and Debian's slurm-wlm and munge, but no systemd and no control groups. All files stay in the folder, and
only processes of its pid files are stopped.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

CONF = """\
ClusterName=lab
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
AuthType=auth/munge
# a job that is put back into the queue waits for as long as its old credential lasts, two minutes by default
AuthInfo=socket={folder}/munge.socket,cred_expire=12
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1,defer_batch,batch_sched_delay=0
# an urgent job takes the place of another, which waits and starts anew
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
# limits of memory without control groups
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=UsePss,OverMemoryKill
AccountingStorageType=accounting_storage/none
GresTypes=gpu
JobRequeue=1
KillWait=2
MinJobAge=3600
SlurmctldTimeout=30
SlurmdTimeout=15
EnforcePartLimits=ALL
NodeName=localhost NodeAddr=127.0.0.1 CPUs=2 Boards=1 SocketsPerBoard=1 CoresPerSocket=2 ThreadsPerCore=1 \
RealMemory={memory} Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=02:00:00 DefMemPerCPU=500 PriorityTier=1 PreemptMode=REQUEUE
PartitionName=urgent Nodes=ALL MaxTime=02:00:00 DefMemPerCPU=500 PriorityTier=10 PreemptMode=OFF
"""
COMMANDS = ("sbatch", "srun", "squeue", "scancel", "sinfo", "scontrol", "sacct")
# The plugin drops SLURM_* from the environment of a job's steps, so a variable would not lead them to this Slurm.
COMMAND = """\
#!/bin/sh
SLURM_CONF={conf} exec {program} "$@"
"""
GRES = "AutoDetect=off\nNodeName=localhost Name=gpu File=/dev/null\nNodeName=localhost Name=gpu File=/dev/zero\n"


class Lab:
    """The daemons of one folder."""

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.env = os.environ | {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def start(self) -> None:
        """Start all three and wait until the node is idle."""
        for name in ("state", "spool", "bin"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        memory = min(20_000, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 8 // 10 >> 20)
        ports = {"controller": free_port(), "node": free_port()}
        (self.folder / "slurm.conf").write_text(CONF.format(folder=self.folder, memory=memory, **ports))
        (self.folder / "gres.conf").write_text(GRES)
        self.commands()
        self.munged()
        self.slurmctld()
        self.slurmd()
        self.wait_for("idle")

    def stop(self) -> None:
        """End what runs, jobs first."""
        self.slurm("scancel", "--user=root", check=False)
        for name in ("slurmd", "slurmctld", "munged"):
            self.kill(name, signal.SIGTERM)

    def commands(self) -> None:
        """Slurm's commands, for this Slurm and no other."""
        for name in COMMANDS:
            command = self.folder / "bin" / name
            command.write_text(COMMAND.format(conf=self.env["SLURM_CONF"], program=found(name)))
            command.chmod(0o755)

    def munged(self) -> None:
        self.daemon(
            "munged",
            *("--force", f"--key-file={self.folder}/munge.key", f"--socket={self.folder}/munge.socket"),
            *(f"--pid-file={self.folder}/munged.pid", f"--log-file={self.folder}/munged.log"),
            f"--seed-file={self.folder}/munge.seed",
        )

    def slurmctld(self) -> None:
        self.daemon("slurmctld", "-f", self.env["SLURM_CONF"])

    def slurmd(self) -> None:
        self.daemon("slurmd", "-f", self.env["SLURM_CONF"], "-N", "localhost")

    def daemon(self, name: str, *words: str) -> None:
        """Start one that goes into the background by itself."""
        log = self.folder / f"{name}.start"
        with open(log, "wb") as out:
            ended = subprocess.run(
                [found(name), *words], env=self.env, stdout=out, stderr=out, stdin=subprocess.DEVNULL
            )
        if ended.returncode:
            raise SystemExit(f"{name} ended with {ended.returncode}: {log.read_text()}")

    def pid(self, name: str) -> int | None:
        """Of a daemon that has written its file and lives."""
        try:
            pid = int((self.folder / f"{name}.pid").read_text())
        except (OSError, ValueError):
            return None
        return pid if lives(pid) else None

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a daemon a signal and wait until it is gone; if it does not go, kill it."""
        pid = self.pid(name)
        if pid is None:
            return
        os.kill(pid, how)
        end = time.monotonic() + 15
        while lives(pid) and time.monotonic() < end:
            time.sleep(0.1)
        if lives(pid):
            os.kill(pid, signal.SIGKILL)

    def slurm(self, *words: str, check: bool = True) -> str:
        """What one of Slurm's commands prints."""
        return subprocess.run(words, env=self.env, capture_output=True, text=True, check=check, timeout=60).stdout

    def node(self) -> str:
        """The node's state in one word."""
        return self.slurm("sinfo", "-h", "-N", "-p", "main", "-o", "%T", check=False).strip().rstrip("*")

    def wait_for(self, *states: str, seconds: float = 60) -> None:
        """Wait until the node is in one of the states."""
        end = time.monotonic() + seconds
        seen = ""
        while time.monotonic() < end:
            seen = self.node()
            if seen in states:
                return
            time.sleep(0.2)
        raise SystemExit(f"The node is {seen or 'unknown'!r} after {seconds} s; see {self.folder}/slurmd.log")


def found(name: str) -> str:
    """Where one of the programs is installed."""
    path = shutil.which(name, path="/usr/bin:/usr/sbin")
    if path is None:
        raise SystemExit(f"{name} is not installed: apt-get install slurm-wlm munge")
    return path


def installed() -> bool:
    """Whether a lab can be had here."""
    names = ("munged", "slurmctld", "slurmd", *COMMANDS)
    return os.geteuid() == 0 and all(shutil.which(name, path="/usr/bin:/usr/sbin") for name in names)


def lives(pid: int) -> bool:
    """Whether a process runs; one that nobody has asked how it ended does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


if __name__ == "__main__":
    verb, folder = sys.argv[1:]
    {"start": Lab.start, "stop": Lab.stop}[verb](Lab(Path(folder)))
