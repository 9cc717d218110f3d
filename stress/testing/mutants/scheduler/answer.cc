#include "fixture/answer.h"

#include "scheduler/private.h"

int Answer() { return PrivateAnswer(); }
