// Whether this build looks through a sanitizer that makes every step slower and
// reports crashes itself.
#ifndef REVEILLE_STRESS_BUILD_LENS_H_
#define REVEILLE_STRESS_BUILD_LENS_H_

namespace reveille::stress {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSlowLens = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
inline constexpr bool kSlowLens = true;
#else
inline constexpr bool kSlowLens = false;
#endif
#else
inline constexpr bool kSlowLens = false;
#endif

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_BUILD_LENS_H_
