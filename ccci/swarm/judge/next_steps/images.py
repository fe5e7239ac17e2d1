"""The next step where the Engine cannot have an image: its name, its registry, the way. Pure text.

The words are those of moby daemon/images, the registry client, and containerd.
"""

from ccci.swarm.causes import CauseCode
from ccci.swarm.judge.next_steps.message import NO_ROOM, Message, Row


def _image(message: Message) -> str:
    name = message.named(r"no such image: (\S+)") or message.named(r"for (\S+?),? ")
    return name or (message.spec.identity.image or "" if message.spec is not None else "")


def _registry_of(image: str) -> str:
    """Return the registry's host in an image's name, or nothing for Docker's own."""
    host, slash, _ = image.partition("/")
    return host if slash and ("." in host or ":" in host or host == "localhost") else ""


def _no_image(message: Message) -> str:
    image = _image(message)
    registry = _registry_of(image)
    if registry:
        return (
            f"check that `{image}` is there; if {registry} wants a login, "
            f"`docker login {registry}` and deploy with `--with-registry-auth`: without it "
            "Swarm's nodes have no login"
        )
    named = f" `{image}`" if image else ""
    return (
        f"check the image's name and tag{named}, and whether {message.where} can reach the "
        "image's registry; an image that is only built here must be on each node"
    )


def _login(message: Message) -> str:
    registry = _registry_of(_image(message))
    named = f" {registry}" if registry else ""
    return (
        f"the registry wants a login, or the image does not exist: `docker login{named}`, then "
        "deploy with `--with-registry-auth` so that Swarm's nodes have it, too"
    )


IMAGES: tuple[Row, ...] = (
    (CauseCode.IMAGE_UNAVAILABLE, r"no space left", NO_ROOM),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"no matching manifest|does not (?:provide|match) the specified platform",
        (
            "the image has no build for the platform of {where}: build it for that, or constrain "
            "the service to nodes that fit"
        ),
    ),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"toomanyrequests|too many requests|rate limit",
        (
            "the registry's limit of pulls is used up: log in and deploy with `--with-registry-"
            "auth`, pull through a mirror, or wait"
        ),
    ),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"incorrect username or password",
        (
            "the registry refuses the user or the password: `docker login` anew, then deploy with "
            "`--with-registry-auth` so that Swarm's nodes have it, too"
        ),
    ),
    (CauseCode.IMAGE_UNAVAILABLE, r"unauthorized|denied|no basic auth|authentication", _login),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"authorization failed|(?:status(?: code <>)?|request to <>):? 40[13]\b",
        _login,
    ),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"(?:status(?: code <>)?|request to <>):? 5\d\d|error parsing http 5\d\d",
        (
            "the registry, or what lies before it, fails by itself: nothing of the recipe; wait "
            "until it answers {where} again, then deploy again"
        ),
    ),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"short read|verification failed|commit digest|size validation|unknown blob|blob unknown",
        (
            "what came of the image was not whole: deploy again, and if it stays so, push the "
            "image anew, or see the proxy or mirror between {where} and the registry"
        ),
    ),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"name unknown|not known to registry",
        "the registry has no image of that name: correct it, or push the image first",
    ),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"manifest .*(?:unknown|not found)|not found",
        ("the registry has no such tag: correct the image's name and tag, or push it first"),
    ),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"http response to https",
        ("the registry speaks HTTP alone: name it in `insecure-registries` of {where}'s daemon"),
    ),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"x509|certificate",
        (
            "{where} does not trust the registry's certificate: give its daemon the CA "
            "(`/etc/docker/certs.d`), or `insecure-registries`"
        ),
    ),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"dial tcp|lookup|timeout|connection refused|eof",
        (
            "{where} does not reach the registry: its network, DNS, proxy of the daemon, or the "
            "registry itself"
        ),
    ),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"invalid reference format",
        ("the image's name is not written as one: look for a variable in it that is empty"),
    ),
    (CauseCode.IMAGE_UNAVAILABLE, r"no such image", _no_image),
)
