// SPDX-License-Identifier: MIT
// Fetching, patching and building the testbed's QEMU; see testbed_qemu.hpp.
//
// The work is done in <cache>/qemu/work-<hash>, whose stages leave something behind that shows that they are
// done (the patched tree, build.ninja): that is how an interrupted build goes on. The folder that others use
// appears by one rename at the end, and then the work folder, more than a gigabyte, goes.
#include "machine/testbed_qemu.hpp"

#include <array>
#include <cstdio>
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
        if (!TRY(env.runner.run(ask)).ok())
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
        TRY(check_host(env_));
        TRY(files_.make_directories(work_));
        TRY(files_.make_directories(log_.parent_path()));
        TRY(files_.write(log_, ""));
        TRY(prepare_source());
        TRY(configure());
        TRY(precompile_common_header());
        TRY(compile());
        return collect();
    }

  private:
    [[nodiscard]] Command command(std::vector<std::string> argv, const fs::path &directory) const
    {
        Command command;
        command.argv = std::move(argv);
        command.directory = directory;
        command.inherits = variables_for_builds();
        command.environment = environment();
        command.log = log_;
        return command;
    }

    Result<void> step(std::vector<std::string> argv, const fs::path &directory)
    {
        TRY(env_.runner.run_ok(command(std::move(argv), directory)));
        return {};
    }

    Result<void> prepare_source()
    {
        if (files_.exists(source()))
            return {};
        const fs::path testbed = data_directory() / "testbed/qemu";
        const auto description = TRY(archive_.download_source("qemu", testbed_suites));
        const fs::path unpacked = work_ / "source.part";
        TRY(files_.remove_all(unpacked));
        // apt has verified the files; without the check dpkg-source needs no keyring of its own
        TRY(step({"dpkg-source", "--no-check", "--extract", description.string(), unpacked.string()}, work_));
        TRY(apply_series(env_, testbed, unpacked));
        TRY(files_.copy_file(testbed / device_list, unpacked / device_list_in_source));
        TRY(files_.write(work_ / "version", description.stem().string() + "\n"));
        return files_.rename(unpacked, source());
    }

    Result<void> configure()
    {
        if (files_.exists(objects() / "build.ninja"))
            return {};
        std::vector<std::string> argv{(source() / "configure").string()};
        argv.insert(argv.end(), configure_options.begin(), configure_options.end());
        if (has_ccache()) // not in the key: it makes the same program
            argv.push_back("--cc=" + cached_compiler("cc"));
        TRY(files_.remove_all(objects()));
        TRY(files_.remove_all(precompiled()));
        TRY(files_.make_directories(objects()));
        return step(argv, objects());
    }

    Result<void> precompile_common_header()
    {
        if (files_.exists(precompiled()))
            return {};
        const fs::path part = precompiled().string() + ".part";
        TRY(files_.remove_all(part));
        TRY(files_.make_directories(part));
        TRY(step({"ninja", generated_header}, objects()));
        for (const char *object : compiled_alike)
            TRY(compile_header_as(object, part / fs::path(object).filename()));
        return files_.rename(part, precompiled());
    }

    Result<void> compile_header_as(const std::string &object, const fs::path &result)
    {
        Command ask;
        ask.argv = {"ninja", "-t", "commands", "-s", object};
        ask.directory = objects();
        const std::string command = trim(TRY(env_.runner.run_ok(ask)).output);
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
        Command ninja = command({"ninja", program_name}, objects());
        ninja.capture = false;
        std::optional<Progress> bar; // made when ninja has told how much there is to do
        ninja.on_line = [&bar](const std::string &line) {
            const auto at = ninja_progress(line);
            if (!at)
                return;
            if (!bar)
                bar.emplace("compiling the testbed's QEMU", at->second);
            bar->set(at->first, line.substr(line.rfind(' ') + 1));
        };
        TRY(env_.runner.run_ok(ninja));
        if (bar)
            bar->finish("done");
        return {};
    }

    Result<void> collect()
    {
        const fs::path stage = work_ / "result";
        const std::string program = (stage / program_name).string();
        TRY(files_.remove_all(stage));
        TRY(files_.make_directories(stage));
        TRY(step({"strip", "-o", program, (objects() / program_name).string()}, objects()));
        TRY(step({"chmod", "0755", program}, objects())); // whatever our umask is: QEMU may run as another user
        TRY(files_.copy_file(work_ / "version", stage / "version"));
        for (const Firmware &part : firmware)
            TRY(add_firmware(part, stage / "share" / part.folder));
        TRY(files_.rename(stage, result_));
        return files_.remove_all(work_);
    }

    Result<void> add_firmware(const Firmware &part, const fs::path &folder)
    {
        const auto deb = TRY(archive_.download(part.package, testbed_suites));
        const fs::path unpacked = work_ / part.package;
        TRY(files_.remove_all(unpacked));
        TRY(archive_.unpack({deb}, unpacked));
        TRY(files_.make_directories(folder));
        for (const char *name : part.names)
            TRY(files_.copy_file(unpacked / "usr/share" / part.folder / name, folder / name));
        return {};
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
    Filesystem &files_ = env_.files;
    AptArchive archive_;
    fs::path result_;
    fs::path work_;
    fs::path log_;
};

} // namespace

std::optional<std::pair<std::size_t, std::size_t>> ninja_progress(const std::string &line)
{
    std::size_t done = 0;
    std::size_t total = 0;
    char end = 0;
    if (std::sscanf(line.c_str(), "[%7zu/%7zu%c", &done, &total, &end) != 3 || end != ']')
        return std::nullopt;
    return std::pair{done, total};
}

Result<fs::path> testbed_qemu_folder(const Env &env)
{
    if (const char *other = std::getenv("KRUN_TESTBED_QEMU"); other != nullptr && *other != '\0')
        return fs::absolute(other);
    const fs::path patches = data_directory() / "testbed/qemu";
    auto inputs = TRY(read_series(env.files, patches));
    inputs.push_back(patches / device_list);
    // Not the version of Debian's package: a warm cache must be found without asking the archive for news.
    std::string all = fmt::format("{}\n", recipe);
    for (const std::string &option : configure_options)
        all += option + "\n";
    for (const fs::path &input : inputs) {
        const auto text = TRY(env.files.read(input));
        all += input.filename().string() + "\n" + text;
    }
    const auto hash = TRY(sha256_of_text(env.runner, all));
    return cache_directory() / "qemu" / ("testbed-" + hash.substr(0, 16));
}

TestbedQemu testbed_qemu_in(const fs::path &folder)
{
    return {folder / program_name, {folder / "share/seabios", folder / "share/qemu"}};
}

Result<TestbedQemu> make_testbed_qemu(const Env &env)
{
    const auto folder = TRY(testbed_qemu_folder(env));
    const TestbedQemu qemu = testbed_qemu_in(folder);
    if (env.files.exists(qemu.program))
        return qemu;
    if (std::getenv("KRUN_TESTBED_QEMU") != nullptr)
        return usage_error(
            fmt::format("KRUN_TESTBED_QEMU names a folder without {}: {}", program_name, folder.string()));
    const auto lock = TRY(FileLock::acquire(cache_directory() / "qemu/lock", "the testbed's QEMU"));
    if (!env.files.exists(qemu.program)) // no other krunctl built it while we waited
        TRY(Build(env, folder).run());
    return qemu;
}

} // namespace krun
