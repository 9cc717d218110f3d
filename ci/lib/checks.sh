# ci/run checks, tidy: what a machine can see without running anything.

run_checks() {
  case ${1:-} in
    -h | --help)
      echo "usage: ci/run checks"
      echo "Runs ci/checks/test, then each check of ci/checks on the tree."
      return
      ;;
    '') ;;
    *) bad_usage "checks: no option '$1'" ;;
  esac
  check_steps
  summary
}

check_steps() {
  local check
  choose_clang
  export CLANG
  step "checks see violations" ci/checks/test
  step "nightly, driver made up" ci/nightly/test
  step "nightly, lenses made up" ci/nightly/lens_test
  step "nightly, targets made up" ci/nightly/fuzz_test
  step "fuzz, targets made up" ci/fuzz/test
  step "campaign, driver made up" ci/cluster/test
  step "report, night made up" ci/report/test
  step "setup, machines made up" ci/lib/setup_test
  for check in layers orders style docs workflows; do
    step "check $check" "ci/checks/$check"
  done
}

run_tidy() {
  choose_clang
  export CLANG
  [ -f build/release/compile_commands.json ] || configure release
  exec ci/checks/tidy "$@"
}

run_format() {
  choose_clang
  git ls-files -co --exclude-standard '*.cc' '*.h' |
    xargs -r "clang-format-$CLANG" -i "$@"
}
