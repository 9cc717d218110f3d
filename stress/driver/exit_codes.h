// The exit codes of every subcommand. Scripts rely on them: only add.
#ifndef REVEILLE_STRESS_DRIVER_EXIT_CODES_H_
#define REVEILLE_STRESS_DRIVER_EXIT_CODES_H_

namespace reveille::stress {

inline constexpr int kExitClean = 0;   // Searched and found nothing.
inline constexpr int kExitFound = 1;   // Found something.
inline constexpr int kExitUsage = 2;   // Bad usage or input.
inline constexpr int kExitFailed = 3;  // The tool failed or could not judge.

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_DRIVER_EXIT_CODES_H_
