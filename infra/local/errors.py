"""What can go wrong with the local cloud, worded for the person who started it."""


class LocalCloudError(Exception):
    """The local cloud cannot do what was asked of it; the message says what to do."""


class PortInUseError(LocalCloudError):
    """The port asked for belongs to another program."""

    def __init__(self, port: int, why: str) -> None:
        super().__init__(
            f"Port {port} of 127.0.0.1 cannot be used ({why}). Stop the program that listens on it, another "
            "`dialtone` perhaps, or name another port, or 0 to have a free one taken."
        )


class EmulatorError(LocalCloudError):
    """The emulator did not come up, or is gone; the message ends with the end of its log."""


class TemplateError(LocalCloudError):
    """The template cannot be read or translated."""


class StackFailedError(LocalCloudError):
    """CloudFormation gave the stack up; the message names the first resource that failed, and why."""
