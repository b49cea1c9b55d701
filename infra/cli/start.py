"""Where the `dialtone` program begins: Ctrl-C ends it without a traceback while its modules are still being read."""

import signal
import sys

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell may have it ignored
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from infra.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
