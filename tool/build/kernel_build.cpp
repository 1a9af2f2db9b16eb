// SPDX-License-Identifier: MIT
// From a source to a folder with vmlinuz; see kernel_build.hpp.
//
// Theory: all that a kernel depends on is put into one text, whose digest is the build's key. The output folder
// remembers its key; the same key means the same kernel, and nothing has to be done.
//
// A build is a list of steps. A dry run takes the same ones, with an Env that shows what it is asked to do.
#include "build/kernel_build.hpp"

#include <fmt/format.h>
#include <optional>
#include <utility>

#include "build/base_config.hpp"
#include "build/build_plan.hpp"
#include "build/kconfig_expression.hpp"
#include "build/kernel_config.hpp"
#include "build/kernel_make.hpp"
#include "build/kernel_package.hpp"
#include "build/output_folder.hpp"
#include "source/source.hpp"
#include "source/tree_cache.hpp"
#include "util/digest.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

Result<std::string> compiler_version(ProcessRunner &runner)
{
    Command command;
    command.argv = {"gcc", "--version"};
    command.asks = true;
    const auto lines = lines_of(TRY(runner.run_ok(command)).output);
    return lines.empty() ? "unknown" : lines.front();
}

class KernelBuild
{
  public:
    KernelBuild(const Env &env, const BuildRequest &request) : env_(env), request_(request) {}

    Result<BuiltKernel> run()
    {
        TRY(make_plan());
        TRY(identify_source());
        TRY(look_for_kernel());
        TRY(prepare_source());
        if (!up_to_date_) {
            TRY(configure());
            TRY(compile());
            TRY(fill_output_folder());
        }
        say_result();
        return BuiltKernel{plan_.output, plan_.tree, plan_.make.objects, release_, up_to_date_};
    }

  private:
    void tell(BuildStage stage)
    {
        if (request_.on_stage)
            request_.on_stage(stage);
    }

    Result<void> make_plan()
    {
        plan_ = TRY(krun::make_plan(env_, request_));
        tell(BuildStage::fetch);
        return expect_writable_output(!plan_.own_source || !request_.output.empty());
    }

    // Where a source of the user's own is built is known when it is identified, if they have not said it.
    Result<void> expect_writable_output(bool is_placed)
    {
        return is_placed && !env_.dry_run() ? expect_writable(env_.files, plan_.output) : Result<void>();
    }

    Result<void> identify_source()
    {
        TRY(plan_.source->identify());
        TRY(adopt_source(env_, plan_, request_));
        TRY(expect_writable_output(plan_.own_source && request_.output.empty()));
        // A folder that its owner goes on to work in is taken as it was identified, before any wait.
        if (plan_.own_source && !env_.files.exists(plan_.tree))
            TRY(plan_.source->unpack());
        build_lock_ = TRY(env_.files.lock(with_suffix(plan_.folder, ".lock"), "the build " + plan_.name));
        return lock_tree();
    }

    // Our own files may change while another krunctl is waited for: then it is another tree.
    Result<void> lock_tree()
    {
        for (;;) {
            tree_lock_ = TRY(env_.files.lock(tree_lock_file(plan_.tree), "the kernel source"));
            if (TRY(hash_own_files(env_, plan_.line.name, plan_.data)) == plan_.own_files)
                return {};
            tree_lock_.reset();
            TRY(adopt_source(env_, plan_, request_));
        }
    }

    Result<void> look_for_kernel()
    {
        plan_.compiler = TRY(compiler_version(env_.runner));
        if (!plan_.config.tiny)
            TRY(fetch_base_config(env_, plan_.line, request_.config, plan_.config));
        if (request_.package)
            plan_.selftests_hash = TRY(sha256_of_tree(env_.runner, plan_.data / "kernel/selftests"));
        plan_.key = TRY(build_key(env_.runner, plan_));
        if (const auto metadata = read_metadata(env_.files, plan_.output)) {
            up_to_date_ = !request_.menuconfig && metadata->value("key", "") == plan_.key &&
                          env_.files.exists(plan_.make.objects / "vmlinux") &&
                          (!request_.package || (metadata->value("selftests", "") == plan_.selftests_hash &&
                                                 has_packages(env_, plan_.output, *metadata)));
            release_ = up_to_date_ ? metadata->value("release", "") : "";
        }
        return up_to_date_ || env_.dry_run() ? Result<void>() : expect_space(env_.files, plan_);
    }

    // Also when the kernel is as it should be: the selftests in the tree are no part of it, and may have changed.
    Result<void> prepare_source()
    {
        const auto before_apply = [&] {
            if (!up_to_date_ || !env_.files.exists(plan_.tree))
                tell(BuildStage::apply);
        };
        plan_.hooks = TRY(prepare_tree(env_, *plan_.source, {plan_.data, plan_.tree, plan_.hook_series, before_apply}));
        if (auto fragment = fragment_of(plan_.hooks); !fragment.empty())
            plan_.config.fragments.push_back({"hooks", std::move(fragment)});
        return {};
    }

    // Each tree has objects of its own, gigabytes of them; this build's are kept in the tree that was built last.
    Result<void> forget_objects_of_another_tree()
    {
        const auto stamp = with_suffix(plan_.folder, ".tree");
        const std::filesystem::path last = trim(env_.files.read(stamp).value_or(std::string()));
        if (last == plan_.tree)
            return {};
        if (last.parent_path() == source_cache())
            TRY(env_.files.remove_all(objects_folder(last, plan_.config.name)));
        // Where krunctl once kept them: there they depended on the path of their tree.
        TRY(env_.files.remove_all(plan_.folder / "objects"));
        return env_.files.write(stamp, plan_.tree.string() + "\n");
    }

    Result<void> configure()
    {
        // The log is of this build alone.
        TRY(env_.files.remove_all(plan_.make.log));
        TRY(forget_objects_of_another_tree());
        // The folder of the objects is in the tree.
        TRY(expect_no_link(env_.files, plan_.tree, plan_.make.objects.filename()));
        tell(BuildStage::configure);
        TRY(krun::configure(env_, plan_.make, plan_.config));
        if (request_.menuconfig) {
            auto command = plan_.make.command({"menuconfig"});
            command.terminal = true;
            TRY(env_.runner.run_ok(command));
        }
        if (env_.dry_run()) {
            has_modules_ = expects_modules(plan_);
            return {};
        }
        return take_configuration();
    }

    // What kconfig has made of what was asked for.
    Result<void> take_configuration()
    {
        TRY(verify_config(env_.files, plan_.make, plan_.config));
        const auto config = TRY(env_.files.read(plan_.make.objects / ".config"));
        config_hash_ = TRY(sha256_of_text(env_.runner, config));
        if (request_.menuconfig) // no later build without the person's choices may take this one for its own
            plan_.key = "menuconfig-" + config_hash_;
        const auto values = parse_config(config);
        has_modules_ = value_of(values, "MODULES") == "y";
        return expect_possible(values);
    }

    // What the configuration asks of this machine, found before hours are spent.
    Result<void> expect_possible(const ConfigValues &values)
    {
        TRY(expect_programs(programs_of_config(values)));
        if (!request_.package)
            return {};
        auto local_version = value_of(values, "LOCALVERSION");
        std::erase(local_version, '"');
        return expect_package_name("the configuration's LOCALVERSION", local_version, ExitCode::failure);
    }

    Result<void> compile()
    {
        tell(BuildStage::compile);
        std::vector<std::string> targets = {"bzImage"};
        if (has_modules_)
            targets.emplace_back("modules");
        TRY(compile_kernel(env_, plan_.make, targets, with_suffix(plan_.folder, ".steps")));
        release_ = env_.dry_run() ? foreseen_kernel(env_.files, plan_) + plan_.make.local_version
                                  : trim(TRY(env_.files.read(plan_.make.objects / "include/config/kernel.release")));
        metadata_ = metadata_of(plan_, release_, config_hash_);
        return {};
    }

    // Not touched before all of the kernel, and of its packages, went well.
    Result<void> fill_output_folder()
    {
        if (!request_.package)
            return fill_output(env_.files, plan_.make.objects, {}, plan_.output, metadata_);
        tell(BuildStage::package);
        metadata_["selftests"] = plan_.selftests_hash;
        return package_and_fill();
    }

    Result<void> package_and_fill()
    {
        const auto packages = TRY(plan_packages(env_, plan_, release_, has_modules_));
        const auto made = package_kernel(env_, plan_.make, packages, metadata_);
        auto filled = made ? fill_output(env_.files, plan_.make.objects, *made, plan_.output, metadata_)
                           : tl::unexpected(made.error());
        // Also after a failure: what is left takes space, and serves nobody.
        static_cast<void>(clear_packaging(env_.files, plan_.make, packages));
        return filled;
    }

    void say_result()
    {
        if (up_to_date_)
            say(fmt::format("Linux {} in {} is up to date", release_, plan_.output.string()));
        else if (!env_.dry_run())
            say(fmt::format("built Linux {} in {}", release_, plan_.output.string()));
        if (!plan_.own_source || up_to_date_ || env_.dry_run())
            return;
        const auto folder = plan_.source->for_hooks().folder;
        say(fmt::format("proof: it compiles; not booted, no selftests, no check: ./krun test --source {}={} does these",
                        plan_.series, folder.empty() ? "TREE" : shell_quoted(folder.string())));
    }

    Env env_;
    const BuildRequest &request_;
    BuildPlan plan_;
    std::optional<FileLock> build_lock_;
    std::optional<FileLock> tree_lock_;
    bool up_to_date_ = false;
    bool has_modules_ = false;
    std::string release_;
    std::string config_hash_;
    nlohmann::ordered_json metadata_;
};

} // namespace

Result<BuiltKernel> build_kernel(const Env &env, const BuildRequest &request)
{
    return KernelBuild(env, request).run();
}

} // namespace krun
