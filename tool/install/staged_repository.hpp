// SPDX-License-Identifier: MIT
// A repository that is changed as a whole or not at all.
//
// Theory: reprepro writes its database, its pool and its index one after the other, and leaves what it has done when it
// then stumbles. So it works on a copy, whose packages are links to the same files, in a folder of the repository's
// own; the copy takes the original's place when everything is in it, part by part: a machine that fetches meanwhile
// finds every file that its index names. Before the first part, a list of them is on the disk; where there is one, the
// next publish completes what was cut short before it begins with its own.
#pragma once

#include <filesystem>

#include "util/env.hpp"
#include "util/file_lock.hpp"

namespace krun
{

class StagedRepository
{
  public:
    // Copies the repository in `folder`, or begins one there. One publish at a time works on it.
    static Result<StagedRepository> make(const Env &env, const std::filesystem::path &folder);
    StagedRepository(StagedRepository &&other) noexcept;
    StagedRepository &operator=(StagedRepository &&) = delete;
    StagedRepository(const StagedRepository &) = delete;
    StagedRepository &operator=(const StagedRepository &) = delete;
    ~StagedRepository(); // without commit(), all is as it was; when that has failed half-way, the next one goes on with
                         // it

    [[nodiscard]] std::filesystem::path path() const;
    // What machines fetch can be read by everybody then, whatever our umask is.
    Result<void> commit();

    // Files of ours beside the repository, which are no part of it.
    static bool is_own_name(const std::string &name) { return name.starts_with(".krun-publish"); }

  private:
    // What the folder was when we came.
    struct Before {
        bool missing;
        bool bare; // there was nothing in it but files of ours
    };
    StagedRepository(const Env &env, std::filesystem::path folder, Before before, FileLock lock)
        : env_(env), folder_(std::move(folder)), before_(before), lock_(std::move(lock))
    {
    }
    Result<void> expect_no_other_reprepro();
    Result<void> copy();
    Result<void> let_everybody_read();
    Result<void> add_new_packages();
    Result<void> add_package(const std::filesystem::path &fresh, const std::filesystem::path &target);
    Result<void> put_in_place(const std::string &name);
    // Of all parts on the list.
    Result<void> complete();

    Env env_;
    std::filesystem::path folder_; // empty: moved away
    Before before_;
    enum class State { copying, committing, done } state_ = State::copying;
    FileLock lock_;
};

} // namespace krun
