"""Build the documentation site into dist/site: `python -m docs.site`, with the tools in .venv/docs-site."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from docs.generate import REPOSITORY
from docs.site import built, pages

TOOLS = REPOSITORY / ".venv" / "docs-site" / "bin"
SITE = REPOSITORY / "dist" / "site"
# Sphinx's messages name the files in the first. A build that failed leaves the last good site alone.
SOURCE, NEW = SITE.with_name("site-source"), SITE.with_name("site-new")


def run(tool: str, *arguments: str | Path, folder: Path, **environment: str) -> None:
    """Run one of the tools, which find each other on the path."""
    path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(  # noqa: S603
        [TOOLS / tool, *arguments], cwd=folder, env={**os.environ, "PATH": path, **environment}, check=True
    )


def build(address: str, version: str) -> None:
    """Stage the sources, and call the tools on them."""
    for folder in (SOURCE, NEW):
        shutil.rmtree(folder, ignore_errors=True)
    text, collections = SOURCE / "text", SOURCE / "collections"
    pages.stage(REPOSITORY, text, address)
    pages.stage_collection(REPOSITORY, collections / "ansible_collections" / "llmmon" / "stack")
    generated = text / pages.GENERATED.parent
    generated.mkdir()
    # From a folder without an ansible.cfg: the repository's is about hosts.
    run(
        "antsibull-docs",
        *("collection", "--use-current", "--squash-hierarchy", "--fail-on-error", "--no-add-antsibull-docs-version"),
        *("--dest-dir", generated, "llmmon.stack"),
        folder=SOURCE,
        ANSIBLE_COLLECTIONS_PATH=str(collections),
    )
    run(
        "sphinx-build",
        *("--builder", "html", "--quiet", "--fail-on-warning", "--keep-going", "--conf-dir", Path(__file__).parent),
        *("--define", f"release={version}", "--doctree-dir", SOURCE / "doctrees", text, NEW),
        folder=REPOSITORY,
    )


def main() -> int:
    galaxy: dict[str, Any] = yaml.safe_load((REPOSITORY / pages.COLLECTION / "galaxy.yml").read_text(encoding="utf-8"))
    parser = argparse.ArgumentParser(prog="python -m docs.site", description=__doc__)
    parser.add_argument(
        "--repository",
        default=f"{galaxy['repository']}/blob/main",
        help="where links to files that are no pages lead (%(default)s)",
    )
    arguments = parser.parse_args()
    try:
        build(arguments.repository.rstrip("/"), galaxy["version"])
    except subprocess.CalledProcessError as failed:
        print(f"{Path(failed.cmd[0]).name} refuses the site: see above", file=sys.stderr)
        return 1
    pages.keep_addresses(NEW)
    if found := list(built.faults(NEW)):
        print(*found, sep="\n", file=sys.stderr)
        return 1
    shutil.rmtree(SITE, ignore_errors=True)
    NEW.rename(SITE)
    print(f"wrote {SITE.relative_to(REPOSITORY)}: {len(list(SITE.rglob('*.html')))} pages", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
