# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What can go wrong, as one sentence each and an exit code.

A newcomer reads the sentence, not a traceback: it names what is missing and the
ways to provide it.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the commands."""

    OK = 0
    FAILED = 1  # a step, a test or a check said no
    UNAVAILABLE = 2  # something that the machine has to provide is missing
    USAGE = 64
    INTERRUPTED = 130


class ToolError(Exception):
    """Base of everything that ends a command with a sentence."""

    exit_code: ExitCode = ExitCode.FAILED


class Unavailable(ToolError):
    """Something that the machine has to provide isn't there.

    :param missing: what can't be had, the beginning of the sentence
    :param ways: how to provide it, its end
    """

    exit_code = ExitCode.UNAVAILABLE

    def __init__(self, missing: str, ways: str) -> None:
        super().__init__(f"{missing}: {ways}.")
        self.missing = missing
        self.ways = ways


class StepFailed(ToolError):
    """A step whose output went to a log file ended with an error."""


class Stopped(BaseException):
    """The process was told to end by a signal other than Ctrl-C's.

    Not an ``Exception``, as ``KeyboardInterrupt`` isn't one: nothing may swallow it.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number
