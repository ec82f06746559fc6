// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CBacktrace.h"
#include <dlfcn.h>
#include <execinfo.h>
#include <stdint.h>

int cairn_backtrace(void **addresses, int count) { return backtrace(addresses, count); }

cairn_place cairn_place_of(void *address) {
  Dl_info info;
  cairn_place place = {NULL, NULL, (size_t)(uintptr_t)address};
  if (dladdr(address, &info) == 0) return place;
  place.image = info.dli_fname;
  place.symbol = info.dli_sname;
  place.offset = (size_t)((uintptr_t)address - (uintptr_t)(info.dli_sname ? info.dli_saddr : info.dli_fbase));
  return place;
}
