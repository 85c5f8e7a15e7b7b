/* SPDX-License-Identifier: GPL-2.0 */
/* cmocka and what it wants included before it. */
#ifndef CONVLIST_UNIT_H
#define CONVLIST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

#endif
