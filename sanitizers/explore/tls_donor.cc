#include "tls_donor.h"

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>

#include "choice.h"
#include "fiber.h"
#include "native.h"

namespace reveille::explore {
namespace {

// One module's thread-local block, relative to the FS base.
struct Image {
  intptr_t offset;
  const void* initial;
  size_t initial_bytes;
  size_t bytes;
};

constexpr int kMostImages = 64;
// Blocks farther from the FS base than this were loaded later and do not
// belong to the static area.
constexpr intptr_t kStaticArea = 1 << 20;

struct Donor {
  uintptr_t fs_base;
  int* error_number;
};

Donor g_donors[kMaxThreads];
int g_recruited;
Image g_images[kMostImages];
int g_image_count;

// The C library's own block holds allocator caches and the like, which must
// survive. Nothing in it but errno is the program's business.
bool HoldsErrno(uintptr_t block, size_t bytes) {
  const uintptr_t error_number = reinterpret_cast<uintptr_t>(&errno);
  return error_number >= block && error_number < block + bytes;
}

int AddImage(dl_phdr_info* module, size_t, void*) {
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = module->dlpi_phdr[i];
    if (header.p_type != PT_TLS || module->dlpi_tls_data == nullptr) continue;
    const uintptr_t block = reinterpret_cast<uintptr_t>(module->dlpi_tls_data);
    const intptr_t offset = static_cast<intptr_t>(block - CurrentFsBase());
    if (offset >= 0 || offset < -kStaticArea) continue;
    if (HoldsErrno(block, header.p_memsz)) continue;
    if (g_image_count == kMostImages) __builtin_trap();
    g_images[g_image_count++] = {
        offset, reinterpret_cast<void*>(module->dlpi_addr + header.p_vaddr),
        header.p_filesz, header.p_memsz};
  }
  return 0;
}

void* Park(void* argument) {
  Donor* donor = static_cast<Donor*>(argument);
  if (donor == &g_donors[0]) dl_iterate_phdr(AddImage, nullptr);
  donor->error_number = &errno;
  __atomic_store_n(&donor->fs_base, CurrentFsBase(), __ATOMIC_SEQ_CST);
  for (;;) native::SystemCall(SYS_pause);
}

void Recruit(Donor* donor) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, size_t{128} << 10);
  pthread_t thread;
  if (REVEILLE_NEXT(pthread_create)(&thread, &attributes, Park, donor) != 0) {
    __builtin_trap();
  }
  pthread_attr_destroy(&attributes);
  while (__atomic_load_n(&donor->fs_base, __ATOMIC_SEQ_CST) == 0) {
    native::Sleep(10000);
  }
}

}  // namespace

void RecruitDonors() {
  if (g_recruited == kMaxThreads) return;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (; g_recruited < kMaxThreads; ++g_recruited) {
    Recruit(&g_donors[g_recruited]);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  // libstdc++ counts references without atomics while this is set.
  __libc_single_threaded = 0;
}

uintptr_t FreshTls(int id) {
  const Donor& donor = g_donors[id];
  for (int i = 0; i < g_image_count; ++i) {
    const Image& image = g_images[i];
    char* block = reinterpret_cast<char*>(donor.fs_base + image.offset);
    memcpy(block, image.initial, image.initial_bytes);
    memset(block + image.initial_bytes, 0, image.bytes - image.initial_bytes);
  }
  *donor.error_number = 0;
  return donor.fs_base;
}

}  // namespace reveille::explore
