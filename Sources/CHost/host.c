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
#include <stdlib.h>

void cairn_share_heap(int partCountMax) {
  if (!getenv("MALLOC_ARENA_MAX")) mallopt(M_ARENA_MAX, partCountMax);
}

void cairn_give_back_free_memory(void) { malloc_trim(0); }
#else
void cairn_share_heap(int partCountMax) {}

void cairn_give_back_free_memory(void) {}
#endif

#if defined(__GLIBC__) && __GLIBC__ * 100 + __GLIBC_MINOR__ >= 233
int cairn_heap(unsigned long long *used, unsigned long long *unused) {
  struct mallinfo2 info = mallinfo2();
  *used = info.uordblks + info.hblkhd;
  *unused = info.fordblks;
  return 0;
}
#else
int cairn_heap(unsigned long long *used, unsigned long long *unused) { return -1; }
#endif
