"""A private throwaway Swarm: dockerds of its own, in network namespaces of its own, in one folder.

The folder is the sandbox's identity: everything outside of it (namespaces, cgroup) is named after
a hash of its path, so that any number of sandboxes live side by side, and a folder that is found
again, whatever became of its processes, is enough to remove all of it.

It offers to other programs: `Sandbox`, `up` and `down`, and `ccci.sandbox.fixtures` for pytest.
"""

from typing import TYPE_CHECKING

from ccci.lazily import offering

if TYPE_CHECKING:
    from ccci.sandbox.layout import Sandbox
    from ccci.sandbox.lifecycle import down, up
else:
    __getattr__, __dir__ = offering(
        __name__,
        {"ccci.sandbox.layout": ("Sandbox",), "ccci.sandbox.lifecycle": ("down", "up")},
    )

__all__ = ["Sandbox", "down", "up"]
