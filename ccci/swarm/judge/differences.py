"""What differs between two specs of a service, in words: who changed it looks for it. Pure."""

from ccci.swarm.model import Spec


def differences(before: Spec, after: Spec) -> str:
    """Return in words what became of a spec; it is known that the two are not the same."""
    named = str(before.identity), str(after.identity)
    if named[0] != named[1]:
        return f"it was {named[0]}, it is {named[1]}"
    found = []
    if before.replicas != after.replicas:
        found.append(f"its replicas were {before.replicas}, they are {after.replicas}")
    if before.force_update != after.force_update:
        found.append("its force-update counter moved")
    elif before.template != after.template:
        found.append("what its tasks are made of is not the same")
    if before.endpoint != after.endpoint:
        found.append("its published ports are not the same")
    if (before.update, before.rollback) != (after.update, after.rollback):
        found.append("its update policy is not the same")
    return ", ".join(found) or "labels or something else that rolls nothing are not the same"


def fired(before: Spec, after: Spec) -> bool:
    """Say whether the change is what swarm-cronjob does when it starts a service.

    It sets the replicas and moves the force-update counter, and leaves the rest as it was
    (crazy-max/swarm-cronjob internal/worker).
    """
    return (
        after.cronjob
        and before.force_update != after.force_update
        and before.identity == after.identity
        and before.endpoint == after.endpoint
    )
