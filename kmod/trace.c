// SPDX-License-Identifier: GPL-2.0-only
/* trace.c - the one place where trace.h's events come to be. */
#include "domain.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
