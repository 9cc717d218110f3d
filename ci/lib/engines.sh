# ci/run engines: the fuzz targets in each engine that runs them.

engines_usage() {
  cat <<'TXT'
usage: ci/run engines

Runs the tests of the fuzz targets with libFuzzer: that the canary crashes, that
planted bugs are found and their stories told, that the corpora lead to the same
coverage each time. Builds the targets by .clusterfuzzlite/build.sh, as OSS-Fuzz
does, and looks for what its check_build looks for; builds schedule_fuzz with AFL++
and lets that run it. Installs zip and afl++ if they are missing. Takes half an
hour on two cores when nothing is cached.
TXT
}

run_engines() {
  case ${1:-} in
    -h | --help) engines_usage; return ;;
    '') ;;
    *) bad_usage "engines: no option '$1'; see ci/run engines --help" ;;
  esac
  # shellcheck source=ci/lib/setup.sh
  . ci/lib/setup.sh
  setup_packages
  get_packages zip afl++
  export CLANG CCACHE_DIR=${CCACHE_DIR:-$ROOT/build/ccache}
  local preset
  for preset in fuzz fuzz-lens; do
    step "build $preset fuzz/all" build "$preset" fuzz/all
    [ "$STEP_STATUS" = 0 ] || continue
    step "test $preset" run_ctest "$preset" -L fuzz
  done
  step "OSS-Fuzz" ci/fuzz/oss_fuzz_test
  step "AFL++" ci/fuzz/afl_test
  summary
}
