// SPDX-License-Identifier: MIT
// A source tree that behaves like a kernel's; see fake_kernel.hpp.
#include "fake_kernel.hpp"

#include "sandbox.hpp"

namespace krun
{
namespace
{

constexpr const char *makefile = R"(VERSION = 6
PATCHLEVEL = 12
SUBLEVEL = 1
objects := $(patsubst %.c,$(O)/%.o,$(wildcard krun/*.c))

tinyconfig:
	@mkdir -p $(O)
	@echo '# tiny' > $(O)/.config

olddefconfig:
	@sed -i /CONFIG_DROPPED/d $(O)/.config

wait:
	@if [ -n "$$KRUN_TEST_MARKER" ]; then echo $$$$ > "$$KRUN_TEST_MARKER"; exec sleep 60; fi

bzImage: wait $(objects)
	@mkdir -p $(O)/arch/x86/boot $(O)/include/config
	@echo '  LD      vmlinux'
	@cat $(objects) > $(O)/vmlinux
	@touch $(O)/vmlinux.o
	@cp $(O)/vmlinux $(O)/arch/x86/boot/bzImage
	@echo map > $(O)/System.map
	@echo 6.12.1$(LOCALVERSION) > $(O)/include/config/kernel.release

$(O)/%.o: %.c
	@echo '  CC      $*.o'
	@mkdir -p $(@D)
	@$(CC) -c -o $@ $<

.PHONY: tinyconfig olddefconfig wait bzImage
)";

// The kernel's script as it is called here: -m -O FOLDER BASE FRAGMENT...
constexpr const char *merge_script = R"(#!/bin/sh
folder=$3
shift 3
cat "$@" > "$folder/merged" && mv "$folder/merged" "$folder/.config"
)";

} // namespace

void write_fake_kernel(const std::filesystem::path &tree, bool is_kernel)
{
    write_text(tree / "Makefile", is_kernel ? makefile : "all:\n\ttrue\n");
    write_text(tree / "Kconfig", "mainmenu \"tiny\"\nconfig PERF\n\tbool \"p\"\n");
    const auto script = tree / "scripts/kconfig/merge_config.sh";
    write_text(script, merge_script);
    std::filesystem::permissions(script, std::filesystem::perms(0755));
}

} // namespace krun
