// SPDX-License-Identifier: MIT
// A tarball of the user's choice, from a file or a URL. It is verified by its signature before it is unpacked.
#include <cstdio>
#include <fmt/format.h>
#include <utility>

#include "source/download.hpp"
#include "source/source.hpp"
#include "source/tarball.hpp"
#include "util/digest.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

// "linux-7.4-rc3": 7.4; 0.0 if nothing is known
KernelVersion version_in_name(const std::string &name)
{
    KernelVersion version;
    const auto digit = name.find_first_of("0123456789");
    if (digit == std::string::npos || std::sscanf(name.c_str() + digit, "%u.%u", &version.major, &version.minor) != 2)
        return {};
    return version;
}

class TarballSource : public Source
{
  public:
    TarballSource(const Env &env, SourceOrigin origin)
        : Source(env), origin_(std::move(origin)), is_signed_(!origin_.keyring.empty())
    {
        facts_.text = origin_.text;
        facts_.series = KernelVersion(); // not known yet
    }

    [[nodiscard]] std::vector<NeededProgram> programs() const override
    {
        std::vector<NeededProgram> needed;
        if (origin_.kind == OriginKind::url)
            needed.push_back({"curl", "curl"});
        if (is_signed_)
            needed.push_back({"gpgv", "gpgv"});
        if (auto decompressor = decompressor_of(origin_.path.filename().string()); !decompressor.program.empty())
            needed.push_back(std::move(decompressor));
        return needed;
    }

    // In a dry run, the version is guessed from the tarball's name.
    Result<void> identify() override
    {
        if (origin_.kind == OriginKind::url)
            TRY(download_it());
        const bool foreseen = env_.dry_run() && !env_.files.exists(origin_.path);
        facts_.identity = foreseen ? "DIGEST" : TRY(sha256_of_file(env_.runner, origin_.path));
        facts_.stem = stem_of_users_trees(origin_.name, facts_.identity);
        TRY(lock());
        // Which tarball, with its whole digest, was found good with which keyring.
        const auto stamp = with_suffix(facts_.stem, ".verified");
        std::string trust;
        if (is_signed_) {
            trust = fmt::format("{} {}\n", facts_.identity, TRY(sha256_of_text(env_.runner, origin_.keyring_data)));
            verified_ = env_.files.read(stamp).value_or(std::string()) == trust;
        }
        if (const auto version = version_of_earlier_tree(); version && verified_ == is_signed_) {
            take_version(*version);
            return {};
        }
        verified_ = false;
        TRY(unpack());
        if (env_.dry_run()) {
            take_version(version_in_name(origin_.name));
            return {};
        }
        if (verified_)
            TRY(env_.files.write(stamp, trust));
        facts_.version = facts_.kernel;
        return {};
    }

    [[nodiscard]] nlohmann::ordered_json metadata() const override
    {
        return {{"kind", name_of(origin_.kind)},
                {"origin", origin_.text},
                {"version", facts_.version},
                {"identity", facts_.identity},
                {"verified", verified_}};
    }

    [[nodiscard]] HookedSource for_hooks() const override { return {origin_.text, {}}; }
    [[nodiscard]] bool is_of_its_kind(const std::string &tree) const override { return is_users_tree(tree); }

  private:
    Result<void> download_it()
    {
        const auto lock = TRY(env_.files.lock(tree_lock_file(origin_.path.parent_path()), "the download"));
        // The small file first: without it the large one is of no use.
        if (is_signed_)
            TRY(download(env_, origin_.signature_url, "the signature of " + origin_.text,
                         signature_names(origin_.path).front()));
        return download(env_, origin_.url, origin_.text, origin_.path);
    }

    // Any tree that was unpacked from it before has it.
    std::optional<KernelVersion> version_of_earlier_tree()
    {
        const auto stem = facts_.stem.filename().string() + "-";
        for (const auto &name : env_.files.list(source_cache()).value_or(std::vector<std::string>())) {
            const auto tree = source_cache() / name;
            if (!name.starts_with(stem) || name.ends_with(".partial") || !env_.files.is_directory(tree))
                continue;
            if (const auto version = kernel_version_of(env_.files, tree, name))
                return *version;
        }
        return std::nullopt;
    }

    void take_version(const KernelVersion &version)
    {
        facts_.series = version;
        facts_.version = facts_.kernel = version.text();
    }

    // Decompressed once: the bytes that are verified are those that are unpacked. A damaged download must not be used
    // again.
    Result<void> fetch_tree(const std::filesystem::path &work) override
    {
        const auto unpack_it = [&]() -> Result<void> {
            const auto tar = TRY(decompress(env_, origin_.path, work));
            if (is_signed_)
                TRY(expect_good_signature(tar, work));
            else
                say(fmt::format("note: {} is UNVERIFIED: nobody vouches for what is in it", origin_.text));
            return unpack_tarball(env_.runner, tar, work / "tree");
        };
        auto unpacked = unpack_it();
        if (!unpacked && origin_.kind == OriginKind::url && unpacked.error().kind == ErrorKind::damaged)
            static_cast<void>(env_.files.remove_all(origin_.path.parent_path()));
        return unpacked;
    }

    Result<void> expect_good_signature(const std::filesystem::path &tar, const std::filesystem::path &work)
    {
        const auto signature = TRY(find_signature());
        const auto keyring = work / "keyring.gpg";
        TRY(env_.files.write(keyring, origin_.keyring_data));
        if (env_.dry_run()) {
            TRY(env_.runner.run_ok(signature_command(keyring, signature, tar)));
            return {};
        }
        TRY(check_signature(env_.runner, keyring, signature, tar, {origin_.text, origin_.keyring.string()}));
        verified_ = true;
        say(fmt::format("the signature of {} is good", origin_.text));
        return {};
    }

    Result<std::filesystem::path> find_signature()
    {
        const auto names = signature_names(origin_.path);
        for (const auto &name : names) {
            if (env_.files.exists(name))
                return name;
        }
        if (env_.dry_run())
            return names.front();
        return failure(fmt::format("{} has no signature: there is no {}", origin_.text, names.front().string()),
                       "fetch it from where the tarball is from, or build with --unverified");
    }

    SourceOrigin origin_;
    bool is_signed_;
    bool verified_ = false; // by its signature
};

} // namespace

std::unique_ptr<Source> tarball_source(const Env &env, SourceOrigin origin)
{
    return std::make_unique<TarballSource>(env, std::move(origin));
}

} // namespace krun
