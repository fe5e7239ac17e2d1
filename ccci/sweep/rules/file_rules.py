"""The rules from CCCI014 on: what else a file shows, each with its number for ever."""

from ccci.sweep.rules import keeping, start_first, writing
from ccci.sweep.rules.model import Confidence, Rule, Severity

LONG_NAME = "CCCI017"
NOT_DEPLOYED = "CCCI020"

_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

MORE_RULES: tuple[Rule, ...] = (
    Rule(
        "CCCI014",
        "no rollback_config under start-first",
        _WARNING,
        "A rollback does not follow update_config. Without a rollback_config of its own it stops "
        "first, one task at a time, watching each for 5 s. Silent beside CCCI001 and CCCI003, "
        "whose remedy removes it.",
        "swarmkit api/defaults/service.go",
        "test_a_rollback_without_a_config_of_its_own_stops_first",
        "The service that Swarm made has no other order than stop-first for its rollback.",
        start_first.no_rollback_config,
    ),
    Rule(
        "CCCI015",
        "moving image tag",
        _WARNING,
        "The same commit deploys different software on different days, nodes that pulled earlier "
        "keep the older one, and a tag that is published again can break every released version "
        "at once. A channel, a flavour without a version (`alpine`, `fpm-alpine`) and a major "
        "version alone move; a version of two parts and more, a date, a build's number and a "
        "commit do not.",
        "moby/moby#37913",
        "",
        "",
        writing.moving_tag,
    ),
    Rule(
        "CCCI016",
        "a variable in a health check's duration",
        _ERROR,
        "abra reads the file before variables are replaced and checks durations then: `does not "
        "match format 'duration'`. docker itself takes such a file, so that in one of no recipe it "
        "is a note.",
        "coop-cloud/abra, seen as a fatal error of `abra app deploy`",
        "",
        "",
        writing.interpolated_duration,
    ),
    Rule(
        LONG_NAME,
        "a config's or secret's name is too long",
        _ERROR,
        "Names of configs and secrets end at 64 characters in Swarm, the stack's name included, "
        "and the stack's name is made of the domain. Where no DOMAIN is given the stack's name is "
        "a guess, made of the folder's, and the finding a note.",
        "swarmkit manager/controlapi/common.go (validateConfigOrSecretAnnotations)",
        "test_a_name_ends_at_64_characters",
        "64 characters are taken, 65 are refused, for configs and secrets.",
        None,
    ),
    Rule(
        "CCCI018",
        "a service named app on a shared network",
        _WARNING,
        "On a network that several stacks share, each service answers to its short name. Where "
        "two are called `app`, a proxy that asks for `app` reaches either.",
        "moby libnetwork (service discovery by network alias)",
        "test_two_apps_on_one_network_answer_to_one_name",
        "`app` has two addresses, `<stack>_app` has one.",
        writing.app_on_shared_network,
        usual=False,
        confidence=Confidence.LIKELY,
    ),
    Rule(
        "CCCI019",
        "depends_on names an unknown service",
        _WARNING,
        "Swarm ignores depends_on. `docker compose config`, which tools use to list images, stops "
        "at a name that is not there.",
        "compose-spec/compose-go, docker/cli cli/compose/convert",
        "",
        "",
        writing.unknown_dependency,
    ),
    Rule(
        NOT_DEPLOYED,
        "docker stack deploy refuses it",
        _ERROR,
        "`docker stack config` takes the file, `docker stack deploy` does not: the CLI stops while "
        "it converts the file, or the Engine refuses a service, and then those that came before "
        "are deployed already. An unknown word (`failure_action: Rollback`, `mode: Global`, "
        "`condition: always`), a network, volume, secret or config that is declared nowhere, a "
        "number out of range, a global service with replicas, a job with an update_config, a port "
        "that is published twice, an image without a name, an unknown `endpoint_mode` or type of a "
        "volume, options of another type of it, two configs or secrets with one target.",
        "docker/cli cli/compose/convert, swarmkit manager/controlapi/service.go",
        "test_what_deploy_refuses_is_found_before",
        "Each kind was given to docker CLI 28.2.2 and engine 20.10.24, and refused.",
        None,
    ),
    Rule(
        "CCCI021",
        "start-first where every place is taken",
        _ERROR,
        "A node that holds `max_replicas_per_node` tasks takes no other. With start-first the new "
        "task waits for a place and the old one for the new: the update stands still, for ever, "
        "since nothing failed. More nodes than the replicas fill make room for it.",
        "moby/moby#40797, swarmkit manager/scheduler/filter.go (MaxReplicasFilter)",
        "test_a_full_node_stops_a_start_first_update",
        "1 replica, at most 1 on a node, one node: the update stays `updating`; with stop-first "
        "it is `completed`.",
        start_first.full_nodes,
        fixable=True,
        safe=True,
        confidence=Confidence.LIKELY,
    ),
    Rule(
        "CCCI022",
        "start-first on the node's own network",
        _WARNING,
        "On the network `host` a container listens on the node itself. The new task cannot bind "
        "a port that the old one holds, exits, and the update fails; Swarm knows of no port, so "
        "that nothing holds the new task back.",
        "moby daemon/cluster/executor/container/container.go (predefined networks)",
        "test_two_tasks_on_the_network_of_the_node_want_one_port",
        "The new task ends with `Address already in use` and the update is paused; with "
        "stop-first it is `completed`.",
        start_first.host_network,
        fixable=True,
        safe=True,
        confidence=Confidence.LIKELY,
    ),
    Rule(
        "CCCI023",
        "several replicas write one volume",
        _WARNING,
        "A volume of the local driver is one of each node. Replicas that land on one node write "
        "the same files; those on different nodes each have their own, and nobody says which one "
        "holds the data.",
        "moby volume/local, swarmkit manager/scheduler",
        "test_replicas_on_one_node_share_a_volume",
        "Two replicas on one node found the other's file on the volume.",
        keeping.replicas_share,
        confidence=Confidence.LIKELY,
    ),
    Rule(
        "CCCI024",
        "automatic rollback of a database",
        _WARNING,
        "When a new version of a database has begun to change its files and its update then "
        "fails, `failure_action: rollback` starts the old version on them. It refuses them or, "
        "worse, does not.",
        "the manuals of the databases: going back a version is supported by none of them in place",
        "",
        "",
        keeping.database_rolled_back,
        confidence=Confidence.LIKELY,
    ),
    Rule(
        "CCCI025",
        "a port on one address only",
        _WARNING,
        "`127.0.0.1:3306:3306` keeps a port to the machine itself, under docker compose. Swarm "
        "drops the address, docker only warns of it, and the port is open to everybody.",
        "docker/cli cli/compose/loader (toServicePortConfigs: ignoring IP-address)",
        "test_an_address_before_a_port_is_dropped",
        "The service's endpoint has the port, without the address.",
        writing.bound_address,
    ),
)
