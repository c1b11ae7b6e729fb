#!/usr/bin/env bash
# Builds the image and runs it for real (tests/container), in an engine of its own, and leaves nothing behind.
#
# Engine, client and compose are Debian's. No image is pulled: the base image that the Dockerfile names is stood in for
# by one made of Debian packages. The engine lives in a temporary folder; for the tests also in a network namespace, so
# that published ports meet nobody else's. Run by `make docker-check`.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly docker=/usr/bin/docker compose=/usr/bin/docker-compose # not what else is called so on the path
readonly network=bitbroker-check-$$
enter_network=() # in front of a command that is to run in the check's network, once there is one

main() {
  ((EUID == 0)) || fail "it starts an engine and a network namespace, which takes root: sudo make docker-check"
  say "installing what is missing"
  install_missing
  work=$(mktemp -d -t bitbroker-check.XXXXXX)
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  mount -t tmpfs -o mode=700 tmpfs "$work" # about 400 MB, which many a disk takes longer to forget than all this to run
  export DOCKER_HOST=unix://$work/docker.sock DOCKER_CONFIG=$work/client

  say "starting the engine"
  start_engine --bridge=none --ip-forward=false # it shares the machine's network, to build, and is to change nothing
  say "making a stand-in for the base image"
  make_base "$(sed -n 's/^ARG BASE=//p' docker/Dockerfile)"
  say "building the image"
  make docker-image DOCKER=$docker DOCKER_BUILD_FLAGS="--network host"
  stop_engine

  say "starting the engine in a network of its own"
  ip netns add "$network"
  ip -n "$network" link set lo up
  enter_network=(nsenter --net="/run/netns/$network")
  start_engine
  say "running the tests"
  DOCKER=$docker COMPOSE=$compose "${enter_network[@]}" "${PYTHON:-.venv/bin/python}" -m pytest -m container tests/container
}

say() {
  printf -- '--- %s (at %d s)\n' "$*" "$SECONDS"
}

fail() {
  echo "docker/check.sh: $*" >&2
  exit 1
}

install_missing() {
  local -A packages=(
    [/usr/sbin/dockerd]=docker.io [$compose]=docker-compose [/usr/bin/mmdebstrap]=mmdebstrap
    [/usr/sbin/ip]=iproute2 [/usr/bin/nsenter]=util-linux [/etc/ssl/certs/ca-certificates.crt]=ca-certificates
  )
  local file need=()
  for file in "${!packages[@]}"; do
    [[ -e $file ]] || need+=("${packages[$file]}")
  done
  ((${#need[@]})) || return 0
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${need[@]}"
}

start_engine() { # takes more flags for it
  PATH=/usr/sbin:/usr/bin:/sbin:/bin "${enter_network[@]}" dockerd --data-root "$work/data" --exec-root "$work/exec" \
    --pidfile "$work/pid" --host "$DOCKER_HOST" --iptables=false "$@" >"$work/engine.log" 2>&1 &
  engine=$!
  local tries
  for ((tries = 300; tries > 0; tries--)); do
    if $docker version >/dev/null 2>&1; then return; fi
    kill -0 "$engine" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 20 "$work/engine.log" >&2
  fail "the engine does not start; its last words are above"
}

stop_engine() {
  [[ -n ${engine:-} ]] || return 0
  kill "$engine" 2>/dev/null || true
  wait "$engine" || true
  engine=
}

make_base() { # takes the name of the image to stand in for
  local root=$work/base release
  release=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mmdebstrap --quiet --variant=extract --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --include=python3-venv,ca-certificates,bash,coreutils,dash,libc-bin,libstdc++6 "$release" "$root"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" # what this machine trusts, to reach the package index
  tar -C "$root" -c . | $docker import - "$1" >/dev/null
  rm -rf "$root"
  $docker image inspect "$1" >/dev/null || fail "there is no base image $1"
}

clean_up() {
  local status=$?
  set +e # whatever went wrong, the rest is to go
  trap '' INT TERM
  say "cleaning up"
  if [[ -n ${engine:-} ]]; then
    $docker ps --all --quiet | xargs --no-run-if-empty $docker rm --force >/dev/null
    stop_engine
  fi
  if [[ -e /run/netns/$network ]]; then ip netns delete "$network"; fi
  findmnt --raw --noheadings --output TARGET | grep -F "$work" | sort --reverse | xargs --no-run-if-empty umount
  rmdir "$work" || status=1
  ((status == 0)) || say "docker-check failed"
  exit "$status"
}

main
