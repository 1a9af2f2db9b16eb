// SPDX-License-Identifier: MIT
// One kernel line in a test run: its kernel, built once however many tiers need it, and how far the line came.
#pragma once

#include <functional>
#include <optional>

#include "build/kernel_build.hpp"
#include "report/line_status.hpp"
#include "source/kernel_line.hpp"
#include "testing/guest_run.hpp"
#include "testing/proof.hpp"
#include "testing/tally.hpp"

namespace krun
{

class LineRun
{
  public:
    using Builder = std::function<Result<BuiltKernel>(const BuildRequest &)>;
    LineRun(Filesystem &files, KernelLine line, Builder build);

    [[nodiscard]] const std::string &name() const { return line_.name; }
    [[nodiscard]] const KernelLine &line() const { return line_; }
    [[nodiscard]] const LineStatus &status() const { return status_; }

    // The first call builds, and counts in `tally` how far that came. Null: it cannot be built. Only an interruption is
    // an Error.
    Result<const BuiltKernel *> kernel(Tally &tally);
    [[nodiscard]] bool is_wanted() const { return built_.has_value(); } // some tier asked for the kernel
    // The kernel was wanted and could not be built: nothing more can be learnt of this line.
    [[nodiscard]] bool is_hopeless() const { return built_ && !*built_; }

    // What the guests showed; each is a test in `tally`.
    void judge_boot(const Result<GuestRun> &uname, Tally &tally);
    void judge_selftests(const Result<Tally> &selftests, Tally &tally);
    void judge_tickless(const Result<GuestRun> &check, Tally &tally); // of `krunctl check --json`

    // What may be put on record; nothing unless every stage went well.
    [[nodiscard]] std::optional<Proof> proof(const std::string &date) const;

  private:
    void note(Outcome LineStatus::*stage, bool good, const std::string &why, Tally &tally);
    void judge_build(std::optional<BuildStage> last, Tally &tally);

    Filesystem &files_;
    KernelLine line_;
    Builder build_;
    LineStatus status_;
    std::optional<Result<BuiltKernel>> built_;
    Proof proof_;
};

} // namespace krun
