// SPDX-License-Identifier: Apache-2.0
// The symbol table of the program's own file. The loader knows only what is exported, which in an executable is next to nothing; the
// table that the linker leaves in the file (unless it is stripped) knows every function.
#define _GNU_SOURCE
#include "CBacktrace.h"
#include <stdint.h>

#if defined(__linux__)
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
  const Elf64_Sym *symbols;
  size_t count;
  const char *names;
  size_t nameByteCount;
} table;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int holds(size_t size, uint64_t offset, uint64_t length) { return offset <= size && length <= size - offset; }

// Maps the file and finds the table; whatever is odd about the file leaves the table empty. The mapping stays: names point into it.
static void load(void) {
  int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  struct stat status;
  size_t size = fstat(file, &status) == 0 && status.st_size > 0 ? (size_t)status.st_size : 0;
  const char *bytes = size < sizeof(Elf64_Ehdr) ? MAP_FAILED : mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  if (bytes == MAP_FAILED) return;
  const Elf64_Ehdr *head = (const Elf64_Ehdr *)bytes;
  if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_shentsize != sizeof(Elf64_Shdr)) return;
  if (head->e_shoff % 8 != 0 || !holds(size, head->e_shoff, (uint64_t)head->e_shnum * sizeof(Elf64_Shdr))) return;
  const Elf64_Shdr *sections = (const Elf64_Shdr *)(bytes + head->e_shoff);
  for (size_t index = 0; index < head->e_shnum; index++) {
    const Elf64_Shdr *section = &sections[index];
    if (section->sh_type != SHT_SYMTAB || section->sh_link >= head->e_shnum) continue;
    const Elf64_Shdr *names = &sections[section->sh_link];
    if (section->sh_offset % 8 != 0 || !holds(size, section->sh_offset, section->sh_size)) return;
    if (names->sh_size == 0 || !holds(size, names->sh_offset, names->sh_size) || bytes[names->sh_offset + names->sh_size - 1] != 0) return;
    table.symbols = (const Elf64_Sym *)(bytes + section->sh_offset);
    table.count = section->sh_size / sizeof(Elf64_Sym);
    table.names = bytes + names->sh_offset;
    table.nameByteCount = names->sh_size;
    return;
  }
}

// The program itself is the first that the loader tells of.
static int first(struct dl_phdr_info *info, size_t size, void *found) {
  (void)size;
  *(uintptr_t *)found = (uintptr_t)info->dlpi_addr;
  return 1;
}

void cairn_symbols_of(const size_t *addresses, cairn_function *functions, int count) {
  pthread_once(&once, load);
  for (int index = 0; index < count; index++) functions[index] = (cairn_function){NULL, 0};
  if (table.count == 0) return;
  uintptr_t bias = 0;
  dl_iterate_phdr(first, &bias);
  for (size_t entry = 0; entry < table.count; entry++) {
    const Elf64_Sym *symbol = &table.symbols[entry];
    if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_size == 0 || symbol->st_name >= table.nameByteCount) continue;
    uintptr_t start = bias + symbol->st_value;
    for (int index = 0; index < count; index++) {
      if (addresses[index] - start >= symbol->st_size) continue;
      functions[index] = (cairn_function){table.names + symbol->st_name, addresses[index] - start};
    }
  }
}

#else

void cairn_symbols_of(const size_t *addresses, cairn_function *functions, int count) {
  (void)addresses;
  for (int index = 0; index < count; index++) functions[index] = (cairn_function){NULL, 0};
}

#endif
