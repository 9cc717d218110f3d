#include "stress/driver/cli.h"

int main(int argc, char** argv) { return reveille::stress::RunCli(argc, argv); }
