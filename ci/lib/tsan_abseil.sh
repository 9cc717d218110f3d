# Abseil built under ThreadSanitizer from the distribution's source package, in
# build/deps, for pools under test that use absl::Mutex. Keyed by compiler,
# package version and flags: instrumented objects of one compiler do not link
# with another's.

readonly TSAN_ABSEIL_FLAGS="-fsanitize=thread -O1 -g -fno-omit-frame-pointer"

build_tsan_abseil() {
  local version key prefix
  version=$(dpkg-query -W -f='${Version}' libabsl-dev)
  key=$("clang++-$CLANG" --version |
    cat - <(echo "$version $TSAN_ABSEIL_FLAGS") | sha256sum | cut -c1-16)
  prefix=$ROOT/build/deps/tsan-abseil-$key
  if [ ! -d "$prefix" ]; then
    local packages
    # shellcheck disable=SC2046
    packages=$(not_installed dpkg-dev)
    # shellcheck disable=SC2086
    install_required $packages
    compile_tsan_abseil "$version" "$prefix"
  fi
  ln -sfn "tsan-abseil-$key" build/deps/tsan-abseil
  say "Abseil $version under ThreadSanitizer: ${prefix#"$ROOT"/}; the tsan" \
    "preset of ci/run uses it"
}

compile_tsan_abseil() {
  local version=$1 prefix=$2 work
  mkdir -p build/deps
  work=$(mktemp -d "$ROOT/build/tsan-abseil.XXXXXX") || die "cannot write to build/"
  say "building Abseil $version under ThreadSanitizer, about two minutes"
  if fetch_source "$work" "abseil=$version" > "$work/log" 2>&1 &&
    cmake -G Ninja -S "$(echo "$work"/abseil-*/)" -B "$work/build" \
      -DCMAKE_CXX_COMPILER="clang++-$CLANG" -DCMAKE_CXX_STANDARD=17 \
      -DCMAKE_CXX_FLAGS="$TSAN_ABSEIL_FLAGS" -DABSL_PROPAGATE_CXX_STD=ON \
      -DCMAKE_INSTALL_PREFIX="$work/prefix" >> "$work/log" 2>&1 &&
    cmake --build "$work/build" -j "$JOBS" >> "$work/log" 2>&1 &&
    cmake --install "$work/build" >> "$work/log" 2>&1; then
    mv "$work/prefix" "$prefix"
    rm -rf "$work"
  else
    die "could not build Abseil; the whole log: $work/log"
  fi
}

# Unpacks a source package into a folder. The deb-src lines are made from the
# machine's own deb lines, in that folder: no file of the system is touched.
fetch_source() {
  local work=$1 package=$2 list
  mkdir -p "$work/lists/partial" "$work/parts"
  for list in /etc/apt/sources.list.d/*.sources; do
    [ -e "$list" ] || continue
    sed -E 's/^Types:.*/Types: deb-src/' "$list" > "$work/parts/${list##*/}"
  done
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2> /dev/null |
    sed -nE 's/^deb(-src)? /deb-src /p' > "$work/parts/legacy.list"
  local options=(-o Dir::Etc::sourcelist=/dev/null
    -o Dir::Etc::sourceparts="$work/parts"
    -o Dir::State::lists="$work/lists" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update &&
    (cd "$work" && apt-get "${options[@]}" source "$package")
}
