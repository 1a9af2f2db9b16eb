// SPDX-License-Identifier: MIT
// A machine of its own for one test; see sandbox.hpp.
#include "sandbox.hpp"

#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "fake_kernel.hpp"
#include "util/digest.hpp"

namespace krun
{
namespace
{

using namespace std::chrono_literals;

constexpr auto longest_run = 120s;

} // namespace

std::string read_text(const std::filesystem::path &path)
{
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

void write_text(const std::filesystem::path &path, const std::string &text)
{
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

Sandbox::Sandbox()
{
    auto name = (std::filesystem::temp_directory_path() / "krun-command-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("no temporary folder");
    root_ = name;
    const auto machine = root_ / "machine";
    for (const auto *folder : {"state/lists/partial", "cache/archives/partial"})
        std::filesystem::create_directories(machine / folder);
    write_text(machine / "sources.list",
               fmt::format("deb [trusted=yes] file:{}/archive bookworm-security main\n", name));
    write_text(machine / "apt.conf", fmt::format("Dir::State \"{0}/state\";\nDir::Cache \"{0}/cache\";\n"
                                                 "Dir::Etc::sourcelist \"{0}/sources.list\";\n"
                                                 "Dir::Etc::sourceparts \"/dev/null\";\n"
                                                 "APT::Sandbox::User \"\";\n"
                                                 "#clear APT::Update::Post-Invoke;\n"
                                                 "#clear APT::Update::Post-Invoke-Success;\n",
                                                 machine.string()));
    environment = {{"APT_CONFIG", (machine / "apt.conf").string()},
                   {"XDG_CACHE_HOME", (root_ / "cache").string()},
                   {"KRUN_DATA", data().string()},
                   {"LC_ALL", "C"}};
    make_data();
    publish("6.12.1-1");
}

Sandbox::~Sandbox()
{
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
}

ProcessResult Sandbox::run(std::vector<std::string> argv)
{
    Command command;
    command.argv = std::move(argv);
    command.environment = environment;
    command.directory = root_;
    command.timeout = longest_run;
    auto result = runner_.run(command);
    if (!result)
        throw std::runtime_error(result.error().message);
    EXPECT_FALSE(result->timed_out);
    return *result;
}

ProcessResult Sandbox::krunctl(std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), KRUNCTL);
    return run(std::move(arguments));
}

void Sandbox::make_data()
{
    write_text(data() / "kernel/lines/6.12/line.toml", "package = 'linux-source-6.12'\nconfig_package = 'none'\n"
                                                       "suites = ['bookworm-security']\ntested = '6.12.1'\n");
    write_text(data() / "kernel/hooks/hooks.toml", "[[hook]]\nname = 'build'\nrequired = true\n");
    write_text(hook(), "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,2 +1,3 @@\n"
                       " mainmenu \"tiny\"\n+source \"krun/Kconfig\"\n"
                       " config PERF\n");
    write_text(data() / "kernel/krun/Kconfig", "config KRUN\n\tbool \"k\"\nconfig DROPPED\n\tbool \"d\"\n"
                                               "\tdepends on PERF\n");
    write_text(data() / "kernel/krun/first.c", "int first;\n");
    write_text(data() / "kernel/krun/second.c", "int second;\n");
    write_text(data() / "kernel/selftests/test.c", "int main(void) { return 0; }\n");
    write_text(data() / "kernel/selftests/tiny_test.c", "int main(void) { return 0; }\n");
    write_text(data() / "kernel/selftests/Makefile", "all:\n\tgcc -static -o $(OUTPUT)/tiny_test tiny_test.c\n");
    write_text(data() / "kernel/config/vm.config", "CONFIG_SMP=y\n");
    write_text(data() / "kernel/config/disk.config", "CONFIG_MODULES=y\n");
    write_text(data() / "kernel/config/krun.config", "CONFIG_KRUN=y\n");
    write_text(data() / "kernel/config/tickless.config", "# CONFIG_HZ_PERIODIC is not set\n");
}

void Sandbox::publish(const std::string &version, bool is_kernel)
{
    const auto work = root_ / "package";
    std::filesystem::remove_all(work);
    write_fake_kernel(work / "linux-source-6.12", is_kernel);
    std::filesystem::create_directories(work / "deb/usr/src");
    run({"tar", "-C", work.string(), "-cJf", (work / "deb/usr/src/linux-source-6.12.tar.xz").string(),
         "linux-source-6.12"});
    write_text(work / "deb/DEBIAN/control", fmt::format("Package: linux-source-6.12\nVersion: {}\nArchitecture: all\n"
                                                        "Maintainer: A Test <test@example.org>\n"
                                                        "Description: a kernel for tests\n",
                                                        version));
    const auto name = fmt::format("linux-source-6.12_{}_all.deb", version);
    const auto deb = root_ / "archive/pool" / name;
    std::filesystem::create_directories(deb.parent_path());
    run({"dpkg-deb", "--root-owner-group", "-b", (work / "deb").string(), deb.string()});
    const auto packages = root_ / "archive/dists/bookworm-security/main/binary-amd64/Packages";
    write_text(packages,
               read_text(packages) + fmt::format("Package: linux-source-6.12\nVersion: {}\nArchitecture: all\n"
                                                 "Maintainer: A Test <test@example.org>\nFilename: pool/{}\nSize: {}\n"
                                                 "SHA256: {}\nDescription: a kernel for tests\n\n",
                                                 version, name, std::filesystem::file_size(deb),
                                                 sha256_of_file(runner_, deb).value()));
    write_release();
    EXPECT_EQ(run({"apt-get", "-q", "update"}).status, 0);
}

void Sandbox::write_release()
{
    const auto dist = root_ / "archive/dists/bookworm-security";
    const auto packages = dist / "main/binary-amd64/Packages";
    write_text(dist / "Release",
               fmt::format("Origin: Debian\nLabel: Debian-Security\nSuite: oldstable-security\n"
                           "Codename: bookworm-security\nArchitectures: amd64 all\nComponents: main\n"
                           "Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n {} {} main/binary-amd64/Packages\n",
                           sha256_of_file(runner_, packages).value(), std::filesystem::file_size(packages)));
}

void Sandbox::cut_network()
{
    const auto machine = root_ / "machine";
    write_text(machine / "sources.list", "deb [trusted=yes] http://krun.invalid bookworm-security main\n");
    // What apt would have on its disk if the server had been there yesterday: the same files under its name.
    const auto lists = machine / "state/lists";
    for (const std::string name : {"Release", "main_binary-amd64_Packages.lz4"}) {
        for (const auto &entry : std::filesystem::directory_iterator(lists)) {
            if (entry.path().filename().string().ends_with("bookworm-security_" + name)) {
                std::filesystem::rename(entry.path(), lists / ("krun.invalid_dists_bookworm-security_" + name));
                break;
            }
        }
    }
    write_text(machine / "apt.conf", read_text(machine / "apt.conf") +
                                         "Acquire::http::Proxy \"http://127.0.0.1:9\";\nAcquire::Retries \"0\";\n");
}

} // namespace krun
