# What ci/run prints, and the steps whose outcome it counts.

say() { printf 'ci: %s\n' "$*"; }

# The tool itself cannot go on.
die() {
  say "$*" >&2
  exit 3
}

bad_usage() {
  say "$*" >&2
  exit 2
}

PASSED=0
FAILED=0
STEP_LINES=()
readonly LOGS=out/ci

# step NAME COMMAND...: runs the command into out/ci/NAME.log. A failure shows
# the log's end and is counted; the next step still runs. A command that counts
# on its own (tests, checks) leaves "PASSED FAILED" in $COUNTS; any other is one.
# STEP_STATUS is its exit status.
step() {
  local name=$1 log begin status passed=0 failed=0
  shift
  log=${name// /-}
  log=$LOGS/${log//\//-}.log
  mkdir -p "$LOGS"
  export COUNTS=$ROOT/$LOGS/counts
  rm -f "$COUNTS"
  begin=$SECONDS
  printf 'ci: %-28s ' "$name"
  # Not in a condition: there, set -e would mean nothing within the command.
  set +e
  (set -e; "$@") > "$log" 2>&1 < /dev/null
  status=$?
  set -e
  if [ -s "$COUNTS" ]; then read -r passed failed < "$COUNTS"; fi
  if [ "$status" != 0 ]; then
    [ "$failed" -gt 0 ] || failed=1
  elif [ "$((passed + failed))" = 0 ]; then
    passed=1
  fi
  PASSED=$((PASSED + passed))
  FAILED=$((FAILED + failed))
  STEP_STATUS=$status
  report_step "$name" "$status" "$passed" "$failed" $((SECONDS - begin)) "$log"
  return 0
}

report_step() {
  local name=$1 status=$2 passed=$3 failed=$4 took=$5 log=$6 word=ok line
  [ "$status" = 0 ] || word="FAILED (exit $status)"
  printf '%5d s  %s\n' "$took" "$word"
  printf -v line '%-28s %5d s  %4d passed %4d failed' \
    "$name" "$took" "$passed" "$failed"
  STEP_LINES+=("$line")
  if [ "$status" != 0 ]; then
    sed 's/^/    | /' "$log" | tail -n "${CI_LOG_LINES:-60}"
    say "the whole log: $log"
  fi
}

# Says what each step took; the last line is for machines.
summary() {
  say "summary, after $SECONDS s"
  printf '  %s\n' "${STEP_LINES[@]}"
  echo "$PASSED passed, $FAILED failed"
  [ "$FAILED" = 0 ]
}
