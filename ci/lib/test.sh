# ci/run test: what must pass before anything is merged.

test_usage() {
  cat <<'TXT'
usage: ci/run test [--presets=release,tsan] [--stress-seconds=60] [--no-setup]

Style checks, then build and test of each preset, a minute of stress in all,
every scenario under the explore lens, planted bugs that the lens must find, a
short night that must be red, the installed package used from outside the tree,
clang-tidy on as many files as a minute allows (ci/run tidy looks at all). Each
step's output goes to out/ci/STEP.log; a failure shows its end. The last line is
"N passed, N failed": tests, and steps that are not tests.
TXT
}

run_test() {
  local presets=release,tsan stress_seconds=60 setup=1 preset
  while [ $# -gt 0 ]; do
    case $1 in
      --presets=*) presets=${1#*=} ;;
      --stress-seconds=*) stress_seconds=${1#*=} ;;
      --no-setup) setup= ;;
      -h | --help) test_usage; return ;;
      *) bad_usage "test: no option '$1'; see ci/run test --help" ;;
    esac
    shift
  done
  [[ $stress_seconds =~ ^[0-9]+$ ]] ||
    bad_usage "--stress-seconds=$stress_seconds: expected a whole number"
  for preset in ${presets//,/ }; do
    grep -q "\"configurePreset\": \"$preset\"" CMakePresets.json ||
      bad_usage "--presets: no preset '$preset' in CMakePresets.json"
  done
  # shellcheck source=ci/lib/setup.sh
  . ci/lib/setup.sh
  # shellcheck source=ci/lib/checks.sh
  . ci/lib/checks.sh
  if [ -n "$setup" ]; then setup_packages; else choose_clang; fi
  check_steps
  for preset in ${presets//,/ }; do
    test_preset "$preset" "$((stress_seconds / $(count_words ${presets//,/ })))"
  done
  summary
}

count_words() { echo $#; }

test_preset() {
  local preset=$1 seconds=$2
  step "build $preset" build "$preset"
  # What lies there from an earlier build would be judged in its place.
  [ "$STEP_STATUS" = 0 ] || return 0
  step "test $preset" run_ctest "$preset"
  step "stress $preset" stress_briefly "$preset" "$seconds"
  if [ -x "build/$preset/bin/reveille_explore" ]; then
    step "explore $preset" explore_briefly "$preset"
  fi
  if [ "$preset" = release ]; then
    step "score release" score_briefly
    # On the bug that the score has just built.
    step "red night" ci/nightly/red_night_test
    step "consumer of the package" scheduler/consumer_test/run build/release
    step "clang-tidy" ci/checks/tidy --budget=60
  fi
}

# Half of the time with the rescuers off, where a lost wakeup stays lost, and
# half with them on; chaos in both.
stress_briefly() {
  local preset=$1 seconds=$2 rescuers
  for rescuers in off on; do
    "build/$preset/bin/reveille" stress --pool=mpg --rescuers="$rescuers" \
      --chaos=all --duration="$((seconds / 2))s" --seed=1 \
      --out="out/ci/stress-$preset-$rescuers"
  done
}

# Planted bugs that the portfolio finds soon, in mechanism and in verdict as unlike
# as can be, and the product and their twins, where it must find nothing. Counted
# in schedules: the same executions of one binary, however busy the machine. What is
# found slowly, or needs luck, is for the night.
score_briefly() {
  local mutants=wakep-leak,no-global-recheck,recheck-before-dec,naive-empty
  mutants+=,stop-not-rechecked,note-clear-late,no-timer-recheck,reset-no-wakep
  mutants+=,handoff-throttle-first,missed-steal-is-empty,pre-seed
  local zoo=late-post,last-searcher,past-the-door,keeper-not-told,wrong-waiter
  rm -rf out/ci/score
  # shellcheck disable=SC2046
  cmake --build build/release --target \
    $(tr , '\n' <<< "$mutants" | sed 's/^/reveille_explore_/') || return
  build/release/bin/reveille score --mutants="$mutants" --zoo="$zoo" \
    --trials=1 --schedules=100000 --seed=1 --replays=1 --shrink-seconds=0 \
    --jobs="$JOBS" --out=out/ci/score || return
  # A bug that is not built is not one that was found.
  grep -q '"not_run": \[\]' out/ci/score/score.json || {
    echo "some of it was not run; see out/ci/score/score.md"
    return 3
  }
}

# Every scenario on our own pool with one, two and three Ps under a few hundred
# schedules each, the same every time.
explore_briefly() {
  local preset=$1 scenario procs
  for scenario in $("build/$preset/bin/reveille" list scenarios | awk '{print $1}'); do
    for procs in 1 2 3; do
      "build/$preset/bin/reveille" explore --pool=mpg --scenario="$scenario" \
        --procs="$procs" --schedules=400 --seed=1 --out="out/ci/explore"
    done
  done
}
