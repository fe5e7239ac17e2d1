"""Services, overlays, volumes and ports that an existing app loses, keeps too long or gets."""

from collections.abc import Iterator, Mapping

from ccci.compose import open_source
from ccci.compose.service import Place, Service
from ccci.compose.values import Mount
from ccci.sweep.rules.deploying import refusals
from ccci.sweep.rules.model import Severity
from ccci.sweep.upgrade.inputs import COMPOSE_FILE
from ccci.sweep.upgrade.model import Slip
from ccci.sweep.upgrade.revision import STACK, AppFiles, Pair, alone

OVERLAY, STALE_OVERLAY, REFUSED, SERVICE, VOLUME, PORT = (
    "CCCI104",
    "CCCI105",
    "CCCI106",
    "CCCI107",
    "CCCI108",
    "CCCI116",
)


def overlays(pair: Pair) -> Iterator[Slip]:
    """Yield each compose file that is gone and that apps may name."""
    before, after = pair.old.revision, pair.new.revision
    if pair.overlay is not None:
        return
    for name in pair.missing:
        if before.has(name):
            yield Slip(
                OVERLAY,
                f"{name} is gone, and every existing app names it in COMPOSE_FILE",
                "keep the file, be it empty (`services: {}`)",
                severity=Severity.ERROR,
            )
    for name in before.overlays:
        if not after.has(name):
            yield Slip(
                OVERLAY,
                f"{name} is gone: apps that name it in COMPOSE_FILE cannot be deployed",
                "keep the file, be it empty, or say in the release notes what to take out",
            )


def refused(pair: Pair) -> Iterator[Slip]:
    """Yield what docker refuses of the newer files and did not of the older."""
    fault, before = pair.new.loaded.fault, pair.old.loaded.fault
    if fault is not None and not fault.needs and (before is None or before.needs):
        yield Slip(REFUSED, f"docker refuses it: {fault.message}", "correct the file", fault.place)
        return
    if fault is not None and not fault.needs:
        return
    new = _refusals(pair.new)
    old = set(_refusals(pair.old))
    for (name, message), (place, hint) in new.items():
        if (name, message) in old or pair.missing:
            continue
        gone = pair.overlay is not None and message.startswith("the service has no image")
        if gone and name in pair.old.loaded.services:
            yield Slip(
                STALE_OVERLAY,
                f"{pair.overlay} speaks of `{name}`, which no other file of the set has any more: "
                "docker refuses the deploy",
                f"rename it in {pair.overlay} too",
                place,
                name,
            )
        else:
            yield Slip(REFUSED, f"docker refuses to deploy it: {message}", hint, place, name)
    yield from _missing_files(pair)


def _refusals(view: AppFiles) -> dict[tuple[str, str], tuple[Place, str]]:
    loaded = view.loaded
    found = {}
    for name, hit in refusals(loaded.services, loaded.sections, ""):
        place = loaded.services[name].place(*hit.keys)
        if place not in loaded.unknown:
            found[name, hit.message] = (place, hit.hint)
    return found


def _missing_files(pair: Pair) -> Iterator[Slip]:
    for kind in ("configs", "secrets"):
        for key, named in getattr(pair.new.loaded.sections, kind).items():
            if not named.file or named.external or named.place in pair.new.loaded.unknown:
                continue
            old = getattr(pair.old.loaded.sections, kind).get(key)
            before = old is not None and old.file and not pair.old.revision.has(old.file)
            if not pair.new.revision.has(named.file) and not before and kind == "configs":
                yield Slip(
                    REFUSED,
                    f"{named.file} of the config `{key}` is not in the commit: docker refuses the "
                    "deploy",
                    "add the file, or correct its name",
                    named.place,
                )


def services(pair: Pair) -> Iterator[Slip]:
    """Yield each service that an existing app loses, and what becomes of its data."""
    new = pair.new.loaded.services
    if not new or pair.missing:
        return
    # One without an image never ran: an overlay spoke of a service that was gone already.
    old = {name: each for name, each in pair.old.loaded.services.items() if each.image}
    added = [name for name in new if name not in old]
    owners: dict[str, int] = {}
    for number, name in enumerate(added):
        for volume in volumes_of(new[name]):
            owners.setdefault(volume, number)
    overlays_of = _overlays_of(pair)
    for name, service in old.items():
        if name in new:
            continue
        moved = overlays_of.get(name)
        shared = sorted(volumes_of(service) & owners.keys())
        if moved:
            yield Slip(
                SERVICE,
                f"`{name}` moved into {moved}: apps that keep their COMPOSE_FILE are deployed "
                "without it, and the old one is never updated again",
                f"keep it, or say in the release notes to add {moved} to COMPOSE_FILE",
                service=name,
            )
        elif shared:
            other = added[min(owners[volume] for volume in shared)]
            yield Slip(
                SERVICE,
                f"`{name}` is gone and `{other}` has its volume {', '.join(shared)}: nobody stops "
                "the old service, so that both run on it at once",
                f"remove `{name}` before the upgrade (`docker service rm`), or keep its name",
                new[other].place(),
                other,
                severity=Severity.ERROR,
            )
        else:
            yield Slip(
                SERVICE,
                f"`{name}` is gone from the files, and nobody stops it: it runs on in existing "
                "apps",
                "say in the release notes to remove it (`docker service rm`)",
                service=name,
            )


def _overlays_of(pair: Pair) -> dict[str, str]:
    """Return the overlay of the newer commit that has each service whole, with an image."""
    after = pair.new.revision
    found: dict[str, str] = {}
    for overlay in dict.fromkeys((*after.files, *after.overlays)):
        if overlay not in pair.new.files:
            tree = open_source(overlay, after.folder / overlay, inside=after.folder).tree
            services = tree.get("services")
            for name, mine in services.items() if isinstance(services, Mapping) else ():
                if isinstance(mine, Mapping) and mine.get("image"):
                    found.setdefault(name, overlay)
    return found


def volumes_of(service: Service) -> set[str]:
    """Return the keys of a service's named volumes."""
    return {m.source for m in service.mounts or () if m.type == "volume" and m.source}


def data(pair: Pair) -> Iterator[Slip]:
    """Yield each place of a service's data that is another one after the upgrade."""
    old, new = pair.old.loaded, pair.new.loaded
    for name, service in new.services.items():
        before = old.services.get(name)
        if before is None or not service.image:
            continue
        mounts = {mount.target.rstrip("/"): mount for mount in service.mounts or ()}
        by_source = {mount.source: mount for mount in reversed(mounts.values())}
        for target, mount in {m.target.rstrip("/"): m for m in before.mounts or ()}.items():
            if mount.read_only or mount.type not in {"volume", "bind"} or not mount.source:
                continue
            if mount.type == "bind" or "{{" in mount.source:
                continue
            now = mounts.get(target)
            was = _volume_name(pair.old, mount)
            if now is None:
                elsewhere = by_source.get(mount.source)
                where = f"is mounted at {elsewhere.target} now" if elsewhere else "is not mounted"
                yield Slip(
                    VOLUME,
                    f"the volume `{mount.source}` of {target} {where}: what the app keeps there "
                    "is elsewhere after the upgrade",
                    "keep the mount, or say in the release notes how to move the data",
                    service.place("volumes"),
                    name,
                )
            elif now.type != "volume" or _volume_name(pair.new, now) != was:
                yield Slip(
                    VOLUME,
                    f"{target} was the volume `{mount.source}` and is `{now.source or 'a new one'}`"
                    ": it is empty after the upgrade, the data stays in the old one",
                    "keep the volume's name, or say in the release notes how to move the data",
                    service.place(f"volumes.{now.target}", "volumes"),
                    name,
                    severity=Severity.ERROR,
                )


def _volume_name(view: AppFiles, mount: Mount) -> str:
    named = view.loaded.sections.volumes.get(mount.source)
    return named.name if named and named.name else f"{STACK}_{mount.source}"


def ports(pair: Pair) -> Iterator[Slip]:
    """Yield each port that is published for the first time, and may be taken."""
    old = _published(pair.old.loaded.services)
    for port, name in _published(pair.new.loaded.services).items():
        if port not in old and not pair.missing:
            number, protocol = port
            service = pair.new.loaded.services[name]
            yield Slip(
                PORT,
                f"port {number}/{protocol} is published for the first time: where it is taken, "
                "the deploy is refused or stands still",
                "say so in the release notes, also for firewalls",
                service.place(f"ports.{number}", "ports"),
                name,
            )


def lost_ports(pair: Pair) -> Iterator[Slip]:
    """Yield each port that moved into an overlay which existing apps do not name."""
    new = _published(pair.new.loaded.services)
    if pair.overlay is not None or pair.missing:
        return
    lost = {
        port: name
        for port, name in _published(pair.old.loaded.services).items()
        if port not in new and name in pair.new.loaded.services
    }
    for overlay in pair.new.revision.overlays if lost else ():
        if overlay in pair.new.files:
            continue
        had = pair.old.revision.has(overlay)
        known = _published(alone(pair.old.revision, overlay).services) if had else {}
        here = _published(alone(pair.new.revision, overlay).services)
        for port in sorted(lost.keys() & here.keys() - known.keys()):
            number, protocol = port
            yield Slip(
                COMPOSE_FILE,
                f"port {number}/{protocol} moved into {overlay}: apps that keep their COMPOSE_FILE "
                "publish it no more",
                f"keep it, or say in the release notes to add {overlay} to COMPOSE_FILE",
                pair.new.loaded.services[lost[port]].place("ports"),
                lost[port],
            )


def _published(services: Mapping[str, Service]) -> dict[tuple[int, str], str]:
    return {
        (port.published, port.protocol or "tcp"): name
        for name, service in services.items()
        for port in service.ports or ()
        if port.published
    }
