"""The table of wrongs that the tests are tried with: each has to apply to the code as it is."""

import mutants


def test_each_wrong_applies_once_and_has_tests_that_are_there() -> None:
    gone = [
        (wrong.file, wrong.old)
        for wrong in mutants.read()
        if (mutants.ROOT / "ccci" / wrong.file).read_text().count(wrong.old) != 1
        or wrong.old == wrong.new
    ]
    assert gone == []
    named = {test for wrong in mutants.read() for test in wrong.tests}
    assert named
    assert [test for test in named if not (mutants.ROOT / "tests" / "unit" / test).exists()] == []
