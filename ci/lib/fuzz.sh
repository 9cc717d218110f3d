# ci/run fuzz: setup, builds, then ci/fuzz.

run_fuzz() {
  case " $* " in
    *" -h "* | *" --help "*) exec_fuzz --help ;;
  esac
  # shellcheck source=ci/lib/setup.sh
  . ci/lib/setup.sh
  setup_packages
  python3 -B ci/fuzz --parse-only "$@" || exit $?
  local preset
  for preset in $(python3 -B ci/fuzz --list-presets "$@"); do
    step "configure $preset" configure "$preset"
    [ "$STEP_STATUS" = 0 ] || exit 3
  done
  # Which targets a tree has is known once it is configured.
  local builds target
  builds=$(python3 -B ci/fuzz --list-builds "$@") || exit $?
  while read -r preset target; do
    step "build $preset $target" build "$preset" "$target"
    [ "$STEP_STATUS" = 0 ] || exit 3
  done <<< "$builds"
  exec_fuzz "$@"
}

exec_fuzz() {
  command -v python3 > /dev/null || die "python3 is missing; run ci/run setup"
  exec python3 -B ci/fuzz "$@"
}
