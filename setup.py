"""Builds the dashboard on the way; everything that can be said declaratively stands in setup.cfg.

Node is asked for only where there is something to build: from a source distribution, which brings the built files
along, the package installs on machines for which there is no Node.
"""

import sys
from pathlib import Path

from setuptools import Command, setup
from setuptools.command.build import build
from setuptools.command.sdist import sdist

sys.path.insert(0, str(Path(__file__).parent / "dashboard"))
import building as dashboard

sys.path.pop(0)


class BuildDashboard(Command):
    """Make evcc_flask/web/static; the first step of every build, the editable one too."""

    description = "build the dashboard into evcc_flask/web/static"
    user_options = ()
    editable_mode = False

    def initialize_options(self):
        """Nothing to choose."""

    finalize_options = initialize_options

    def run(self):
        dashboard.build()

    def get_source_files(self):
        return []

    get_outputs = get_source_files

    def get_output_mapping(self):
        return {}


class WithDashboard(sdist):
    """A source distribution that holds the built files."""

    def run(self):
        self.run_command("build_dashboard")
        super().run()


build.sub_commands.insert(0, ("build_dashboard", None))
setup(
    cmdclass={"build_dashboard": BuildDashboard, "sdist": WithDashboard},
    setup_requires=[] if dashboard.is_current() else [dashboard.NODE],
)
