// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_RESERVE_H
#define CAIRN_RESERVE_H

/// Has the file system set blocks aside for the bytes from `offset` on, without making the file longer. Not 0 where it cannot.
int cairn_reserve(int descriptor, long long offset, long long byteCount);

#endif
