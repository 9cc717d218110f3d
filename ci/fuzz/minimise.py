"""A corpus made as small as its coverage allows. One that cannot be merged stays
as it has grown."""

import shutil
import time

import attempt  # of ci/nightly
import in_flight
import turn

MERGE_SECONDS = 300


def words_for(target, merged, grown, scratch):
    words = [target.program, "-merge=1", f"-timeout={turn.TIMEOUT_SECONDS}", f"-rss_limit_mb={turn.RSS_MIB}"]
    words += [f"-artifact_prefix={scratch}/", *target.flags, merged, grown]
    words += [target.seeds] if target.seeds.is_dir() else []
    return [str(word) for word in words]


class Merge:
    """One that goes on beside whatever its owner does; `scratch` is a folder for what is
    said meanwhile, which goes."""

    def __init__(self, target, corpora, scratch, memory_kib):
        self.target, self.corpora, self.scratch = target, corpora, scratch
        scratch.mkdir()
        merged = corpora.begin_merge(target.name)
        words = words_for(target, merged, corpora.of(target.name), scratch)
        try:
            self._process = attempt.Attempt(words, scratch, MERGE_SECONDS, memory_kib, {})
        except OSError:
            self._process = None

    def poll(self):
        """None as long as it goes on; then whether the smaller corpus has taken the
        place of the larger one."""
        end = self._process.poll() if self._process else None
        if self._process and not end:
            return None
        return self._end(bool(end) and end.status == 0 and not end.why)

    def abandon(self):
        if self._process:
            self._process.kill("abandoned")
            while self._process.poll() is None:
                time.sleep(in_flight.LOOK_EVERY_SECONDS)
        self._end(False)

    def _end(self, whole):
        try:
            self.corpora.end_merge(self.target.name, whole)
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)
        return whole


def minimise(target, corpora, scratch, memory_kib, stopping=lambda: False):
    """Why it did not; "" if it did, or was stopped. Interrupted, it goes, and the
    interrupt goes on."""
    merge = Merge(target, corpora, scratch, memory_kib)
    try:
        while (whole := merge.poll()) is None:
            if stopping():
                merge.abandon()
                return ""
            time.sleep(in_flight.LOOK_EVERY_SECONDS)
        return "" if whole else f"merging failed, or took more than {MERGE_SECONDS} s"
    except KeyboardInterrupt:
        merge.abandon()
        raise
