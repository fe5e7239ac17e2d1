#!/bin/sh
# Install the Debian packages that the sandbox and the tests need, when root on Debian; else say
# which are missing. Harmless when all are there.
set -eu
missing=
have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ]; }
have dockerd || missing="$missing docker.io"
have docker || missing="$missing docker.io"
have ip || missing="$missing iproute2"
have iptables || missing="$missing iptables"
have git || missing="$missing git"
[ -x /bin/busybox ] || missing="$missing busybox-static"
python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && have apt-get; then
    echo "installing:$missing"
    # Debian's docker.io would start a daemon in the host's own network: not wanted here.
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
        chmod +x /usr/sbin/policy-rc.d
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "missing packages:$missing (install them; the tests on a real Swarm need them)" >&2
fi
