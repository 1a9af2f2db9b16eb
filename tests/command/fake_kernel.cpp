// SPDX-License-Identifier: MIT
// A source tree that behaves like a kernel's; see fake_kernel.hpp.
#include "fake_kernel.hpp"

#include "sandbox.hpp"

namespace krun
{
namespace
{

constexpr const char *makefile = R"make(VERSION = 6
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

modules: bzImage
	@mkdir -p $(O)/modules && echo module > $(O)/modules/m.ko

# What the kernel's packaging does as far as others see it: packages of today in the parent folder, and a few that nobody
# has asked for. Notes and a program's debug information hold absolute paths.
release = $(shell cat $(O)/include/config/kernel.release)
bindeb-pkg: bzImage
	@if [ "$$KRUN_TEST_PACKAGING" = fails ]; then echo 'dpkg-deb: error: no luck'; exit 1; fi
	@if [ "$$KRUN_TEST_PACKAGING" = waits ]; then touch $(O)/../half.deb; echo $$$$ > ready; exec sleep 60; fi
	@rm -rf $(O)/debian && mkdir $(O)/debian
	@echo '  INSTALL modules'
	@set -e; for package in linux-image-$(release) linux-headers-$(release) linux-libc-dev linux-image-$(release)-dbg; do \
		case $$package in linux-headers-*) grep -q CONFIG_MODULES=y $(O)/.config || continue;; esac; \
		root=$(O)/debian/$$package; \
		rm -rf $$root; mkdir -p $$root/DEBIAN $$root/usr/share/doc/$$package $$root/boot $$root/usr/src/x; \
		printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nInstalled-Size: 1\nMaintainer: %s <%s>\nDescription: x\n' \
			$$package $(KDEB_PKGVERSION) "$$DEBFULLNAME" "$$DEBEMAIL" > $$root/DEBIAN/control; \
		printf '#!/bin/sh\nexit 0\n' > $$root/DEBIAN/postinst; chmod 755 $$root/DEBIAN $$root/DEBIAN/postinst; \
		date +%s%N > $$root/usr/share/doc/$$package/changelog.Debian; \
		gzip $$root/usr/share/doc/$$package/changelog.Debian; \
		echo "$(O)" > $$root/usr/src/x/.m.cmd; echo source > $$root/usr/src/x/m.c; \
		echo "int main(void) { return 0; }" > $(O)/tool.c; $(CC) -g -o $$root/usr/src/x/tool $(O)/tool.c; \
		cp $(O)/arch/x86/boot/bzImage $$root/boot/vmlinuz-$(release); \
		dpkg-deb --root-owner-group -Z$(KDEB_COMPRESS) -b $$root $(O)/..; \
	done
	@touch $(O)/../linux-krun.changes

# From the folder of the objects, and by a path that begins at the root unless that is a folder of the tree.
srctree = $(if $(filter $(CURDIR)/,$(dir $(O))),..,$(CURDIR))
$(O)/%.o: %.c
	@echo '  CC      $*.o'
	@mkdir -p $(@D)
	@cd $(O) && $(CC) -Wp,-MMD,$*.d -c -o $*.o $(srctree)/$<

.PHONY: tinyconfig olddefconfig wait bzImage modules bindeb-pkg
)make";

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
