// Thread-local storage for fibers.
//
// A donor is a real POSIX thread, parked for ever with all signals blocked. A
// fiber runs with the donor's FS base, and so has a complete thread control
// block: errno, locale, exception globals, stack guard, thread_local. Donors
// stay valid in forked children as plain memory (native::Fork).
// Exploring kernel thread only.
#ifndef REVEILLE_SANITIZERS_EXPLORE_TLS_DONOR_H_
#define REVEILLE_SANITIZERS_EXPLORE_TLS_DONOR_H_

#include <stdint.h>

namespace reveille::explore {

// Parks the donors for all threads an execution may have; idempotent. Traps
// when the system does not let it create threads.
void RecruitDonors();

// The FS base of donor `id`, with every thread_local as a new thread finds it.
uintptr_t FreshTls(int id);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_TLS_DONOR_H_
