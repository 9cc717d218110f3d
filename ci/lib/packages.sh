# Which packages Reveille needs from Debian or Ubuntu, and how they get here.

# The oldest clang that is good enough; the newest known to work is preferred.
readonly CLANG_WANTED=19
readonly CLANG_OLDEST=18

CLANG=
# Where compilers are looked for.
PROGRAMS=${PROGRAMS:-/usr/bin}

# The clang to use: 19, or the newest that is installed, or the newest to be
# had. Sets CLANG to its number, or leaves it empty.
choose_clang() {
  if [ -x "$PROGRAMS/clang++-$CLANG_WANTED" ]; then
    CLANG=$CLANG_WANTED
    return
  fi
  local number
  CLANG=
  for number in $(clang_candidates | sort -rn); do
    if [ "$number" -lt "$CLANG_OLDEST" ]; then continue; fi
    if [ "$number" = "$CLANG_WANTED" ]; then
      CLANG=$number
      return
    fi
    CLANG=${CLANG:-$number}
  done
}

clang_candidates() {
  { ls "$PROGRAMS"/clang++-* 2> /dev/null || true
    apt-cache pkgnames clang- 2> /dev/null || true
  } | sed -nE 's/^(.*clang\+\+|clang)-([0-9]+)$/\2/p' | sort -u
}

required_packages() {
  echo "clang-$CLANG clang-tidy-$CLANG clang-format-$CLANG lld-$CLANG" \
    "llvm-$CLANG libclang-rt-$CLANG-dev libabsl-dev libgtest-dev" \
    "libgmock-dev libbenchmark-dev libcli11-dev nlohmann-json3-dev" \
    "ninja-build cmake ccache patch python3 git"
}

# Peers to measure against, and the second compiler. Never needed to pass.
optional_packages() { echo "libtbb-dev libeigen3-dev libboost-dev g++"; }

# Prints those of its arguments that are not installed.
not_installed() {
  local package status
  for package in "$@"; do
    status=$(dpkg-query -W -f='${db:Status-Status}\n' "$package" 2> /dev/null) ||
      status=
    if [ "${status%%$'\n'*}" != installed ]; then echo "$package"; fi
  done
}

# Prints those of its arguments that apt has no candidate for.
not_available() {
  local package policy
  for package in "$@"; do
    # Not a pipe into grep -q: it may leave before apt-cache has ended, and the
    # pipe would count as failed.
    policy=$(apt-cache policy "$package" 2> /dev/null) || policy=
    if [[ ! $policy =~ Candidate:\ [^\(] ]]; then echo "$package"; fi
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

can_be_root() {
  [ "$(id -u)" = 0 ] && return 0
  command -v sudo > /dev/null || return 1
  [ -t 0 ] || sudo -n true 2> /dev/null
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@"
}
