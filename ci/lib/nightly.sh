# ci/run nightly: setup, build, then ci/nightly.

run_nightly() {
  case " $* " in
    *" -h "* | *" --help "*) exec_nightly --help ;;
  esac
  # shellcheck source=ci/lib/setup.sh
  . ci/lib/setup.sh
  setup_packages
  python3 -B ci/nightly --parse-only "$@" || exit $?
  step "build the driver" build release reveille
  case " $* " in
    *" --mutant"*) step "build the mutants" build release mutants ;;
  esac
  [ "$FAILED" = 0 ] || exit 3
  exec_nightly "$@"
}

exec_nightly() {
  command -v python3 > /dev/null || die "python3 is missing; run ci/run setup"
  exec python3 -B ci/nightly "$@"
}
