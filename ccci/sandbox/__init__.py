"""A private throwaway Swarm: dockerds of its own, in network namespaces of its own, in one folder.

The folder is the sandbox's identity: everything outside of it (namespaces, cgroup) is named after
a hash of its path, so that any number of sandboxes live side by side, and a folder that is found
again, whatever became of its processes, is enough to remove all of it.
"""
