"""Command lines of snakemake, dvc and shiftpress in processes forked from one that has imported what they import.

A test that runs one pays for what it does, and not for three seconds of imports. What is forked has imported nothing of
the project, and so runs the sources of the folder it is asked to run in. Commands that a command starts by itself, as
dvc starts snakemake, are forked too: they find, first on their PATH, programs that ask for it.
"""

import atexit
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

PROGRAMS = ("snakemake", "dvc", "shiftpress")
IMPORTS = [
    "snakemake.cli",
    "snakemake.report",
    "dvc.cli",
    "dvc.repo",
    "typer",
    "matplotlib.pyplot",
    "sklearn",
    "scipy.stats",
]
COMMAND = """
import atexit, json, os, sys, threading
asked = json.loads(os.environ.pop("SHIFTPRESS_ASKED"))
if asked["alone"]:
    os.setsid()
for number, name in enumerate(["/dev/null", *asked["said"]]):
    handle = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_APPEND)
    os.dup2(handle, number)
    os.close(handle)
os.chdir(asked["cwd"])
sys.argv = asked["words"]
sys.path[:0] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
try:
    program = os.path.basename(sys.argv[0])
    if program == "snakemake":
        from snakemake.cli import main
    elif program == "dvc":
        from dvc.cli import main
    else:
        from shiftpress.cli import app as main
    sys.exit(main())
finally:
    threading._shutdown()
    atexit._run_exitfuncs()
"""
ASKING = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as ask:
    ask.connect({address!r})
    said = [f"/proc/{{os.getpid()}}/fd/{{number}}" for number in (1, 2)]
    words = [os.path.basename(sys.argv[0]), *sys.argv[1:]]
    ask.send(json.dumps([words, os.getcwd(), dict(os.environ), said]).encode())
    sys.exit(int(ask.recv(100)))
"""


class Forked:
    """A command at work, with the words of `subprocess.Popen`."""

    def __init__(
        self, words: Sequence[str], cwd: str, env: Mapping[str, str], said: Sequence[str], alone: bool = False
    ):
        self.args, self.said = list(words), said
        self.returncode: int | None = None
        self.cpu_s = 0.0
        asked = {"words": self.args, "cwd": cwd, "said": list(said), "alone": alone}
        self._answers = home().warm.ask(str(home().script), {**env, "SHIFTPRESS_ASKED": json.dumps(asked)})
        self.pid = self._told()["pid"]

    def _told(self) -> dict:
        """The next answer, or nothing if there will be none."""
        return json.loads(self._answers.recv(1 << 16) or "{}")

    def poll(self) -> int | None:
        """How it ended, if it has."""
        if self.returncode is None:
            try:
                self.wait(0)
            except subprocess.TimeoutExpired:
                pass
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """How it ended, when it has. Raises TimeoutExpired if that takes longer."""
        if self.returncode is None:
            self._answers.settimeout(timeout)
            try:
                end = self._told()
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self.args, timeout) from None
            self._answers.close()
            self.returncode, self.cpu_s = end.get("status", -signal.SIGKILL), end.get("cpu", 0.0)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it has said, when it has ended."""
        self.wait(timeout)
        out, err = (Path(path).read_text(errors="replace") for path in self.said)
        return out, err

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Home:
    """The process that commands are forked from, and a folder with the programs that ask for one."""

    def __init__(self):
        sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
        from warm.scripts import MODULES, Warm  # imports Snakemake, for a second

        self.folder = Path(tempfile.mkdtemp(prefix="warmed"))
        self.warm = Warm([*MODULES, *IMPORTS])
        self.script = self.folder / "command.py"
        self.script.write_text(COMMAND)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        address = str(self.folder / "asked")
        for program in PROGRAMS:
            asking = self.bin / program
            asking.write_text(ASKING.format(python=sys.executable, address=address))
            asking.chmod(asking.stat().st_mode | stat.S_IXUSR)
        self.asked = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.asked.bind(address)
        self.asked.listen()
        threading.Thread(target=self.listen, daemon=True).start()
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        atexit.register(self.warm.stop)

    def listen(self) -> None:
        """Answer who asks, each in a thread of its own."""
        while True:
            client, _ = self.asked.accept()
            threading.Thread(target=self.answer, args=[client], daemon=True).start()

    def answer(self, client: socket.socket) -> None:
        """Fork a command and tell how it ended; if who asked is gone before, the command goes as well."""
        with client:
            command = Forked(*json.loads(client.recv(1 << 20)))
            while command.poll() is None:
                time.sleep(0.01)
            client.send(str(command.returncode % 256).encode())


@cache
def home() -> Home:
    """That of this process; its imports are made with the first command."""
    return Home()


def start(words: Sequence[str], cwd: Path, env: Mapping[str, str], alone: bool = False) -> Forked:
    """Begin a command, in a process group of its own if it is to be alone; what it says goes into files."""
    said = [tempfile.NamedTemporaryFile(dir=home().folder, prefix=name, delete=False) for name in ("out", "err")]
    for file in said:
        file.close()
    env = {**env, "PATH": f"{home().bin}{os.pathsep}{env['PATH']}"}
    return Forked(words, str(cwd), env, [file.name for file in said], alone)


class Ended(subprocess.CompletedProcess):
    """What became of a command, and the processor's seconds that it took, beside the imports."""

    cpu_s: float


def run(words: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Ended:
    """A command, to its end."""
    command = start(words, cwd, env)
    ended = Ended(command.args, command.wait(), *command.communicate())
    ended.cpu_s = command.cpu_s
    return ended
