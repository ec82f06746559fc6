// SPDX-License-Identifier: Apache-2.0
// The calls that led here, and what the linker knows of an address: GNU's calls that Swift's Glibc module does not show.
#pragma once
#include <stddef.h>

typedef struct {
  const char *image;   // path of the file, or NULL
  const char *symbol;  // mangled name, or NULL
  size_t offset;       // from the symbol, or from the image where there is no symbol
} cairn_place;

// Fills addresses, innermost first; returns how many there are.
int cairn_backtrace(void **addresses, int count);
cairn_place cairn_place_of(void *address);

// The frame of the function that the address on the stack belongs to, looked for in so many frames; NULL where it is not found.
void *cairn_frame_of(void *address, int depth);
// For the frame of an asynchronous function: who waits for it, innermost first, by an address in each. Returns how many there are.
int cairn_waiting_calls(void *frame, void **addresses, int count);

typedef struct {
  const char *name;  // mangled, or NULL
  size_t offset;     // from its start
} cairn_function;

// The functions of the program's own file at the addresses. One pass over the file's symbol table.
void cairn_symbols_of(const size_t *addresses, cairn_function *functions, int count);
