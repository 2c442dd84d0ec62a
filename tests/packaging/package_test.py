#!/usr/bin/env python3
"""The Debian package holds what it should, and what it holds runs.

    package_test.py BUILD_FOLDER

Exits 77, which ctest shows as skipped, where cpack, dpkg-deb or dpkg-shlibdeps are not there.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout


def main():
    for tool in ("cpack", "dpkg-deb", "dpkg-shlibdeps"):
        if shutil.which(tool) is None:
            print(f"skipped: no {tool}")
            return 77
    build = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="wideberth-package-") as temporary:
        folder = pathlib.Path(temporary)
        made = subprocess.run(["cpack", "-G", "DEB", "--config", str(build / "CPackConfig.cmake"), "-B", temporary,
                               "-D", "CPACK_STRIP_FILES=OFF"],
                              capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stdout + made.stderr
        package = next(folder.glob("*.deb"))
        version = re.search(r'kVersion = "([^"]+)"', (ROOT / "src/base/version.h").read_text()).group(1)
        fields = run("dpkg-deb", "--field", package)
        assert f"\nVersion: {version}" in fields and "\nPackage: wideberth\n" in fields, fields
        for library in ("libc6", "libssl3", "libsqlite3-0", "proj-data", "adduser"):
            assert re.search(rf"\nDepends:.*\b{library}\b", fields), f"{library} is not in: {fields}"
        extracted, control = folder / "files", folder / "control"
        run("dpkg-deb", "--extract", package, extracted)
        run("dpkg-deb", "--control", package, control)
        for script in ("postinst", "prerm", "postrm"):
            run("bash", "-n", control / script)
        unit = (extracted / "usr/lib/systemd/system/wideberthd.service").read_text()
        program = re.search(r"(?m)^ExecStart=(\S+)", unit).group(1)
        for binary in (program, "/usr/bin/wideberth", "/usr/bin/wideberth-fsck"):
            said = run(extracted / binary.lstrip("/"), "--version" if binary != "/usr/bin/wideberth-fsck" else "--help")
            assert said, binary
        assert (extracted / "usr/share/wideberth/grafana/wideberth.json").exists()
        owners = run("dpkg-deb", "--contents", package)
        assert all(line.split()[1] == "root/root" for line in owners.splitlines()), owners
    return 0


if __name__ == "__main__":
    sys.exit(main())
