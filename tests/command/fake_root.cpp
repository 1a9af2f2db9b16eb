// SPDX-License-Identifier: MIT
// See fake_root.hpp.
#include "fake_root.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace krun
{
namespace
{

constexpr const char *update_grub = R"(#!/bin/sh
R=$KRUN_ROOT
[ -e "$R/broken-update-grub" ] && { echo 'grub-mkconfig: syntax error' >&2; exit 1; }
GRUB_DEFAULT=0
. "$R/etc/default/grub"
for f in "$R"/etc/default/grub.d/*.cfg; do [ -e "$f" ] && . "$f"; done
{
    printf 'set default="%s"\n' "$GRUB_DEFAULT"
    [ -x "$R/etc/grub.d/01_krunctl" ] && "$R/etc/grub.d/01_krunctl"
    echo "submenu 'Advanced' \$menuentry_id_option 'gnulinux-advanced-u' {"
    for r in $(ls "$R/boot" | sed -n 's/^vmlinuz-//p' | sort -rV); do
        echo "menuentry 'Linux $r' \$menuentry_id_option 'gnulinux-$r-advanced-u' {"
        echo "linux /boot/vmlinuz-$r root=x $GRUB_CMDLINE_LINUX_DEFAULT"
        [ -e "$R/boot/initrd.img-$r" ] && echo "initrd /boot/initrd.img-$r"
        echo '}'
    done
    echo '}'
} > "$R/boot/grub/grub.cfg"
)";

constexpr const char *grub_editenv = R"(#!/bin/sh
[ "$1" = --version ] && { echo 'grub-editenv (GRUB) 2.06-13+deb12u1'; exit; }
[ "$2" = list ] && exec cat "$1"
name=${3%%=*}
grep -v "^$name=" "$1" > "$1.new"
[ "$2" = set ] && echo "$3" >> "$1.new"
mv "$1.new" "$1"
)";

constexpr const char *grub_probe = R"(#!/bin/sh
[ "$1" = --target=fs ] && echo ext2
[ "$1" = --target=abstraction ] && cat "$KRUN_ROOT/abstraction"
exit 0
)";

constexpr const char *dpkg = R"(#!/bin/sh
R=$KRUN_ROOT
action=$1
shift
case $action in
--print-architecture) echo amd64 ;;
--install)
    for deb; do
        name=$(dpkg-deb -f "$deb" Package)
        version=$(dpkg-deb -f "$deb" Version)
        echo "half-installed $version" > "$R/db/$name"
        dpkg-deb -x "$deb" "$R"
        [ -e "$R/full-disk" ] && { echo "dpkg: error: No space left on device" >&2; exit 1; }
        [ -n "$KRUN_TEST_MARKER" ] && { echo $$ > "$KRUN_TEST_MARKER"; sleep "$KRUN_TEST_SLEEP"; }
        case $name in linux-image-*) echo initrd > "$R/boot/initrd.img-${name#linux-image-}" ;; esac
        update-grub || exit 1
        echo "installed $version" > "$R/db/$name"
    done ;;
--purge)
    [ -e "$R/broken-purge" ] && { echo 'dpkg: error: frontend lock was locked' >&2; exit 2; }
    for name; do
        case $name in
        --*) continue ;;
        linux-image-*)
            release=${name#linux-image-}
            rm -rf "$R/boot/vmlinuz-$release" "$R/boot/initrd.img-$release" "$R/usr/share/krun/$release"
            update-grub || exit 1 ;;
        esac
        rm -f "$R/db/$name"
    done ;;
esac
)";

} // namespace

FakeRoot::FakeRoot(Sandbox &sandbox) : sandbox_(sandbox), root_(sandbox.root() / "target")
{
    for (const auto *folder : {"boot/grub", "db", "etc/grub.d", "etc/default/grub.d", "usr/share/krun"})
        std::filesystem::create_directories(root_ / folder);
    write_text(root_ / "etc/default/grub", "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT=quiet\n");
    write_text(root_ / "usr/sbin/update-grub", "");
    write_text(root_ / "boot/vmlinuz-6.1.0-41-amd64", "kernel\n");
    write_text(root_ / "boot/initrd.img-6.1.0-41-amd64", "initrd\n");
    write_text(root_ / "boot/grub/grubenv", "");
    write_text(root_ / "abstraction", "");
    write_text(root_ / "uid", "0\n");
    run_kernel("6.1.0-41-amd64");
    sandbox_.environment["KRUN_ROOT"] = root_.string();
    make_programs();
    EXPECT_EQ(sandbox_.run({"update-grub"}).status, 0);
}

void FakeRoot::make_programs()
{
    const auto bin = sandbox_.root() / "bin";
    const std::map<std::string, std::string> programs = {
        {"update-grub", update_grub},
        {"grub-editenv", grub_editenv},
        {"grub-probe", grub_probe},
        {"dpkg", dpkg},
        {"dpkg-query", "#!/bin/sh\ncat \"$KRUN_ROOT/db/$4\" 2> /dev/null\n"},
        {"uname", "#!/bin/sh\ncat \"$KRUN_ROOT/running\"\n"},
        {"id", "#!/bin/sh\ncat \"$KRUN_ROOT/uid\"\n"},
        {"sync", "#!/bin/sh\n"},
        {"dkms", "#!/bin/sh\n"},
    };
    for (const auto &[name, text] : programs) {
        write_text(bin / name, text);
        std::filesystem::permissions(bin / name, std::filesystem::perms(0755));
    }
    sandbox_.environment["PATH"] = bin.string() + ":" + std::getenv("PATH");
}

std::filesystem::path FakeRoot::path(const std::string &absolute) const
{
    return root_ / std::filesystem::path(absolute).relative_path();
}

std::filesystem::path FakeRoot::make_deb(const std::string &name, bool krun_kernel)
{
    const auto work = sandbox_.root() / "deb";
    std::filesystem::remove_all(work);
    write_text(work / "DEBIAN/control", fmt::format("Package: {}\nVersion: 1-1\nArchitecture: amd64\n"
                                                    "Maintainer: A Test <test@example.org>\nInstalled-Size: 100\n"
                                                    "Description: a package for tests\n",
                                                    name));
    if (const std::string prefix = "linux-image-"; krun_kernel && name.rfind(prefix, 0) == 0) {
        const auto release = name.substr(prefix.size());
        write_text(work / "boot" / ("vmlinuz-" + release), "kernel\n");
        write_text(work / "usr/share/krun" / release / "metadata.json", "{}\n");
    }
    const auto deb = sandbox_.root() / (name + ".deb");
    EXPECT_EQ(sandbox_.run({"dpkg-deb", "--root-owner-group", "-b", work.string(), deb.string()}).status, 0);
    return deb;
}

void FakeRoot::run_kernel(const std::string &release) { write_text(root_ / "running", release + "\n"); }

void FakeRoot::be_user() { write_text(root_ / "uid", "1000\n"); }

std::string FakeRoot::snapshot()
{
    return sandbox_
        .run({"sh", "-c",
              "cd \"$KRUN_ROOT\" && find . -type f ! -path './var/log/*' ! -path './run/*' ! -name uid "
              "! -name running | sort | xargs sha256sum"})
        .output;
}

} // namespace krun
