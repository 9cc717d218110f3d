// The explore driver: everything that it searches is compiled for the lens. The
// driver `reveille` hands its subcommands explore, replay and shrink over to
// it.
#include "stress/explore/lens_cli.h"

int main(int argc, char** argv) {
  reveille::stress::LensCli cli;
  return cli.Run(argc, argv);
}
