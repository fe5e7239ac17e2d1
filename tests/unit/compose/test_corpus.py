"""The sweep agrees with a corpus of real files, where `CCCI_TEST_CORPUS` names one."""

import os
from pathlib import Path

from support.recipes.corpus_agreement import compare

CORPUS = os.environ.get("CCCI_TEST_CORPUS")

if CORPUS:

    def test_every_service_of_the_corpus_has_the_policy_docker_gives_it() -> None:
        agreement = compare(Path(CORPUS or ""))
        assert agreement.differences == ()
        assert agreement.services > 0
