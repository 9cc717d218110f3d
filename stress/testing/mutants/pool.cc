#include "fixture/answer.h"

int PoolAnswer() { return 100 * HeaderAnswer() + Answer(); }
