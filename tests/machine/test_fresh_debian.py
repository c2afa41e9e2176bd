"""A fresh Debian, nothing on it but python3, git and sudo: the two commands of README.rst work, and leave nothing.

The roots are made by debootstrap, kept in a cache, and never written to: each test works on a layer of its own. How to
reach Debian's and Python's packages is taken from the machine that runs the test.
"""

import json
import os
import resource
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.load import stretched

pytestmark = pytest.mark.slow

TOP = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", "/var/cache")) / "evcc-flask" / "roots"
WAY_OUT = (
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_CERT", "PIP_DEFAULT_TIMEOUT"),
    *("NODE_EXTRA_CA_CERTS", "npm_config_registry"),
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
)
"""Variables that say how packages are reached."""

ENTER = """
set -eu
base=$1 layer=$2 user=$3; shift 3
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$base,upperdir=$layer/upper,workdir=$layer/work" "$layer/root"
cd "$layer/root"
mount -t proc proc proc
mount -t tmpfs tmpfs dev
for device in null zero full random urandom tty; do touch dev/$device; mount --bind /dev/$device dev/$device; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
exec chroot --userspec="$user" . sh -c 'cd "$HOME/evcc-flask" && exec "$@"' sh "$@"
"""
"""Mounts a layer over a root, enters it and runs a command there; the mounts end with it."""


class Machine:
    """A fresh Debian with a clone of the project, and somebody who sits in front of it."""

    def __init__(self, base: Path, layer: Path, user: str) -> None:
        self.base, self.layer, self.user = base, layer, user
        self.home = Path("/root" if user == "root" else f"/home/{user}")
        for folder in ("upper", "work", "root"):
            (layer / folder).mkdir()
        (layer / "upper").chmod(0o755)
        clone = layer / "upper" / self.home.relative_to("/") / "evcc-flask"
        clone.parent.mkdir(parents=True)
        subprocess.run(["git", "clone", "--quiet", TOP, clone], check=True)
        way_out(layer / "upper" / "etc")
        if user != "root":
            subprocess.run(["chown", "-R", "1000:1000", clone.parent], check=True)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """What a command says in the clone; it must end well."""
        words = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", ENTER, "enter"]
        words += [str(self.base), str(self.layer), self.user, *command]
        done = subprocess.run(words, env=self._environment(), capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)} on {self.base.name}:\n{done.stdout}\n{done.stderr}"
        return done

    def _environment(self) -> dict[str, str]:
        """The one of a fresh log-in, with this machine's way to the registries."""
        here = {name: os.environ[name] for name in WAY_OUT if name in os.environ}
        return {**here, "HOME": str(self.home), "LANG": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def base(suite: str, architecture: str = "") -> Path:
    """A root of Debian with what a Raspberry Pi has at its first start; made once. ``architecture``: this machine's."""
    name = "-".join(filter(None, (suite, architecture)))
    made = CACHE / name
    if made.exists():
        return made
    raw = CACHE / f"{name}.raw"
    shutil.rmtree(raw, ignore_errors=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted = ["--variant=minbase", "--include=python3,git,ca-certificates,sudo"]
    wanted += [f"--arch={architecture}"] if architecture else []
    subprocess.run(["debootstrap", *wanted, suite, raw, *_mirror()], check=True)
    subprocess.run(["chroot", raw, "useradd", "--create-home", "--uid", "1000", "pi"], check=True)
    (raw / "etc/sudoers.d/pi").write_text("pi ALL=(ALL) NOPASSWD: ALL\n")
    raw.rename(made)
    return made


@contextmanager
def layer(name: str) -> Iterator[Path]:
    """A folder for what is written over a root. Beside the cache: a layer cannot lie on another layer, as /tmp does in
    a container."""
    CACHE.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-layer-", dir=CACHE))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def cpu_s() -> float:
    """What the commands run until now have cost, however busy the machine is."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def way_out(etc: Path) -> None:
    """Names are resolved, and packages reached, as on this machine."""
    apt = etc / "apt" / "apt.conf.d" / "90here"
    apt.parent.mkdir(parents=True, exist_ok=True)
    apt.write_text(_output("apt-config dump | grep -E '^Acquire::(Check|https?)' || true"))
    certificates = ("/etc/ssl/certs/ca-certificates.crt", "ssl/certs/ca-certificates.crt")
    pip = ((file, "pip.conf") for file in ("/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf"))
    for here, there in (("/etc/resolv.conf", "resolv.conf"), ("/etc/hosts", "hosts"), certificates, *pip):
        if (source := Path(here).expanduser()).exists():
            (etc / there).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, etc / there)


def _mirror() -> list[str]:
    """The one that this machine uses, if it is a Debian; else debootstrap knows one."""
    uris = _output("apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' || true").split()
    return [uri for uri in uris if uri.rstrip("/").endswith("/debian")][:1]


def _output(script: str) -> str:
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module", params=[("bookworm", "root"), ("trixie", "pi")], ids=lambda each: "-".join(each))
def machine(request):
    """Debian 12 as root, Debian 13 as somebody with sudo."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a root file system: sudo script/test --all")
    if not shutil.which("debootstrap"):
        pytest.skip("debootstrap is missing: apt-get install debootstrap")
    suite, user = request.param
    made = base(suite)
    with layer(suite) as folder:
        yield Machine(made, folder, user)


def test_setup_says_what_it_installs_and_does_nothing_the_second_time(machine):
    said = machine.run("script/setup").stdout
    assert "setup: installing Debian packages: python3-venv python3-dev gcc" in said
    began_s = cpu_s()
    again = machine.run("script/setup")
    assert again.stdout + again.stderr == ""
    assert cpu_s() - began_s < 1


def test_the_demo_answers_within_five_seconds_and_ctrl_c_leaves_nothing(machine):
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    machine.run("script/setup")
    report = json.loads(machine.run("python3", "tests/machine/ctrl_c.py", str(port)).stdout)
    assert report["status"] == 200
    assert report["answered_s"] < stretched(5)
    assert report["ended_s"] < 2
    assert (report["code"], report["left"]) == (0, [])


def test_lints_and_tests_are_green(machine):
    machine.run("script/test")
