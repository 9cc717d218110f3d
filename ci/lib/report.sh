# ci/run report, report-test: the page of a night, and its test in a browser.

run_report() {
  command -v python3 > /dev/null || die "python3 is missing; run ci/run setup"
  exec python3 -B ci/report "$@"
}

report_test_usage() {
  cat <<'TXT'
usage: ci/run report-test [--no-setup] [DIR]

Opens the page of the night in DIR, or of one that is made up, in a headless
Chromium: no request to any network, no error, every section there, no sideways
scrolling at phone width, dark as well as light. Installs Chromium (Debian,
under a minute) if it is missing; what cannot be had is skipped by name.
TXT
}

run_report_test() {
  local setup=1 folder=
  while [ $# -gt 0 ]; do
    case $1 in
      --no-setup) setup= ;;
      -h | --help) report_test_usage; return ;;
      -*) bad_usage "report-test: no option '$1'; see ci/run report-test --help" ;;
      *) folder=$1 ;;
    esac
    shift
  done
  [ -z "$setup" ] || get_chromium
  step "report in a browser" ci/report/browser_test $folder
  if [ "$STEP_STATUS" = 0 ]; then cat "$LOGS/report-in-a-browser.log"; fi
  summary
}

get_chromium() {
  local name
  for name in chromium chromium-browser google-chrome-stable google-chrome; do
    if command -v "$name" > /dev/null; then return 0; fi
  done
  # Ubuntu's package of that name only points at another store.
  if ! grep -qs '^ID=debian' /etc/os-release || ! can_be_root; then return 0; fi
  say "report-test: installing chromium"
  apt_get install --no-install-recommends chromium > /dev/null 2>&1 ||
    say "cannot get: chromium"
}
