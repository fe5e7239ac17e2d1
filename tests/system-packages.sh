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
have openssl || missing="$missing openssl"
# The package busybox has the same file, linked dynamically: no use in an image without libraries.
ldd /bin/busybox 2>&1 | grep -q 'not a dynamic' || missing="$missing busybox-static"
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
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # Up to Debian 12 docker.io holds the docker CLI; from 13 on it has a package of its own.
    if ! have docker && apt-cache show docker-cli >/dev/null 2>&1; then
        missing="$missing docker-cli"
    fi
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "missing packages:$missing (install them; the tests on a real Swarm need them)" >&2
fi
