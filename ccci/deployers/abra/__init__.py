"""The real abra behind the seam: the one place that knows how it is asked, and what it answers.

`flags` and `parse` are pure (argv out, text in), `run` runs it, `app` is the `Deployer`.
"""

from ccci.deployers.abra.app import AbraDeployer
from ccci.deployers.abra.run import executable, version_of

__all__ = ["AbraDeployer", "executable", "version_of"]
