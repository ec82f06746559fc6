// SPDX-License-Identifier: Apache-2.0
// Calls of the system that Swift's modules for it do not show.
#ifndef CAIRN_HOST_H
#define CAIRN_HOST_H

/// Has the file system set blocks aside for the bytes from `offset` on, without making the file longer. Not 0 where it cannot.
int cairn_reserve(int descriptor, long long offset, long long byteCount);

/// Gives the pages that the allocator holds and that hold nothing back to the system.
void cairn_give_back_free_memory(void);

/// Has the allocator divide its memory into at most so many parts, which threads share, unless the environment says how many (MALLOC_ARENA_MAX).
void cairn_share_heap(int partCountMax);

/// Writes how many bytes the allocator has given out and how many it has free, pages among them that it has given back. Not 0 where it does not tell.
int cairn_heap(unsigned long long *used, unsigned long long *unused);

#endif
