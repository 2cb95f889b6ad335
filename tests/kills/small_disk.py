"""Serves a project folder from a small disk of its own, which is filled and emptied on command.

    unshare --user --map-root-user --mount … python small_disk.py FOLDER MEGABYTES SERVE…

Lines on standard input: ``fill`` takes all that is free, ``free`` gives it back, ``end`` stops the
server and copies the store back to the folder. Each is answered with a line ``done``. What the
server itself says comes through.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

BLOCK = 4096


def fill(ballast: Path) -> None:
    """Until not one block is left."""
    handle = os.open(ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        while True:
            os.write(handle, bytes(BLOCK))
    except OSError:
        return
    finally:
        os.close(handle)


def main(folder: str, megabytes: str, *serve: str) -> None:
    disk = Path(f"{folder}-disk")
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(disk)]
    subprocess.run(mount, check=True)
    project = Path(shutil.copytree(folder, disk / "project"))
    command = [part if part != folder else str(project) for part in serve]
    with subprocess.Popen(command) as server:
        for line in sys.stdin:
            if line == "fill\n":
                fill(disk / "ballast")
            elif line == "free\n":
                (disk / "ballast").unlink()
            else:
                server.terminate()
                server.wait()
                shutil.copytree(project / ".tuttu", Path(folder) / ".tuttu", dirs_exist_ok=True)
            print("done", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
