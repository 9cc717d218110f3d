#!/bin/bash -eu
# Builds the fuzz targets for OSS-Fuzz and ClusterFuzzLite, by their conventions:
# $SRC, $WORK and $OUT, the compilers in $CC and $CXX with $CFLAGS and $CXXFLAGS,
# the engine in $LIB_FUZZING_ENGINE.
#
# Not among them: canary_fuzz, which is there to crash, and what needs the explore
# lens, which has no place beside the sanitizers that these services build with.

prefix=$WORK/deps

# install_dependency NAME OPTION...: built with our flags, if its source is there;
# else the system must have it.
install_dependency() {
  local name=$1
  shift
  [ -d "$SRC/$name" ] || return 0
  cmake -S "$SRC/$name" -B "$WORK/$name" -G Ninja \
    -DCMAKE_BUILD_TYPE=None -DCMAKE_INSTALL_PREFIX="$prefix" \
    -DCMAKE_C_COMPILER="$CC" -DCMAKE_CXX_COMPILER="$CXX" \
    -DCMAKE_C_FLAGS="$CFLAGS" -DCMAKE_CXX_FLAGS="$CXXFLAGS" \
    -DCMAKE_CXX_STANDARD=20 "$@"
  cmake --build "$WORK/$name" --target install
}
install_dependency abseil-cpp -DABSL_PROPAGATE_CXX_STD=ON -DABSL_BUILD_TESTING=OFF
install_dependency json -DJSON_BuildTests=OFF
install_dependency CLI11 -DCLI11_BUILD_TESTS=OFF -DCLI11_BUILD_EXAMPLES=OFF \
  -DCLI11_BUILD_DOCS=OFF

# build.sh is run from a copy, and the tree from wherever it lies in $SRC.
cmake -S "$SRC/reveille" -B "$WORK/reveille" -G Ninja \
  -DCMAKE_BUILD_TYPE=None -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_C_COMPILER="$CC" -DCMAKE_CXX_COMPILER="$CXX" \
  -DCMAKE_C_FLAGS="$CFLAGS" -DCMAKE_CXX_FLAGS="$CXXFLAGS" \
  -DREVEILLE_FUZZ=ON -DREVEILLE_FUZZING_ENGINE="$LIB_FUZZING_ENGINE" \
  -DREVEILLE_EXPLORE=OFF -DREVEILLE_BUILD_TESTS=OFF \
  -DREVEILLE_BUILD_BENCHMARKS=OFF
cmake --build "$WORK/reveille" --target fuzz_targets

while read -r name; do
  [ "$name" != canary_fuzz ] || continue
  cp "$WORK/reveille/bin/$name" "$OUT/$name"
  fuzz=$SRC/reveille/fuzz
  if [ -d "$fuzz/corpus/$name" ]; then
    (cd "$fuzz/corpus/$name" && zip -q -r - .) > "$OUT/${name}_seed_corpus.zip"
  fi
  for kind in dict options; do
    for file in "$fuzz"/*/"$name.$kind"; do
      [ ! -f "$file" ] || cp "$file" "$OUT/"
    done
  done
done < "$WORK/reveille/fuzz_targets.txt"
