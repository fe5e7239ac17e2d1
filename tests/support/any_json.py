"""Any JSON, with the keys of an Engine's objects among its keys."""

from hypothesis import strategies as st

KEYS = st.sampled_from(
    [
        *("ID", "Version", "Index", "Spec", "Name", "Labels", "TaskTemplate", "ContainerSpec"),
        *("Mode", "Replicated", "Replicas", "Global", "UpdateConfig", "Monitor", "Status", "State"),
        *("Health", "Log", "ExitCode", "Type", "Action", "Actor", "Attributes", "Healthcheck"),
        *("Test", "Env", "Mounts", "Ports", "Platforms", "Slot", "NodeID", "ServiceID", "Output"),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["running", "paused", "NONE", "\ud800", "2026-11-23T21:31:40Z", "1" * 5000])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)
