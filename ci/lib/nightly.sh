# ci/run nightly: setup, builds, then ci/nightly.

run_nightly() {
  case " $* " in
    *" -h "* | *" --help "*) exec_nightly --help ;;
  esac
  # shellcheck source=ci/lib/setup.sh
  . ci/lib/setup.sh
  setup_packages
  python3 -B ci/nightly --parse-only "$@" || exit $?
  : > "$NIGHT_BUILDS"
  night_build release reveille
  # The night cannot do without this one; without another it goes on.
  [ "$STEP_STATUS" = 0 ] || exit 3
  local preset target
  # Which fuzz targets a tree has is known once it is configured; one that cannot
  # be is left out, and the night says so.
  for preset in $(python3 -B ci/nightly --list-presets "$@"); do
    step "configure $preset" configure "$preset"
  done
  # A sanitizer's driver before its mutant: the first says what there is to run.
  while read -r preset target; do
    [ "$preset $target" = "release reveille" ] || night_build "$preset" "$target"
  done <<< "$(python3 -B ci/nightly --list-builds "$@")"
  exec_nightly --builds="$NIGHT_BUILDS" "$@"
}

mkdir -p "$LOGS"
readonly NIGHT_BUILDS=$LOGS/night-builds.tsv

# Builds a target; notes when, how long and how it went.
night_build() {
  local began
  [ -n "$1" ] || return 0
  began=$(date +%s.%N)
  step "build $1 $2" build "$1" "$2"
  printf '%s\t%s\t%s\t%s\t%s\n' \
    "$1" "$2" "$began" "$(date +%s.%N)" "$STEP_STATUS" >> "$NIGHT_BUILDS"
}

exec_nightly() {
  command -v python3 > /dev/null || die "python3 is missing; run ci/run setup"
  exec python3 -B ci/nightly "$@"
}
