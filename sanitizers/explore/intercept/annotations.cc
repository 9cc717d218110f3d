// The rest of the __tsan_* interface: function entry and exit feed the call
// stacks of the story; annotations for the race detector mean nothing here.
#include <stddef.h>

#include "intercept.h"

using namespace reveille::explore;

REVEILLE_INTERPOSE void __tsan_init() {}
REVEILLE_INTERPOSE void __tsan_func_entry(void* caller) {
  Fiber* self = Self();
  if (self == nullptr) return;
  self->shadow[self->shadow_depth++ % kShadowFrames] = AddressOf(caller);
}
REVEILLE_INTERPOSE void __tsan_func_exit() {
  Fiber* self = Self();
  if (self != nullptr && self->shadow_depth > 0) --self->shadow_depth;
}

REVEILLE_INTERPOSE void __tsan_acquire(void*) {}
REVEILLE_INTERPOSE void __tsan_release(void*) {}
REVEILLE_INTERPOSE void __tsan_ignore_thread_begin() {}
REVEILLE_INTERPOSE void __tsan_ignore_thread_end() {}
REVEILLE_INTERPOSE void __tsan_flush_memory() {}
REVEILLE_INTERPOSE void __tsan_check_no_mutexes_held() {}
REVEILLE_INTERPOSE void __tsan_on_thread_idle() {}

REVEILLE_INTERPOSE void __tsan_mutex_create(void*, unsigned) {}
REVEILLE_INTERPOSE void __tsan_mutex_destroy(void*, unsigned) {}
REVEILLE_INTERPOSE void __tsan_mutex_pre_lock(void*, unsigned) {}
REVEILLE_INTERPOSE void __tsan_mutex_post_lock(void*, unsigned, int) {}
REVEILLE_INTERPOSE int __tsan_mutex_pre_unlock(void*, unsigned) { return 0; }
REVEILLE_INTERPOSE void __tsan_mutex_post_unlock(void*, unsigned) {}
REVEILLE_INTERPOSE void __tsan_mutex_pre_signal(void*, unsigned) {}
REVEILLE_INTERPOSE void __tsan_mutex_post_signal(void*, unsigned) {}
REVEILLE_INTERPOSE void __tsan_mutex_pre_divert(void*, unsigned) {}
REVEILLE_INTERPOSE void __tsan_mutex_post_divert(void*, unsigned) {}

REVEILLE_INTERPOSE void* __tsan_external_register_tag(const char*) {
  return nullptr;
}
REVEILLE_INTERPOSE void __tsan_external_register_header(void*, const char*) {}
REVEILLE_INTERPOSE void __tsan_external_assign_tag(void*, void*) {}
REVEILLE_INTERPOSE void __tsan_external_read(void*, void*, void*) {}
REVEILLE_INTERPOSE void __tsan_external_write(void*, void*, void*) {}

// Fibers of the code under test itself run inside their thread and switch
// stacks by their own means.
REVEILLE_INTERPOSE void* __tsan_get_current_fiber() { return Self(); }
REVEILLE_INTERPOSE void* __tsan_create_fiber(unsigned) {
  static char fiber;
  return &fiber;
}
REVEILLE_INTERPOSE void __tsan_destroy_fiber(void*) {}
REVEILLE_INTERPOSE void __tsan_switch_to_fiber(void*, unsigned) {}
REVEILLE_INTERPOSE void __tsan_set_fiber_name(void*, const char*) {}
