// A note, and the wait of a thread outside of the pool on it: sleepers here
// always have a deadline that is over, so that nobody ever blocks, and a wake
// that was lost is a sleep that says so.
//
// `SomeNote` is the scheduler's Note, or in a test one with a planted bug.
#ifndef REVEILLE_FUZZ_STRUCTURES_NOTE_MODEL_H_
#define REVEILLE_FUZZ_STRUCTURES_NOTE_MODEL_H_

#include <memory>

#include "fuzz/input.h"
#include "fuzz/promise.h"
#include "scheduler/note.h"
#include "scheduler/park.h"

namespace reveille::fuzz {

template <typename SomeNote = internal::Note>
class NoteModel {
 public:
  void Run(Input* in) {
    Renew();
    while (!in->Empty()) {
      Step(in);
      Promise(note_.IsWoken() == woken_, "IsWoken tells what Wake did");
    }
  }

 private:
  using Waiter = internal::Waiter;

  void Step(Input* in) {
    switch (in->Below(8)) {
      case 0:
        return Clear();
      case 1:
        return WakeNote();
      case 2:
        return SleepUntil(static_cast<int64_t>(in->Word(2)));
      case 3:
        return Sleep();
      case 4:
        return Spin(static_cast<int>(in->Byte()));
      case 5:
        return Commit();
      case 6:
        return Claim(in->Flag());
      default:
        return Renew();
    }
  }

  void Clear() {
    note_.Clear();
    woken_ = false;
  }
  void WakeNote() {
    note_.Wake();
    woken_ = true;
  }
  // The machine has been up for longer than that.
  void SleepUntil(int64_t deadline_ns) {
    Promise(note_.SleepUntil(deadline_ns) == woken_,
            "a wake that came before the sleep is not lost");
  }
  void Sleep() {
    if (!woken_) return;
    Promise(!note_.Sleep(), "nobody slept, so no system call was needed");
  }
  void Spin(int rounds) {
    Promise(note_.SpinForWake(rounds) == (woken_ && rounds > 0),
            "SpinForWake sees the wake");
  }

  // A thread outside begins to wait on the note.
  void Renew() {
    Clear();
    waiter_ = std::make_unique<Waiter>();
    internal::ParkOperationAccess::SetNote(waiter_.get(), &note_);
    committed_ = claimed_ = false;
  }
  void Commit() {
    if (committed_) return;
    committed_ = internal::ParkOperationAccess::Commit(waiter_.get());
    Promise(committed_ == !claimed_, "Commit says whether a waker was first");
  }
  void Claim(bool deliver) {
    Waiter::Claimed claimed;
    Promise(waiter_->Claim(Wake::kReady, &claimed) == !claimed_,
            "a claim wins once");
    const bool to_be_told = !claimed_ && committed_;
    Promise((claimed.note == &note_) == to_be_told,
            "a claim gives the note of a thread that sleeps");
    claimed_ = true;
    if (!deliver) return;
    claimed.Deliver();
    woken_ |= to_be_told;
  }

  SomeNote note_;
  bool woken_ = false;
  std::unique_ptr<Waiter> waiter_;
  bool committed_ = false;
  bool claimed_ = false;
};

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_STRUCTURES_NOTE_MODEL_H_
