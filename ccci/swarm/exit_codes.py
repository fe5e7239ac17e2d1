"""Exit codes that a container ends with whoever wrote its program. Pure.

A shell's are 126 and 127 (POSIX, Shell & Utilities 2.8.2); a signal is 128 and its number, to the
Engine as to a shell (moby daemon/internal/libcontainerd, containerd's exit status).
"""

NOT_EXECUTABLE = 126
NOT_FOUND = 127
SIGILL = 132
"""An instruction that the processor lacks."""
SIGKILL = 137
"""Out of memory, or killed: after `stop_grace_period`, by hand, with its node."""
SIGSEGV = 139
SIGTERM = 143
"""Asked to stop."""
