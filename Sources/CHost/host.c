// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CHost.h"

#ifdef __linux__
#include <fcntl.h>

int cairn_reserve(int descriptor, long long offset, long long byteCount) {
  return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, offset, byteCount);
}
#else
int cairn_reserve(int descriptor, long long offset, long long byteCount) { return -1; }
#endif

#ifdef __GLIBC__
#include <malloc.h>

void cairn_give_back_free_memory(void) { malloc_trim(0); }
#else
void cairn_give_back_free_memory(void) {}
#endif
