"""The main job on a throwaway Swarm: `python -m demo`. It fails when the outcomes are not those."""
