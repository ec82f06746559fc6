// SPDX-License-Identifier: Apache-2.0
// The calls that wait for an asynchronous function are not on the thread's stack: they are a chain of contexts on the heap. A context
// begins with two words, the caller's context and the function that goes on with it; the frame of an asynchronous function keeps its own
// context in the word below the saved frame pointer.
#define _GNU_SOURCE
#include "CBacktrace.h"
#include <dlfcn.h>
#include <stdint.h>
#include <sys/uio.h>
#include <unistd.h>

// Reads two words, or fails: what is followed here may be no address at all, and a read by the system cannot bring the program down.
static int read_words(uintptr_t address, uintptr_t words[2]) {
#if defined(__linux__)
  if (address == 0 || address % sizeof(uintptr_t) != 0) return 0;
  struct iovec local = {words, 2 * sizeof(uintptr_t)}, remote = {(void *)address, 2 * sizeof(uintptr_t)};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 2 * sizeof(uintptr_t);
#else
  (void)address;
  (void)words;
  return 0;
#endif
}

// A frame begins with the caller's frame and the address in the caller that is returned to.
void *cairn_frame_of(void *address, int depth) {
  uintptr_t frame = (uintptr_t)__builtin_frame_address(0), words[2];
  while (depth-- > 0 && read_words(frame, words)) {
    if (words[1] == (uintptr_t)address) return (void *)words[0];
    if (words[0] <= frame) break;
    frame = words[0];
  }
  return NULL;
}

int cairn_waiting_calls(void *frame, void **addresses, int count) {
  uintptr_t words[2], context;
  if (frame == NULL || !read_words((uintptr_t)frame - sizeof(uintptr_t), words)) return 0;
  context = words[0];
  int found = 0;
  Dl_info info;
  while (found < count && read_words(context, words) && words[1] != 0 && dladdr((void *)words[1], &info) != 0) {
    // One more than its first byte, as if it had been called from there.
    addresses[found++] = (void *)(words[1] + 1);
    context = words[0];
  }
  return found;
}
