// SPDX-License-Identifier: MIT
// A kernel source that can be built: Debian's package of a line, a folder, a tarball.
//
// Theory: the three differ in what identifies them and in how one comes by their tree; from there on all is the same.
// Which hooks fit depends on the version, and a tarball's version is known only once it is unpacked: identify() may
// leave the tree unpacked already. It waits in a work folder, unpatched, until prepare_tree() gives it its name.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hooks/apply_hooks.hpp"
#include "source/kernel_line.hpp"
#include "source/kernel_tree.hpp"
#include "source/source_origin.hpp"
#include "source/tree_cache.hpp"
#include "util/env.hpp"

namespace krun
{

// What identify() finds out.
struct SourceFacts {
    std::string text;                    // for people: "linux-source-6.12 6.12.117-1", a path, a URL
    std::string identity;                // tells it from every other: a version of a package, a commit, a SHA-256
    std::string version;                 // of the package, or of the kernel
    std::string kernel;                  // the kernel's, "6.12.117"; in a dry run as far as it is known
    std::optional<KernelVersion> series; // likewise; none of Debian's packages, whose line says it
    std::filesystem::path stem;          // what the names of its trees begin with
};

class Source
{
  public:
    explicit Source(const Env &env) : env_(env) {}
    Source(const Source &) = delete;
    Source &operator=(const Source &) = delete;
    virtual ~Source();

    // What it takes to come by it.
    [[nodiscard]] virtual std::vector<NeededProgram> programs() const = 0;
    // Completes the facts, with what has to be downloaded for that.
    virtual Result<void> identify() = 0;
    [[nodiscard]] const SourceFacts &facts() const { return facts_; }
    // Of metadata.json.
    [[nodiscard]] virtual nlohmann::ordered_json metadata() const = 0;
    // As it is called where a hook does not fit.
    [[nodiscard]] virtual HookedSource for_hooks() const = 0;
    // Whether a tree in the cache, by its name, is from a source of this kind: of those, only the last ones are kept.
    [[nodiscard]] virtual bool is_of_its_kind(const std::string &tree) const = 0;

    // Its tree, as it came, is in tree() afterwards. Done only once.
    Result<void> unpack();
    [[nodiscard]] std::filesystem::path tree() const { return work_folder(facts_.stem) / "tree"; }
    [[nodiscard]] bool is_unpacked() const { return unpacked_; }
    // The tree has been taken, or is not needed. Lets others use the source.
    void let_go();

  protected:
    // To `work`/tree, which is there.
    virtual Result<void> fetch_tree(const std::filesystem::path &work) = 0;
    // No other krunctl unpacks this source. Held until let_go().
    Result<void> lock();

    Env env_;
    SourceFacts facts_;

  private:
    std::optional<FileLock> lock_;
    bool unpacked_ = false;
};

// What `request` names, or else the package of `line`. An Error for what is wrong without looking at the network.
Result<std::unique_ptr<Source>> make_source(const Env &env, const SourceRequest &request, const KernelLine &line);

// The kinds that it has to choose from.
std::unique_ptr<Source> debian_source(const Env &env, const KernelLine &line);
std::unique_ptr<Source> folder_source(const Env &env, SourceOrigin origin);
std::unique_ptr<Source> tarball_source(const Env &env, SourceOrigin origin);

// What of our clone goes into a tree, as SHA-256.
struct OwnFiles {
    std::string hooks;   // all of them
    std::string overlay; // kernel/krun

    bool operator==(const OwnFiles &) const = default;
};

// For a line, which prefers its own hooks.
Result<OwnFiles> hash_own_files(const Env &env, const std::string &line, const std::filesystem::path &data);

// The name of a tree in the cache: one for each source and set of hooks.
std::filesystem::path tree_folder(const Source &source, const OwnFiles &own);

struct TreeRequest {
    std::filesystem::path data;
    std::filesystem::path tree;
    std::string series;                 // whose hooks are preferred
    std::function<void()> before_apply; // called when all is fetched, and changing the tree begins
};

// Makes the tree if it is missing, and updates our own files in it. Returns which hooks it has, as as_json() has it.
Result<nlohmann::ordered_json> prepare_tree(const Env &env, Source &source, const TreeRequest &request);

} // namespace krun
