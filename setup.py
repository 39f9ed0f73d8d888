"""The packages, found. In: the folders at the top. Out: the same, under the name `zhuanjie`."""

from setuptools import find_packages, setup

TOP = ("engine", "report", "synthetic", "web", "cli", "rules")
"""The folders that are Python packages at the top of the repository."""

found = find_packages(include=[pattern for top in TOP for pattern in (top, f"{top}.*")])
setup(
    packages=["zhuanjie", *(f"zhuanjie.{name}" for name in found)],
    package_dir={"zhuanjie": "package", **{f"zhuanjie.{top}": top for top in TOP}},
)
