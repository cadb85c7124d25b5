// SPDX-License-Identifier: Apache-2.0
// A stack of its own for what has to be able to stop in the middle of anything: a comparison of a sort, a callback of
// gsub, a call within pcall.
#ifndef NEEDLETAIL_FIBER_H
#define NEEDLETAIL_FIBER_H

typedef struct nt_fiber nt_fiber;

/// A fiber that will run `body(context)`, which never returns; NULL without memory.
nt_fiber *nt_fiber_new(void (*body)(void *), void *context);
/// Frees it with whatever stands on its stack.
void nt_fiber_free(nt_fiber *fiber);
/// From outside: goes on where the fiber left, until it leaves again.
void nt_fiber_enter(nt_fiber *fiber);
/// From within: goes back to whoever entered. No Swift frame may stand on the fiber's stack at this moment.
void nt_fiber_leave(nt_fiber *fiber);

#endif
