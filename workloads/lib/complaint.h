// SPDX-License-Identifier: GPL-2.0-only
// What a program that failed has to say of it.
#ifndef LIB_COMPLAINT_H
#define LIB_COMPLAINT_H

#include "error.h"

// The line of a program's output that says what is wrong: the first with the
// word error in it, else the first; "" where it said nothing.  `text` is cut.
const char *complaint_line(char *text);

// "WHO exited N: LINE", of its end as waitpid gives it and of the file that its
// output went to; -1.
int complaint_set(struct error *error, const char *who, int status, int output);

#endif
