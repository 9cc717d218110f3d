# ci/run setup: installs what is missing, or says that nothing is.

setup_usage() {
  cat <<'TXT'
usage: ci/run setup [--tsan-abseil]

Installs through apt what the build and the tests need and is not there yet, as
root or with sudo. With everything there it changes nothing and needs no
network. What it cannot get is named in one line: exit 3 when the build needs
it, else it goes on without.

  --tsan-abseil   also build Abseil under ThreadSanitizer from the
                  distribution's source package, about two minutes, kept in
                  build/deps; see sanitizers/README.md for when that helps
TXT
}

run_setup() {
  local tsan_abseil=
  while [ $# -gt 0 ]; do
    case $1 in
      --tsan-abseil) tsan_abseil=1 ;;
      -h | --help) setup_usage; return ;;
      *) bad_usage "setup: no option '$1'; see ci/run setup --help" ;;
    esac
    shift
  done
  setup_packages
  if [ -n "$tsan_abseil" ]; then
    # shellcheck source=ci/lib/tsan_abseil.sh
    . ci/lib/tsan_abseil.sh
    build_tsan_abseil
  fi
}

setup_packages() {
  command -v dpkg-query > /dev/null && command -v apt-get > /dev/null ||
    die "no apt here: install clang >= $CLANG_OLDEST, Abseil, GoogleTest," \
      "Google Benchmark, CLI11, nlohmann-json, cmake, ninja yourself"
  local required optional
  choose_clang
  # shellcheck disable=SC2046
  required=$([ -z "$CLANG" ] || not_installed $(required_packages))
  # shellcheck disable=SC2046
  optional=$(not_installed $(optional_packages) | drop_known_absent)
  if [ -n "$CLANG" ] && [ -z "$required$optional" ]; then
    say "setup: everything is installed (clang $CLANG)"
    return
  fi
  install_missing
}

# What the last setup could not get is not asked for again: without it a
# machine that lacks a peer would go to the network every time.
readonly KNOWN_ABSENT=build/.packages-not-to-be-had

drop_known_absent() {
  if [ -s "$KNOWN_ABSENT" ]; then grep -vxFf "$KNOWN_ABSENT" || true; else cat; fi
}

install_missing() {
  can_be_root ||
    die "packages are missing and neither root nor sudo is here; run:" \
      "apt-get install $(echo $required $optional)"
  say "setup: apt-get update"
  apt_get update > /dev/null || say "setup: apt-get update failed; going on"
  choose_clang
  [ -n "$CLANG" ] || die "cannot get: clang (>= $CLANG_OLDEST)"
  # shellcheck disable=SC2046
  required=$(not_installed $(required_packages))
  # shellcheck disable=SC2046
  optional=$(not_installed $(optional_packages))
  # shellcheck disable=SC2086
  install_required $required
  # shellcheck disable=SC2086
  install_optional $optional
}

# For commands that need more than the others do.
get_packages() {
  local missing
  missing=$(not_installed "$@")
  [ -n "$missing" ] || return 0
  can_be_root || die "missing: $(echo $missing); neither root nor sudo is here"
  apt_get update > /dev/null || say "setup: apt-get update failed; going on"
  # shellcheck disable=SC2086
  install_required $missing
}

install_required() {
  [ $# -gt 0 ] || return 0
  local absent
  absent=$(not_available "$@")
  [ -z "$absent" ] || die "cannot get: $(echo $absent)"
  say "setup: installing $*"
  apt_get install --no-install-recommends "$@" > /dev/null ||
    die "apt-get could not install: $(not_installed "$@" | xargs)"
}

install_optional() {
  [ $# -gt 0 ] || return 0
  local package absent=()
  for package in "$@"; do
    say "setup: installing $package (optional)"
    apt_get install --no-install-recommends "$package" > /dev/null 2>&1 ||
      absent+=("$package")
  done
  mkdir -p build
  printf '%s\n' "${absent[@]}" > "$KNOWN_ABSENT"
  [ ${#absent[@]} = 0 ] ||
    say "cannot get: ${absent[*]} (optional: benchmarks go without those peers)"
}
