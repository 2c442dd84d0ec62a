"""A PostgreSQL server in a folder of its own, for tests, and what can happen to one. By tools/throwaway-postgres."""

import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

TOOL = str(pathlib.Path(__file__).resolve().parents[2] / "tools/throwaway-postgres")


def installed():
    return subprocess.run([TOOL, "have"], check=False).returncode == 0


class Postgres:
    def __init__(self, environment=None):
        self.temporary = tempfile.TemporaryDirectory(prefix="wb-pg-", ignore_cleanup_errors=True)
        self.environment = environment
        self.start()

    @property
    def folder(self):
        return pathlib.Path(self.temporary.name)

    def do(self, command, *words):
        done = subprocess.run([TOOL, command, self.temporary.name, *words], stdout=subprocess.PIPE, text=True,
            env=self.environment, check=True)
        return done.stdout.strip()

    def start(self):
        self.url = self.do("start")

    def crash(self):
        self.do("crash")

    def sql(self, text):
        """What a statement gives, one row a line; on a connection of its own."""
        return self.do("sql", text)

    def processes(self):
        """The server's own process, then those that it has started and are still there."""
        first = (self.folder / "data/postmaster.pid").read_text().split()[0]
        found = [int(first)]
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            try:
                if re.search(rf"^PPid:\t{first}$", status.read_text(), re.M):
                    found.append(int(status.parent.name))
            except OSError:
                pass  # ended meanwhile
        return found

    def signal(self, number):
        # The first of them starts no more once it has stopped or gone.
        for at in range(2):
            for process in self.processes()[at:]:
                try:
                    os.kill(process, number)
                except ProcessLookupError:
                    pass

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        """Every process of it at one moment, as when the machine is gone. It does not come back."""
        self.pause()
        processes = self.processes()
        self.signal(signal.SIGKILL)
        # One that starts in its place must not find it.
        until = time.monotonic() + 30
        while any(pathlib.Path(f"/proc/{process}").exists() for process in processes):
            if time.monotonic() > until:
                raise AssertionError("the server did not end")
            time.sleep(0.01)

    def stop(self):
        subprocess.run([TOOL, "crash", self.temporary.name], stderr=subprocess.DEVNULL, check=False)
        self.temporary.cleanup()


class Standby(Postgres):
    """Follows another server as it is now, until it is promoted."""

    def __init__(self, primary):
        self.temporary = tempfile.TemporaryDirectory(prefix="wb-pg-", ignore_cleanup_errors=True)
        self.environment = primary.environment
        self.url = self.do("standby", primary.temporary.name)

    def promote(self):
        self.do("promote")
