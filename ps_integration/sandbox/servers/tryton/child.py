"""Runs Tryton's server in this process and ends with the process that started it."""

import os
import runpy
import threading
import time
from typing import Final

LOOK_SECONDS: Final = 1.0


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    runpy.run_module("trytond.cli", run_name="__main__")
