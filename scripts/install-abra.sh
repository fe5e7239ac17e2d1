#!/bin/sh
# Install the pinned release of abra, its checksum verified, into ~/.local/bin or the folder given.
# The forge's release page is the source; the sums of amd64 are those of the Arch User Repository's
# abra-bin (0.13.0-beta). Other architectures have no sum that could be checked here: they are
# refused unless ABRA_SHA256 gives one.
set -eu

version=${ABRA_VERSION:-0.13.0-beta}
folder=${1:-${ABRA_BIN:-$HOME/.local/bin}}
forge=${ABRA_FORGE:-https://git.coopcloud.tech/coop-cloud/abra/releases/download}

case $(uname -m) in
x86_64) machine=amd64 ;;
aarch64 | arm64) machine=arm64 ;;
armv7l) machine=armv7 ;;
*)
	echo "abra has no release for $(uname -m)" >&2
	exit 3
	;;
esac

case $version/$machine in
0.13.0-beta/amd64) sum=866d5cda85929e99787f0f385d0ab8e83759a051843afcaf6669de70b9999a89 ;;
0.12.0-beta/amd64) sum=6ff3b36de07547ba29ae705fcc001ad17663572023e2505fb9576f38a608eeab ;;
0.11.0-beta/amd64) sum=07cbb647ffead6f3ade9c508cba75f675d52f955eb8440363374af266903dd2f ;;
*) sum=${ABRA_SHA256:-} ;;
esac
if [ -z "$sum" ]; then
	echo "no checksum is known for abra $version on $machine: set ABRA_SHA256 to the right one" >&2
	exit 3
fi

name=abra_${version}_linux_$machine.tar.gz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "fetching $forge/$version/$name"
if ! curl --fail --silent --show-error --location --max-time 300 \
	--output "$work/$name" "$forge/$version/$name"; then
	echo "the forge cannot be reached, or has no such release; nothing was installed" >&2
	exit 3
fi
if ! echo "$sum  $work/$name" | sha256sum --check --status; then
	echo "the checksum of $name is not the one that is pinned; nothing was installed" >&2
	exit 3
fi
tar -xzf "$work/$name" -C "$work" abra
mkdir -p "$folder"
install -m 0755 "$work/abra" "$folder/abra"
"$folder/abra" --version
case :$PATH: in
*:"$folder":*) ;;
*) echo "put $folder on your PATH" ;;
esac
