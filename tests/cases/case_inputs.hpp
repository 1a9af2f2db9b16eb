// SPDX-License-Identifier: MIT
// Everything that decides how a case ends, as one digest.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "machine/virtual_machine.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

class CaseInputs
{
  public:
    CaseInputs &add(const std::string &text);
    CaseInputs &add_file(const std::filesystem::path &file); // its bytes
    // What the guest is, what runs in it, and what every guest has: krunctl, its first process, QEMU.
    CaseInputs &add_guest(const MachineRequest &guest);

    // An Error: a file cannot be read. `own_program`: the case's judge, which is an input of all.
    [[nodiscard]] Result<std::string> digest(ProcessRunner &runner, const std::filesystem::path &own_program) const;

  private:
    std::vector<std::string> texts_;
    std::vector<std::filesystem::path> files_;
    bool has_guest_ = false;
};

} // namespace krun
