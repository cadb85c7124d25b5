// SPDX-License-Identifier: Apache-2.0
#include "CShims.h"

// One arena: a single thread owns the store, and the pool only frees. Dirty pages go back within a second.
const char *malloc_conf = "narenas:1,background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";
