"""Start ccci: `python -m ccci` and the console script."""

import sys


def main() -> None:
    """Run the command line; `--version` alone is answered without loading anything else."""
    if sys.argv[1:] == ["--version"]:
        from importlib.metadata import version

        sys.stdout.write(f"ccci {version('ccci')}\n")
        return
    from ccci.cli import run

    run()


if __name__ == "__main__":
    main()
