// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_SECRETS_H
#define CAIRN_SECRETS_H
#include <stddef.h>
#include <stdint.h>

/// The first place from `from` on that may have to do with a secret, or `count` where there is none.
///
/// The place is behind the name (`password`, `token`, …), at a key of AWS, or at the first digit of a card's number. It may be a false
/// alarm; what it passes over is none. With `names_alone` a name in quotes counts though no colon follows (OTLP's JSON).
size_t cairn_secret_next(const uint8_t *bytes, size_t from, size_t count, int names_alone);

#endif
