#!/usr/bin/env python3
"""InterUSS's public suite against a built node: its prober, and uss_qualifier's scenarios for a DSS.

  interuss_test.py WIDEBERTHD FOLDER embedded     against one node with a store of its own
  interuss_test.py WIDEBERTHD FOLDER pool         against two nodes over one PostgreSQL
  interuss_test.py WIDEBERTHD FOLDER BASE_URL...  against these nodes of one pool, which run already

FOLDER keeps a Python environment with the suite, as it is on PyPI, between runs; several may share it. With two nodes
the scenarios that compare instances run as well. Ends with 77, "skipped", where no Python of 3.13 or newer is, where
the suite cannot be installed, or where ../shared/specs or PostgreSQL is missing. Any other check that does not pass
fails, and each test that is left out is named with its reason.
"""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import shutil
import subprocess
import sys
import tempfile
import time

import bodies

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import postgres  # noqa: E402
SPECS = ROOT.parent / "shared" / "specs"
SUITE = "interuss-monitoring==0.37.0"
# Where the suite looks for the OpenAPI files, from beside its package `monitoring`.
INTERFACES = {
    "astm-utm/Protocol/utm.yaml": "f3548/utm.yaml",
    "rid/v1/remoteid/augmented.yaml": "f3411/f3411-19.yaml",
    "rid/v2/remoteid/updated.yaml": "f3411/f3411-22a.yaml",
}
SKIPPED = 77


class Skip(Exception):
    pass


def python():
    """A Python of 3.13 or newer: on the path, or one of pyenv's."""
    found = [shutil.which(f"python3.{minor}") for minor in range(20, 12, -1)] + [sys.executable]
    versions = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv")) / "versions"
    found += sorted((str(path) for path in versions.glob("3.*/bin/python3")), reverse=True)
    for path in filter(None, found):
        seen = subprocess.run([path, "-c", "import sys; print(sys.version_info >= (3, 13))"],
                              capture_output=True, text=True, check=False)
        if seen.stdout.strip() == "True":
            return path
    raise Skip("no Python of 3.13 or newer")


def environment(folder):
    """The Python of an environment that holds the suite, and where its packages lie."""
    venv = folder / "venv"
    of_venv = venv / "bin" / "python"
    done = folder / SUITE
    if not done.exists():
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([python(), "-m", "venv", str(venv)], check=True)
        pip = subprocess.run([str(of_venv), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", SUITE],
                             capture_output=True, text=True, check=False)
        if pip.returncode != 0:
            raise Skip(f"{SUITE} cannot be installed: {pip.stderr.strip().splitlines()[-1:]}")
        done.touch()
    where = subprocess.run([str(of_venv), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
                           capture_output=True, text=True, check=True)
    packages = pathlib.Path(where.stdout.strip())
    for place, file in INTERFACES.items():
        target = packages / "interfaces" / place
        target.parent.mkdir(parents=True, exist_ok=True)
        bodies.put(target, (SPECS / file).read_text())
    bodies.write(packages / "monitoring" / "prober")
    return of_venv, packages


def start(node, folder, of_venv, extra=""):
    """A node for the test: it takes the tokens that the suite signs with the key that it publishes."""
    folder.mkdir()
    key = subprocess.run([str(of_venv), "-c", "from monitoring.monitorlib.auth import NoAuth\n"
                          "print(NoAuth.dummy_private_key.export_to_pem().decode())"],
                         capture_output=True, text=True, check=True)
    (folder / "suite.pem").write_text(key.stdout)
    (folder / "rules.toml").write_text((ROOT / "examples/rules/two-parties.toml").read_text())
    config = folder / "node.toml"
    config.write_text(
        'rules_file = "rules.toml"\n[store]\ndirectory = "store"\ndisk_free_min_mib = 1\n[listen]\nport = 0\n'
        '[auth]\nissuer = "i"\naudience = "a"\nkey_files = ["suite.pem"]\n[log]\nform = "json"\n'
        '[dss]\nenabled = true\nissuers = ["NoAuth"]\naudiences = ["localhost"]\nkey_files = ["suite.pem"]\n' + extra
    )
    if "[pool]" in extra:
        subprocess.run([node, "--config", str(config), "--migrate"], check=True, stdout=subprocess.DEVNULL)
    log = open(folder / "node.log", "w+", encoding="utf-8")
    process = subprocess.Popen([node, "--config", str(config)], stderr=log)
    while process.poll() is None:
        log.seek(0)
        found = re.search(r'"listening".*"port": ?(\d+)', log.read())
        if found:
            return process, f"http://localhost:{found.group(1)}"
        time.sleep(0.02)
    log.seek(0)
    raise RuntimeError(f"the node did not start: {log.read()}")


def end(process):
    process.terminate()
    process.wait(30)


@contextlib.contextmanager
def running(node, what, of_venv):
    """The base URLs of the nodes that are asked for."""
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wideberth-interuss-")))
        extras = {"here": ""}
        if what == ["pool"]:
            if not postgres.installed():
                raise Skip("PostgreSQL's server is not installed (package postgresql)")
            server = postgres.Postgres()
            stack.callback(server.stop)
            extras = {name: f'locality = "{name}"\n[pool]\nurl = "{server.url}"\n' for name in ("east", "west")}
        elif what != ["embedded"]:
            yield what
            return
        urls = []
        for name, extra in extras.items():
            process, url = start(node, folder / name, of_venv, extra)
            stack.callback(end, process)
            urls.append(url)
        yield urls


def probe(of_venv, packages, url, number, pooled):
    """The prober: pytest's own count, where each test that is left out is a failure."""
    # Names of its own: it leaves "uss1" down, of which nobody needs to know an intent.
    first, second = (f"NoAuth(sub=prober{number}{letter})" for letter in "ab")
    arguments = [f"--rid-auth={first}", f"--rid-v2-auth={first}", f"--scd-auth1={first}", f"--scd-auth2={second}"]
    if pooled:
        arguments.append("--scd-time-based-notification-index=true")
    # It opens its files from its own folder.
    run = subprocess.run(
        [str(of_venv), "-m", "pytest", ".", "-q", "-rsxfE", "-p", "no:cacheprovider", f"--dss-endpoint={url}",
         *arguments],
        cwd=packages / "monitoring" / "prober", text=True, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": str(packages)},
    )
    last = run.stdout.strip().splitlines()[-1]
    print(f"prober: {last}", flush=True)
    good = run.returncode == 0 and re.search(r"\b[1-9]\d* passed", last) and "skipped" not in last
    if not good:
        print(run.stdout, run.stderr)
    return bool(good)


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    node, folder, what = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:]
    try:
        if not SPECS.exists():
            raise Skip("../shared/specs is not there")
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            of_venv, packages = environment(folder)
        with running(node, what, of_venv) as urls:
            good = [probe(of_venv, packages, url, number, len(urls) > 1) for number, url in enumerate(urls)]
            qualified = subprocess.run([str(of_venv), str(HERE / "qualifier.py"), *urls], check=False)
            return 0 if all(good) and qualified.returncode == 0 else 1
    except Skip as reason:
        print(f"skipped: {reason}")
        return SKIPPED


if __name__ == "__main__":
    sys.exit(main())
