#!/bin/sh
# Install the Debian packages that the sandbox and the tests need, when root on Debian; else say
# which are missing. Harmless when all are there. Words given to it are packages, each with a command
# of the same name, to be installed as well.
set -eu
missing=
have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ]; }
want() { have "$1" || missing="$missing $2"; }
want dockerd docker.io
want ip iproute2
want iptables iptables
want git git
want openssl openssl
want curl curl
want groff groff-base
want setpriv util-linux
want umount mount
for each in "$@"; do want "$each" "$each"; done
# Of no use to a Docker that runs without it, but one on a kernel with AppArmor starts no container.
if grep -qs Y /sys/module/apparmor/parameters/enabled; then want apparmor_parser apparmor; fi
# The package busybox has the same file, linked dynamically: no use in an image without libraries.
ldd /bin/busybox 2>&1 | grep -q 'not a dynamic' || missing="$missing busybox-static"
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
"${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
# From Debian 13 on the docker CLI has a package of its own; up to 12 it comes with docker.io.
have docker || missing="$missing docker-cli"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && have apt-get; then
    # Debian's docker.io would start a daemon in the host's own network: not wanted here.
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
        chmod +x /usr/sbin/policy-rc.d
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    case $missing in
    *docker-cli*) apt-cache show docker-cli >/dev/null 2>&1 || missing="${missing%docker-cli}docker.io" ;;
    esac
    echo "installing:$missing"
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "missing packages:$missing (install them; the tests on a real Swarm need them)" >&2
fi
