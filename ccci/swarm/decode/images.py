"""What an image's inspection tells of its names. Pure; what makes no sense raises EngineError."""

from ccci.swarm.decode.typed import Json, texts


def identifier(image: Json | None) -> str:
    """Return the id of an image, empty where there is none."""
    found = (image or {}).get("Id")
    return found if isinstance(found, str) else ""


def tags(image: Json) -> list[str]:
    """Return the names with tags that the Engine has for an image."""
    return texts(image, "RepoTags")


def digests(image: Json | None) -> list[str]:
    """Return the digests that registries have for an image, without their names; none of none."""
    return [each.partition("@")[2] for each in texts(image or {}, "RepoDigests")]
