# Configuring, building and testing one preset.

JOBS=${JOBS:-$(nproc)}

# Options of a build tree on top of its preset, one a line.
build_options() {
  local preset=$1
  # The presets name the compiler that we prefer; an Ubuntu may have another.
  if [ "$preset" != gcc ] && [ "$CLANG" != "$CLANG_WANTED" ]; then
    echo "-DCMAKE_CXX_COMPILER=clang++-$CLANG"
    echo "-DCMAKE_C_COMPILER=clang-$CLANG"
  fi
  if command -v ccache > /dev/null; then
    echo "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"
    echo "-DCMAKE_C_COMPILER_LAUNCHER=ccache"
  fi
  if [ "$preset" = tsan ] && [ -L build/deps/tsan-abseil ]; then
    echo "-DCMAKE_PREFIX_PATH=$(readlink -f build/deps/tsan-abseil)"
  fi
}

# Configures only when the tree is new or its options have changed: ninja sees
# to changed CMake files by itself.
configure() {
  local preset=$1 options asked
  asked=build/$preset/.ci-options
  options=$(build_options "$preset")
  if [ -f "build/$preset/build.ninja" ] &&
    [ "$options" = "$(cat "$asked" 2> /dev/null)" ]; then
    return
  fi
  # shellcheck disable=SC2086
  cmake --preset "$preset" $options
  printf '%s\n' "$options" > "$asked"
}

# build PRESET [TARGET]: everything, or one target.
build() {
  local preset=$1
  configure "$preset"
  export CCACHE_DIR=${CCACHE_DIR:-$ROOT/build/ccache}
  cmake --build --preset "$preset" -j "$JOBS" ${2:+--target "$2"}
}

# run_ctest PRESET [OPTION]...: runs its tests; leaves their numbers in $COUNTS.
run_ctest() {
  local preset=$1 junit status=0
  shift
  junit=$ROOT/$LOGS/$preset.junit.xml
  rm -f "$junit"
  ctest --preset "$preset" -j "$JOBS" --timeout 300 --no-tests=error \
    --output-junit "$junit" "$@" || status=$?
  [ -s "$junit" ] || return "$status"
  local tests failures skipped
  tests=$(junit_number "$junit" tests)
  failures=$(junit_number "$junit" failures)
  skipped=$(junit_number "$junit" skipped)
  echo "$((tests - failures - skipped)) $failures" > "$COUNTS"
  return "$status"
}

# The number that the JUnit file's root element gives for a word.
junit_number() {
  local number
  number=$(sed -nE "1,12s/.*\b$2=\"([0-9]+)\".*/\1/p" "$1")
  echo "${number:-0}"
}
