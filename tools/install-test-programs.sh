#!/bin/sh
# Installs the programs that the live tests probe or are compared with. Only as root on a system with apt; everywhere else, and for
# whatever cannot be installed, the tests that need it are skipped and say so. RING3_NO_APT=1 leaves the system alone.
set -eu

programs='gcc g++ make redis-server redis-tools nginx-light postgresql wrk apache2-utils musl-tools golang-go
  gdb elfutils libc6-dbg bpftrace strace ltrace uftrace'

[ "${RING3_NO_APT:-}" = 1 ] && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 0

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=
for program in $programs; do
  is_installed "$program" || missing="$missing $program"
done
[ -n "$missing" ] || exit 0

# Packages of servers start them, unless a policy forbids it. The tests start their own, on their own ports.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
install_packages() {
  apt-get install -y -qq --no-install-recommends "$@" </dev/null >>"$log" 2>&1
}

echo "installing for the tests:$missing"
apt-get update -qq </dev/null >>"$log" 2>&1 || echo 'apt-get update failed; trying with the lists that are there'
# shellcheck disable=SC2086 # a list of names
if ! install_packages $missing; then
  # One package that this release does not have must not cost the others.
  for program in $missing; do
    install_packages "$program" || echo "could not install $program"
  done
fi
rm -f "$log"
