// SPDX-License-Identifier: MIT
// Fetching, patching and building the testbed's QEMU; see testbed_qemu.hpp.
//
// The work is done in <cache>/qemu/work-<hash>, whose stages leave something behind that shows that they are
// done (the patched tree, build.ninja): that is how an interrupted build goes on. The folder that others use
// appears by one rename at the end, and then the work folder, more than a gigabyte, goes.
#include "machine/testbed_qemu.hpp"

#include <array>
#include <cstdlib>
#include <fmt/format.h>

#include "build/ccache.hpp"
#include "hooks/hook_patch.hpp"
#include "self/krunctl.hpp"
#include "source/apt_archive.hpp"
#include "util/child_process.hpp"
#include "util/digest.hpp"
#include "util/file_lock.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

// To be counted up when the build changes in a way that neither the patches nor the options show.
constexpr int recipe = 4;
constexpr const char *program_name = "qemu-system-x86_64";
const std::vector<std::string> suites{"bookworm", "bookworm-updates", "bookworm-security"};
const std::vector<std::string> configure_options{
    "--target-list=x86_64-softmmu", "--without-default-features", "--enable-tcg", "--disable-werror",
    "--without-default-devices", "--with-devices-x86_64=testbed", "--disable-debug-info", "--enable-seccomp",
    // Nobody reads its trace events, whose code is in 120 files of their own and in all others.
    "--enable-trace-backends=nop",
    // Of two precompiled headers, GCC tells for each file which one it cannot use.
    "--extra-cflags=-Wno-invalid-pch"};
// Beside the patches; goes to where configure looks for the list that the option above names.
constexpr const char *device_list = "devices.mak";
constexpr const char *device_list_in_source = "configs/devices/x86_64-softmmu/testbed.mak";

// Every file of QEMU begins with this header, and reading it takes longer than compiling most of them. GCC uses a file
// in the folder <header>.gch instead if that was compiled with the same options. QEMU has two kinds of files: those
// that know their target machine, and those that do not.
constexpr const char *common_header = "include/qemu/osdep.h";
constexpr std::array<const char *, 2> compiled_alike{"libhwcore.fa.p/hw_core_irq.c.o",
                                                     "libqemu-x86_64-softmmu.fa.p/hw_i386_x86.c.o"};
constexpr const char *generated_header = "config-poison.h"; // which it includes

// What a machine without graphics and network reads of QEMU's and the BIOS's data.
struct Firmware {
    const char *package;
    const char *folder; // below usr/share, and below our share
    std::vector<const char *> names;
};
const std::vector<Firmware> firmware{
    {"seabios", "seabios", {"bios-256k.bin"}},
    {"qemu-system-data", "qemu", {"kvmvapic.bin", "linuxboot.bin", "linuxboot_dma.bin"}},
};

Result<void> check_host(const Env &env)
{
    const std::string hint = "apt install build-essential dpkg-dev patch ninja-build meson pkg-config python3 "
                             "libglib2.0-dev libpixman-1-dev libfdt-dev libseccomp-dev zlib1g-dev";
    for (const char *program : {"cc", "dpkg-source", "patch", "ninja", "meson", "pkg-config", "python3"}) {
        if (!program_on_path(program))
            return host_lacks(fmt::format("building the testbed's QEMU needs the program `{}`", program), hint);
    }
    for (const char *library : {"glib-2.0", "gthread-2.0", "pixman-1", "libseccomp", "zlib"}) {
        Command ask;
        ask.argv = {"pkg-config", "--exists", library};
        const auto answer = env.runner.run(ask);
        if (!answer)
            return tl::unexpected<Error>(answer.error());
        if (!answer->ok())
            return host_lacks(fmt::format("building the testbed's QEMU needs the library {}", library), hint);
    }
    if (!env.files.exists("/usr/include/libfdt.h")) // comes without a file for pkg-config
        return host_lacks("building the testbed's QEMU needs the library libfdt", hint);
    return {};
}

class Build
{
  public:
    Build(const Env &env, fs::path result)
        : env_(env), archive_(env, cache_directory() / "apt"), result_(std::move(result)),
          work_(result_.parent_path() / ("work-" + result_.filename().string())),
          log_(cache_directory() / "logs/qemu-build.log")
    {
    }

    Result<void> run()
    {
        TRY(expect_cache_for_building());
        say("the testbed's QEMU is not in the cache yet; building it once takes a few minutes");
        return check_host(env_)
            .and_then([&] { return env_.files.make_directories(work_); })
            .and_then([&] { return env_.files.make_directories(log_.parent_path()); })
            .and_then([&] { return env_.files.write(log_, ""); })
            .and_then([&] { return prepare_source(); })
            .and_then([&] { return configure(); })
            .and_then([&] { return precompile_common_header(); })
            .and_then([&] { return compile(); })
            .and_then([&] { return collect(); });
    }

  private:
    Result<void> step(std::vector<std::string> argv, const fs::path &directory)
    {
        Command command;
        command.argv = std::move(argv);
        command.directory = directory;
        command.inherits = variables_for_builds();
        command.environment = environment();
        command.log = log_;
        auto done = env_.runner.run_ok(command);
        if (!done)
            return tl::unexpected<Error>(done.error());
        return {};
    }

    Result<void> prepare_source()
    {
        if (env_.files.exists(source()))
            return {};
        const auto description = archive_.download_source("qemu", suites);
        if (!description)
            return tl::unexpected<Error>(description.error());
        const fs::path unpacked = work_ / "source.part";
        return env_.files
            .remove_all(unpacked)
            // apt has verified the files; without the check dpkg-source needs no keyring of its own
            .and_then([&] {
                return step({"dpkg-source", "--no-check", "--extract", description->string(), unpacked.string()},
                            work_);
            })
            .and_then([&] { return apply_series(env_, data_directory() / "testbed/qemu", unpacked); })
            .and_then([&] {
                return env_.files.copy_file(data_directory() / "testbed/qemu" / device_list,
                                            unpacked / device_list_in_source);
            })
            .and_then([&] { return env_.files.write(work_ / "version", description->stem().string() + "\n"); })
            .and_then([&] { return env_.files.rename(unpacked, source()); });
    }

    Result<void> configure()
    {
        if (env_.files.exists(objects() / "build.ninja"))
            return {};
        std::vector<std::string> argv{(source() / "configure").string()};
        argv.insert(argv.end(), configure_options.begin(), configure_options.end());
        if (has_ccache()) // not in the key: it makes the same program
            argv.push_back("--cc=" + cached_compiler("cc"));
        return env_.files.remove_all(objects())
            .and_then([&] { return env_.files.remove_all(precompiled()); })
            .and_then([&] { return env_.files.make_directories(objects()); })
            .and_then([&] { return step(argv, objects()); });
    }

    Result<void> precompile_common_header()
    {
        if (env_.files.exists(precompiled()))
            return {};
        const fs::path part = precompiled().string() + ".part";
        auto done =
            env_.files.remove_all(part).and_then([&] { return env_.files.make_directories(part); }).and_then([&] {
                return step({"ninja", generated_header}, objects());
            });
        for (const char *object : compiled_alike)
            done = done.and_then([&] { return compile_header_as(object, part / fs::path(object).filename()); });
        return done.and_then([&] { return env_.files.rename(part, precompiled()); });
    }

    Result<void> compile_header_as(const std::string &object, const fs::path &result)
    {
        Command ask;
        ask.argv = {"ninja", "-t", "commands", "-s", object};
        ask.directory = objects();
        const auto answer = env_.runner.run_ok(ask);
        if (!answer)
            return tl::unexpected<Error>(answer.error());
        const std::string command = trim(answer->output);
        const auto output = command.rfind(" -o ");
        if (output == std::string::npos)
            return failure("unexpected command to compile " + object + ": " + command);
        // It is a shell's, quotes and all; our own paths come in as its arguments.
        return step({"sh", "-c", command.substr(0, output) + R"( -o "$1" -x c-header "$2")", "sh", result.string(),
                     (source() / common_header).string()},
                    objects());
    }

    Result<void> compile()
    {
        Command command;
        command.argv = {"ninja", program_name};
        command.directory = objects();
        command.inherits = variables_for_builds();
        command.environment = environment();
        command.log = log_;
        command.capture = false;
        std::optional<Progress> bar; // made when ninja has told how much there is to do
        command.on_line = [&bar](const std::string &line) {
            const auto at = ninja_progress(line);
            if (!at)
                return;
            if (!bar)
                bar.emplace("compiling the testbed's QEMU", at->second);
            bar->set(at->first, line.substr(line.rfind(' ') + 1));
        };
        auto built = env_.runner.run_ok(command);
        if (!built)
            return tl::unexpected<Error>(built.error());
        if (bar)
            bar->finish("done");
        return {};
    }

    Result<void> collect()
    {
        const fs::path stage = work_ / "result";
        auto staged =
            env_.files.remove_all(stage)
                .and_then([&] { return env_.files.make_directories(stage); })
                .and_then([&] {
                    return step({"strip", "-o", (stage / program_name).string(), (objects() / program_name).string()},
                                objects());
                })
                // Whatever our umask is: QEMU may run as another user.
                .and_then([&] {
                    return step({"chmod", "0755", (stage / program_name).string()}, objects());
                })
                .and_then([&] { return env_.files.copy_file(work_ / "version", stage / "version"); });
        for (const Firmware &part : firmware)
            staged = staged.and_then([&] { return add_firmware(part, stage); });
        return staged.and_then([&] { return env_.files.rename(stage, result_); }).and_then([&] {
            return env_.files.remove_all(work_);
        });
    }

    Result<void> add_firmware(const Firmware &part, const fs::path &stage)
    {
        const auto deb = archive_.download(part.package, suites);
        if (!deb)
            return tl::unexpected<Error>(deb.error());
        const fs::path unpacked = work_ / part.package;
        auto done =
            env_.files.remove_all(unpacked).and_then([&] { return archive_.unpack({*deb}, unpacked); }).and_then([&] {
                return env_.files.make_directories(stage / "share" / part.folder);
            });
        for (const char *name : part.names) {
            done = done.and_then([&] {
                return env_.files.copy_file(unpacked / "usr/share" / part.folder / name,
                                            stage / "share" / part.folder / name);
            });
        }
        return done;
    }

    [[nodiscard]] std::map<std::string, std::string> environment() const
    {
        auto variables = ccache_environment(work_);
        if (variables.empty())
            return variables;
        // Only with these does ccache cache what uses a precompiled header: it cannot look inside one for #defines or
        // __TIME__. Nor does it see that a header in there has changed, config-host.h above all: an object is good for
        // these patches and options alone.
        variables["CCACHE_SLOPPINESS"] = "pch_defines,time_macros";
        variables["CCACHE_NAMESPACE"] = "krun-" + result_.filename().string();
        return variables;
    }
    [[nodiscard]] fs::path precompiled() const { return source() / (std::string(common_header) + ".gch"); }
    [[nodiscard]] fs::path source() const { return work_ / "source"; }
    [[nodiscard]] fs::path objects() const { return work_ / "objects"; }

    Env env_;
    AptArchive archive_;
    fs::path result_;
    fs::path work_;
    fs::path log_;
};

} // namespace

std::optional<std::pair<std::size_t, std::size_t>> ninja_progress(const std::string &line)
{
    const auto slash = line.find('/');
    const auto end = line.find(']');
    if (line.empty() || line.front() != '[' || slash == std::string::npos || end == std::string::npos || end < slash)
        return std::nullopt;
    const std::string done = line.substr(1, slash - 1);
    const std::string total = line.substr(slash + 1, end - slash - 1);
    const auto is_number = [](const std::string &text) {
        return !text.empty() && text.size() < 8 && text.find_first_not_of("0123456789") == std::string::npos;
    };
    if (!is_number(done) || !is_number(total))
        return std::nullopt;
    return std::pair{std::stoul(done), std::stoul(total)};
}

Result<fs::path> testbed_qemu_folder(const Env &env)
{
    if (const char *other = std::getenv("KRUN_TESTBED_QEMU"); other != nullptr && *other != '\0')
        return fs::absolute(other);
    const fs::path patches = data_directory() / "testbed/qemu";
    const auto series = read_series(env.files, patches);
    if (!series)
        return tl::unexpected<Error>(series.error());
    // Not the version of Debian's package: a warm cache must be found without asking the archive for news.
    std::string all = fmt::format("{}\n", recipe);
    for (const std::string &option : configure_options)
        all += option + "\n";
    std::vector<fs::path> inputs = *series;
    inputs.push_back(patches / device_list);
    for (const fs::path &input : inputs) {
        const auto text = env.files.read(input);
        if (!text)
            return tl::unexpected<Error>(text.error());
        all += input.filename().string() + "\n" + *text;
    }
    const auto hash = sha256_of_text(env.runner, all);
    if (!hash)
        return tl::unexpected<Error>(hash.error());
    return cache_directory() / "qemu" / ("testbed-" + hash->substr(0, 16));
}

TestbedQemu testbed_qemu_in(const fs::path &folder)
{
    return {folder / program_name, {folder / "share/seabios", folder / "share/qemu"}};
}

Result<TestbedQemu> make_testbed_qemu(const Env &env)
{
    const auto folder = testbed_qemu_folder(env);
    if (!folder)
        return tl::unexpected<Error>(folder.error());
    const TestbedQemu qemu = testbed_qemu_in(*folder);
    if (env.files.exists(qemu.program))
        return qemu;
    if (std::getenv("KRUN_TESTBED_QEMU") != nullptr)
        return usage_error(
            fmt::format("KRUN_TESTBED_QEMU names a folder without {}: {}", program_name, folder->string()));
    const auto lock = FileLock::acquire(cache_directory() / "qemu/lock", "the testbed's QEMU");
    if (!lock)
        return tl::unexpected<Error>(lock.error());
    if (env.files.exists(qemu.program)) // another krunctl built it while we waited
        return qemu;
    if (auto built = Build(env, *folder).run(); !built)
        return tl::unexpected<Error>(built.error());
    return qemu;
}

} // namespace krun
