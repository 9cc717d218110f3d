#include "real_descriptors.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "intercept.h"

namespace reveille::explore {

void AllowRealDescriptor(int descriptor, const char* call) {
  if (descriptor <= STDERR_FILENO && descriptor != STDIN_FILENO) return;
  struct stat status;
  // An error is reported by the call itself.
  if (fstat(descriptor, &status) != 0) return;
  if (S_ISREG(status.st_mode) || S_ISCHR(status.st_mode)) return;
  char what[64];
  snprintf(what, sizeof what, "%s on a real pipe or socket (descriptor %d)",
           call, descriptor);
  Refuse(what);
}

}  // namespace reveille::explore
