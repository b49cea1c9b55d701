"""What can go wrong with the local cloud, worded for the person who started it."""


class LocalCloudError(Exception):
    """The local cloud cannot do what was asked of it; the message says what to do."""


class PortInUseError(LocalCloudError):
    """The port asked for belongs to another program."""


class EmulatorError(LocalCloudError):
    """The emulator did not come up, or is gone; the message ends with the end of its log."""


class TemplateError(LocalCloudError):
    """The template cannot be read or translated."""


class StackFailedError(LocalCloudError):
    """CloudFormation gave the stack up; the message names the first resource that failed, and why."""
