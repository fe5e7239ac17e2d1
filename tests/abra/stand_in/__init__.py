"""A stand-in for abra: it speaks the published contract of the command line, and really deploys.

Each behaviour cites what it rests on. CONFIRMED: stated or seen in that public source. LIKELY:
recollection of abra's source or deduction, which nobody here could check. The sources:

 docs     docs.coopcloud.tech, and git.coopcloud.tech/toolshed/docs.coopcloud.tech commit 2813257e
 cc-ci    git.autonomic.zone/recipe-maintainers/cc-ci, a CI that drives abra 0.13.0-beta-06a57de
 lores    the LoRes installation guide (local-resilience-tech/lores-node)
 workshop codecrispies' workshop scripts: `abra server add --local`, `app new -S --domain=`
 aur      the PKGBUILDs of abra 0.8.1 to abra-bin 0.13.0
 log      github.com/charmbracelet/log and, for 0.9 and older, github.com/sirupsen/logrus

`STAND_IN_ABRA_VERSION` chooses the release it plays (default 0.13.0-beta-06a57de), and
`STAND_IN_ABRA_MODE` a known failure, several joined by commas:

 impatient      `FATA deploy failed` after the deploy, though the stack converges later
                (CONFIRMED cc-ci commit 7dab4f5), even with `-c`
 timed-out      `FATA deploy timed out`, likewise (CONFIRMED cc-ci docs/runbook.md, cold pulls)
 hang           deploy never ends
 hang-early     deploy never ends, and nothing was deployed
 terminal       `inappropriate ioctl for device` without a terminal, `-n` or not (CONFIRMED cc-ci)
 silent         the overview goes to /dev/tty alone, nothing to the streams
 leak           deploy prints every value of the `.env`
 no-converge-flag, no-offline-flag, no-chaos-flag   a release whose flags are others
 new-moves      `app new` has no `--chaos`, so it checks out the newest release
                (CONFIRMED cc-ci: `app new` moves the checkout to a release tag)
 ignores-pin    a pinned deploy deploys the newest release all the same
                (CONFIRMED cc-ci: LATEST was deployed where a version was pinned)
 undeploy-fails `FATA` from undeploy, nothing removed
 crash          dies by a signal in the middle of deploying, after the first service

The tests start it some two thousand times a run, mostly for its version and its help: those are
answered without what is slow to import, such as `re`, `pathlib` and `subprocess`.
"""
