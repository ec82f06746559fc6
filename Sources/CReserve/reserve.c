// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CReserve.h"

#ifdef __linux__
#include <fcntl.h>

int cairn_reserve(int descriptor, long long offset, long long byteCount) {
  return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, offset, byteCount);
}
#else
int cairn_reserve(int descriptor, long long offset, long long byteCount) { return -1; }
#endif
