// SPDX-License-Identifier: MIT
#include "transcript.hpp"

#include <cstdio>
#include <fmt/format.h>

namespace krun
{

Transcript::Transcript(std::string name, const std::filesystem::path &file)
    : name_(std::move(name)), path_(file), file_(file, std::ios::trunc)
{
}

void Transcript::step(const std::string &text)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_).count();
    const std::string line = fmt::format("e2e: {} {:4} s: {}\n", name_, seconds, text);
    file_ << "\n== " << line << std::flush;
    std::fputs(line.c_str(), stdout);
    std::fflush(stdout);
}

void Transcript::command(const std::string &script) { file_ << "# " << script << "\n" << std::flush; }

void Transcript::text(const std::string &text)
{
    file_ << text << (text.empty() || text.back() == '\n' ? "" : "\n") << std::flush;
}

} // namespace krun
