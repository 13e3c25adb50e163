"""Forks one worker per job from a process that has the slow imports behind it.

Forked from Snakemake by `warm.scripts`, or started by `serving.py`: it waits on a socket for requests, and imports the
modules at once or with the first; those that few jobs need, where many follow. A request is one message,
`{"script": PATH, "env": {...}}` in JSON, together with one end of a socket pair on which it is answered: first
`{"pid": ...}`, at the end of the worker `{"status": exit status, "cpu": seconds, "rss": MiB}`. Whoever asked and goes
away takes the job with him: a closed end kills its worker, and when FD is closed everything ends. SIGTERM and SIGUSR1
it passes on: jobs know how to leave when told to, and need it until they have.

It has imported nothing of this project (each job reads the sources as they are when it starts) and starts no thread: a
process that forks must have none.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import logging
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
import warnings

import threadpoolctl

from warm import pages

LONGEST = 1 << 20
MANY = 16
"""Jobs after which large pages, which take a second to make, and imports for few of them are soon made up for."""
PR_SET_PDEATHSIG = 1
TOLD_TO_LEAVE = (signal.SIGTERM, signal.SIGUSR1)


class Server:
    """The sockets of those who wait for an answer, and the workers that run for them."""

    def __init__(self, requests: socket.socket, modules: list[str], later: list[str]):
        self.requests = requests
        self.modules, self.later = modules, later
        self.pid = os.getpid()
        self.ended, self.bell = socket.socketpair()
        self.ended.setblocking(False)
        self.bell.setblocking(False)
        self.clients: dict[int, socket.socket] = {}
        self.forks = 0
        self.waiting = selectors.DefaultSelector()
        for end in (requests, self.ended):
            self.waiting.register(end, selectors.EVENT_READ)
        # Ctrl-C reaches the whole group: workers stop by it, and this process when nobody is left to ask
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in TOLD_TO_LEAVE:
            signal.signal(number, self.pass_on)
        signal.set_wakeup_fd(self.bell.fileno(), warn_on_full_buffer=False)

    def serve(self) -> str | None:
        """Return the script to run, in each forked worker; None, in the server, when all requests are through."""
        while True:
            for key, _ in self.waiting.select():
                if key.fileobj is self.ended:
                    self.ended.recv(LONGEST)
                    self.reap()
                elif key.fileobj is self.requests:
                    message, handles, _, _ = socket.recv_fds(self.requests, LONGEST, 1)
                    if not message:
                        for pid in self.clients:
                            os.kill(pid, signal.SIGKILL)
                        return None
                    self.prepare()
                    client = socket.socket(fileno=handles[0])
                    signal.pthread_sigmask(signal.SIG_BLOCK, TOLD_TO_LEAVE)  # a worker would pass them on to others
                    if not (pid := os.fork()):
                        client.close()
                        return self.become_worker(**json.loads(message))
                    self.clients[pid] = client
                    self.waiting.register(client, selectors.EVENT_READ, pid)
                    signal.pthread_sigmask(signal.SIG_UNBLOCK, TOLD_TO_LEAVE)
                    answer(client, pid=pid)
                else:  # nothing is ever sent this way, so the other end is closed
                    self.waiting.unregister(key.fileobj)
                    if key.data in self.clients:
                        os.kill(key.data, signal.SIGKILL)

    def get_ready(self) -> None:
        """Import what jobs need, once."""
        if self.modules:
            for name in self.modules:
                if self.abandoned():
                    os._exit(0)
                importlib.import_module(name)
            self.modules = []
            spare_the_collector()

    def get_more(self) -> None:
        """Import what few jobs need; what is not there or warns, they say themselves if they need it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in self.later:
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
        spare_the_collector()

    def abandoned(self) -> bool:
        """Whether nobody is left to ask."""
        try:
            return not self.requests.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False

    def prepare(self) -> None:
        """Get ready, for more and with cheap forks if there are many."""
        self.get_ready()
        self.forks += 1
        if self.forks == MANY:
            self.get_more()
            pages.gather()

    def reap(self) -> None:
        """Answer for every worker that has ended."""
        while self.clients:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if not pid:
                return
            client = self.clients.pop(pid)
            answer(
                client,
                status=os.waitstatus_to_exitcode(status),
                cpu=used.ru_utime + used.ru_stime,
                rss=used.ru_maxrss / 1024,
            )
            with contextlib.suppress(KeyError):
                self.waiting.unregister(client)
            client.close()

    def pass_on(self, number: int, frame: object) -> None:
        """Tell all workers, who may have heard it themselves."""
        for pid in list(self.clients):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def become_worker(self, script: str, env: dict[str, str]) -> str:
        """Leave behind what belongs to the server, but do not outlive it."""
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self.pid:  # it was killed before that
            os._exit(1)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in TOLD_TO_LEAVE:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TOLD_TO_LEAVE)
        self.waiting.close()
        for end in (self.requests, self.ended, self.bell, *self.clients.values()):
            end.close()
        os.environ.clear()
        os.environ.update(env)
        return script


def spare_the_collector() -> None:
    """Freeze what is there, or the collector of every worker would write to, and so copy, all that is shared."""
    gc.collect()
    gc.freeze()


def answer(client: socket.socket, **fields) -> None:
    """Tell whoever asked, if he is still there."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        client.send(json.dumps(fields).encode())


def run(script: str) -> int:
    """Run the script as an interpreter of its own would, up to the exit status.

    As in the processes that Python's own `multiprocessing` forks, no exit handlers run and nothing is taken apart after
    that: both would cost a short job more than its work, for modules that are not its own.
    """
    sys.argv = [script]
    status = 0
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
        if status and not isinstance(error.code, int):
            print(error.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def main(requests: socket.socket, modules: list[str], later: list[str], at_once: bool = False) -> None:
    """Serve, and run the script that this process has become the worker of; ``at_once``: import before any request."""
    server = Server(requests, modules, later)
    if at_once:
        server.get_ready()
    script = server.serve()
    os._exit(0 if script is None else run(script))


def forked(requests: socket.socket, modules: list[str], later: list[str], project: str, at_once: bool) -> None:
    """Serve as a fork of a process that has done more than import: forget that, and never come back to its work."""
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for name in [name for name in sys.modules if name.partition(".")[0] == project]:
            del sys.modules[name]
        logging.getLogger("snakemake").handlers.clear()
        gc.freeze()
        gc.enable()  # the process that plans goes without while it imports
        threadpoolctl.threadpool_limits(1)  # as if OMP_NUM_THREADS had been 1 at the imports
        main(requests, modules, later, at_once)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)
