#!/usr/bin/env python3
"""What the container file does, done without a container runtime: its package in a copy of this machine's root.

    container_test.py BUILD_FOLDER

The root is an overlay that is gone with the test. The package is installed there, the file's own RUN line makes the
volume, and its ENTRYPOINT runs as its USER with a configuration where its CMD looks for it; its HEALTHCHECK says
whether that serves. Exits 77, which ctest shows as skipped, where no overlay may be mounted or the packages that the
node needs are not installed here.
"""

import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = "usr/share/doc/wideberth/examples/two-parties.toml"


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def instructions():
    """Those of the last stage, by name; continued lines are one."""
    text = (ROOT / "packaging/container/Containerfile").read_text().replace("\\\n", " ")
    stage = text[text.rindex("\nFROM ") :]
    found = {}
    for name, words in re.findall(r"(?m)^([A-Z]+) (.*)$", stage):
        found.setdefault(name, []).append(words)
    return found


class Image:
    def __init__(self, folder):
        self.folder, self.root = folder, folder / "root"
        for name in ("upper", "work", "root"):
            (folder / name).mkdir()
        # An overlay cannot lie on an overlay.
        layers = folder / "layers"
        layers.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2g", "tmpfs", layers], check=False)
        if mounted.returncode != 0:
            skip("no file system of a test's own may be mounted here")
        for name in ("upper", "work"):
            (layers / name).mkdir()
        options = f"lowerdir=/,upperdir={layers}/upper,workdir={layers}/work"
        mounted = subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", self.root], check=False)
        if mounted.returncode != 0:
            subprocess.run(["umount", layers], check=True)
            skip("no overlay may be mounted here")
        subprocess.run(["mount", "--bind", "/proc", self.root / "proc"], check=True)
        subprocess.run(["mount", "--bind", "/dev", self.root / "dev"], check=True)

    def close(self):
        for place in (self.root / "dev", self.root / "proc", self.root, self.folder / "layers"):
            subprocess.run(["umount", "--lazy", place], check=False)

    def run(self, *command, user=None, check=True, **more):
        as_user = ["--userspec", user] if user else []
        return subprocess.run(["chroot", *as_user, self.root, *command], check=check, capture_output=True, text=True,
                              **more)


def main():
    for tool in ("cpack", "dpkg-deb", "chroot", "openssl", "unshare", "ip"):
        if shutil.which(tool) is None:
            skip(f"no {tool}")
    # A network of its own: the file names a port.
    if sys.argv[2:] != ["inside"]:
        if subprocess.run(["unshare", "--net", "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            skip("no network of a test's own may be made here")
        return subprocess.run(["unshare", "--net", sys.executable, __file__, sys.argv[1], "inside"],
                              check=False).returncode
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    build = pathlib.Path(sys.argv[1])
    lines = instructions()
    with tempfile.TemporaryDirectory(prefix="wideberth-container-") as temporary:
        folder = pathlib.Path(temporary)
        made = subprocess.run(["cpack", "-G", "DEB", "--config", str(build / "CPackConfig.cmake"), "-B", temporary,
                               "-D", "CPACK_STRIP_FILES=OFF"], capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stdout + made.stderr
        package = next(folder.glob("*.deb"))
        image = Image(folder)
        node = None
        try:
            # It is the package of the first stage that is installed, and nothing else of it.
            assert lines["COPY"] == ["--from=build /package/*.deb /tmp/"], lines["COPY"]
            shutil.copy(package, image.root / "tmp")
            installed = image.run("dpkg", "--install", f"/tmp/{package.name}", check=False)
            if "dependency problems" in installed.stderr:
                skip("packages that the node needs are not installed here")
            assert installed.returncode == 0, installed.stdout + installed.stderr
            made = re.search(r"&& (install .*)$", lines["RUN"][0]).group(1)
            image.run("sh", "-ec", made)

            user, volume = lines["USER"][0], lines["VOLUME"][0]
            image.run("test", "-w", volume, user=user)
            command = json.loads(lines["ENTRYPOINT"][0]) + json.loads(lines["CMD"][0])
            etc = image.root / pathlib.Path(command[-1]).parent.relative_to("/")
            port = lines["EXPOSE"][0]
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                            "/CN=localhost", "-keyout", etc / "tls.key", "-out", etc / "tls.pem"], check=True,
                           capture_output=True)
            shutil.copy(image.root / RULES, etc / "rules.toml")
            key = subprocess.run(["openssl", "pkey", "-in", etc / "tls.key", "-pubout"], check=True,
                                 capture_output=True).stdout
            (etc / "auth.pem").write_bytes(key)
            (etc / "wideberthd.toml").write_text(
                f'rules_file = "rules.toml"\n[store]\ndirectory = "{volume}/store"\ndisk_free_min_mib = 1\n'
                f'[listen]\naddress = "0.0.0.0"\nport = {port}\ntls_certificate = "tls.pem"\ntls_key = "tls.key"\n'
                '[auth]\nissuer = "i"\naudience = "a"\nkey_files = ["auth.pem"]\n')
            image.run("sh", "-ec", f"chown -R {user} {pathlib.Path(command[-1]).parent}")

            health = lines["HEALTHCHECK"][0].partition(" CMD ")[2]
            node = subprocess.Popen(["chroot", "--userspec", user, image.root, *command], stderr=subprocess.PIPE)
            until = time.monotonic() + 60
            while image.run("sh", "-c", health, user=user, check=False).returncode != 0:
                assert node.poll() is None, node.stderr.read().decode()
                assert time.monotonic() < until, "it does not become healthy"
                time.sleep(0.2)
            uid = image.run("id", "-u", user).stdout.strip()
            status = pathlib.Path(f"/proc/{node.pid}/status").read_text()
            assert re.search(rf"(?m)^Uid:\t{uid}\t", status), status
            node.send_signal(getattr(signal, lines["STOPSIGNAL"][0]))
            assert node.wait(60) == 0, node.stderr.read().decode()
            assert image.run("sh", "-c", health, user=user, check=False).returncode != 0
        finally:
            if node is not None and node.poll() is None:
                node.kill()
                node.wait()
            image.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
