"""Every rule about two commits with its number for ever, its severity, and its page."""

from ccci.sweep.rules.model import Confidence, Rule, Severity

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
_CONVERT = "docker/cli cli/compose/convert"
_CONFIGS = "swarmkit manager/controlapi/config.go (UpdateConfig)"


def _rule(
    number: str,
    title: str,
    severity: Severity,
    why: str,
    source: str,
    confidence: Confidence = Confidence.LIKELY,
) -> Rule:
    return Rule(number, title, severity, why, source, "", "", None, confidence=confidence)


UPGRADE_RULES: tuple[Rule, ...] = (
    _rule(
        "CCCI101",
        "a config changed and its name did not",
        _ERROR,
        "Swarm never changes a config's or a secret's content: a deploy that asks for it is "
        "refused, whether a service uses it or not, and a comment is content as well. The version "
        "in the name has to rise, and where it is kept decides who follows: the export in abra.sh "
        "reaches every app, a default in the file each that sets nothing, and a version in "
        "`.env.sample` only new ones.",
        _CONFIGS,
        Confidence.CERTAIN,
    ),
    _rule(
        "CCCI102",
        "a secret that existing apps have not",
        _ERROR,
        "A secret that a service uses has to be there before the deploy. A new one, a renamed one "
        "and one with a raised version have to be made for each app. Where the release notes of "
        "the commit speak of it, it is a warning.",
        _CONVERT,
        Confidence.CERTAIN,
    ),
    _rule(
        "CCCI103",
        "a variable that existing apps have not",
        _WARNING,
        "What `.env.sample` gained reaches new apps alone. A variable without a default is empty "
        "in the others; one that the file requires (`${X:?}`) makes docker refuse it.",
        "docker/cli cli/compose/template",
    ),
    _rule(
        "CCCI104",
        "a compose file that apps name is gone",
        _WARNING,
        "COMPOSE_FILE stands in each app's own `.env`: an app that names a file which is gone "
        "cannot be deployed.",
        "coop-cloud/abra, docker/cli",
        Confidence.CERTAIN,
    ),
    _rule(
        "CCCI105",
        "an overlay speaks of a service that is gone",
        _ERROR,
        "When a service is renamed in compose.yml and not in an overlay, the overlay adds a "
        "service of the old name, without an image.",
        _CONVERT,
        Confidence.CERTAIN,
    ),
    _rule(
        "CCCI106",
        "docker refuses the newer files",
        _ERROR,
        "`docker stack deploy` took the older files and does not take the newer ones, merged as "
        "an existing app merges them.",
        _CONVERT,
        Confidence.CERTAIN,
    ),
    _rule(
        "CCCI107",
        "a service that existing apps lose, or keep running",
        _WARNING,
        "abra does not remove what the files no longer have: the old service runs on, and with a "
        "renamed one two services write one volume. A service that moved into an overlay is never "
        "updated again where COMPOSE_FILE does not name the overlay.",
        "docker stack deploy without --prune",
    ),
    _rule(
        "CCCI108",
        "a volume that is another one after the upgrade",
        _WARNING,
        "A volume is known by its name. Renamed, or mounted elsewhere, the app starts with an "
        "empty one, and its data stays in the old.",
        _CONVERT,
        Confidence.CERTAIN,
    ),
    _rule(
        "CCCI109",
        "a database's major version",
        _WARNING,
        "The files of a database belong to its major version. Some upgrade them by themselves; "
        "mongo and elasticsearch only those of the version right before; postgres, influxdb and "
        "neo4j none, meilisearch not even those of another minor version. None goes back. Of an "
        "image with an extension, such as `timescaledb:2.11.0-pg15`, the number behind `pg` "
        "counts; of `latest`, or a digest alone, nothing is known.",
        "the manuals of the databases",
    ),
    _rule(
        "CCCI110",
        "a version label that is not the release's",
        _WARNING,
        "abra and ccci tell from the version label what is deployed. A release that carries "
        "another version, or an older one, is told wrongly for ever.",
        "coop-cloud/abra (recipe sync, recipe release)",
        Confidence.CERTAIN,
    ),
    _rule(
        "CCCI111",
        "a policy or health check made weaker",
        _WARNING,
        "What the rules of `ccci sweep rollback-policy` find in the newer commit and not in the "
        "older, a health check that is gone, and a failure_action that does less.",
        "the rules that are named",
        Confidence.CERTAIN,
    ),
    _rule(
        "CCCI112",
        "a timeout label shorter than the recipe needs",
        _WARNING,
        "abra waits for as long as the label `coop-cloud.….timeout` says. A task is starting until "
        "its first good probe, which may be start_period + retries x (interval + timeout) away: "
        "only then is it unhealthy. It is said where a commit makes the label too short, or more "
        "so.",
        "coop-cloud/abra (timeout label), moby daemon/health.go",
    ),
    _rule(
        "CCCI113",
        "COMPOSE_FILE that existing apps do not follow",
        _WARNING,
        "COMPOSE_FILE of `.env.sample` is copied once, when an app is made. What moves into an "
        "overlay, such as a port, is lost to the apps that do not name it.",
        "coop-cloud/abra (app new)",
        Confidence.CERTAIN,
    ),
    _rule(
        "CCCI114",
        "a version in .env.sample that existing apps do not follow",
        _NOTE,
        "A version or an image that changes in `.env.sample` alone is one for new apps: a secret "
        "is not made anew, a config keeps its name, the old image runs on.",
        "coop-cloud/abra (app new)",
        Confidence.CERTAIN,
    ),
    _rule(
        "CCCI115",
        "a lightweight release tag",
        _ERROR,
        "abra refuses to deploy a release whose tag has no object of its own.",
        "coop-cloud/abra (lint rule R014)",
        Confidence.CERTAIN,
    ),
    _rule(
        "CCCI116",
        "a port published for the first time",
        _NOTE,
        "A port of the ingress network is one for all stacks of a swarm, one in mode host one for "
        "all of a node.",
        "swarmkit manager/controlapi/service.go (checkPortConflicts)",
    ),
    _rule(
        "CCCI117",
        "a variable where docker replaces none",
        _WARNING,
        "docker replaces variables in values alone. `${STACK_NAME}` in the key of a mapping stays "
        "as it is written, so that every app has the same label, and traefik one router for all. "
        "A default ends at the first brace: in `${RULE:-Host(${DOMAIN})}` nothing stands for it.",
        "docker/cli cli/compose/interpolation",
        Confidence.CERTAIN,
    ),
    _rule(
        "CCCI118",
        "a database's name or user changed over its files",
        _WARNING,
        "The variables that name a database and its user are read when its files are made, and "
        "never again: the app asks for one that is not there.",
        "the images' own pages (POSTGRES_DB, MYSQL_DATABASE)",
    ),
    _rule(
        "CCCI119",
        "something of somebody else's, used for the first time",
        _WARNING,
        "An external network, volume or config has to be there before the deploy.",
        _CONVERT,
    ),
)
