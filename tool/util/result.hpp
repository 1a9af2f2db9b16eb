// SPDX-License-Identifier: MIT
// Recoverable errors are values. Every function that can fail for a reason outside the program
// returns Result<T>; only commands turn an Error into the UserError exception that main() catches.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace krun
{

// The exit codes of krunctl; scripts depend on them.
enum class ExitCode {
    done = 0,
    answer_is_no = 1,
    usage = 2,
    host_lacks = 3,
    failure = 4,
    interrupted = 130,
};

// What a caller may want to know of a failure, besides its exit code. Messages are for people: no code looks into them.
enum class ErrorKind {
    other,
    damaged, // what was read is not what it should be: fetching it again may help
    no_space,
};

struct Error {
    ExitCode code = ExitCode::failure;
    std::string message; // one line, no trailing full stop
    std::string hint;    // the remedy; empty if none is known
    std::string log;     // path of the full log; empty when there is none
    ErrorKind kind = ErrorKind::other;
};

template <class T> using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> failure(std::string message, std::string hint = {}, std::string log = {})
{
    return tl::unexpected<Error>(Error{ExitCode::failure, std::move(message), std::move(hint), std::move(log)});
}

[[nodiscard]] inline tl::unexpected<Error> damaged(std::string message, std::string hint)
{
    return tl::unexpected<Error>(Error{ExitCode::failure, std::move(message), std::move(hint), {}, ErrorKind::damaged});
}

[[nodiscard]] inline tl::unexpected<Error> no_space(std::string message, std::string hint, std::string log = {})
{
    return tl::unexpected<Error>(
        Error{ExitCode::failure, std::move(message), std::move(hint), std::move(log), ErrorKind::no_space});
}

[[nodiscard]] inline tl::unexpected<Error> usage_error(std::string message, std::string hint = {})
{
    return tl::unexpected<Error>(Error{ExitCode::usage, std::move(message), std::move(hint), {}});
}

[[nodiscard]] inline tl::unexpected<Error> refusal(std::string message, std::string hint = {})
{
    return tl::unexpected<Error>(Error{ExitCode::answer_is_no, std::move(message), std::move(hint), {}});
}

[[nodiscard]] inline tl::unexpected<Error> host_lacks(std::string message, std::string hint)
{
    return tl::unexpected<Error>(Error{ExitCode::host_lacks, std::move(message), std::move(hint), {}});
}

[[nodiscard]] inline tl::unexpected<Error> interrupted()
{
    return tl::unexpected<Error>(Error{ExitCode::interrupted, "interrupted", {}, {}});
}

// What TRY() leaves of a success: the value, or nothing.
template <class T> T value_of(Result<T> &result)
{
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

// The value of `expression`, a Result; an error is returned from the function that says it. A statement expression,
// which GCC and Clang have: nothing else can return from the middle of an expression.
#define TRY(...)                                                                                                       \
    __extension__({                                                                                                    \
        auto try_result = (__VA_ARGS__);                                                                               \
        if (!try_result)                                                                                               \
            return tl::unexpected(std::move(try_result.error()));                                                      \
        ::krun::value_of(try_result);                                                                                  \
    })

class UserError : public std::runtime_error
{
  public:
    explicit UserError(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
    explicit UserError(tl::unexpected<Error> error) : UserError(std::move(error.value())) {}
    [[nodiscard]] const Error &error() const { return error_; }

  private:
    Error error_;
};

// For commands: the value, or a UserError on its way to main().
template <class T> T unwrap(Result<T> result)
{
    if (!result)
        throw UserError(std::move(result.error()));
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

// errno as an Error. A full disk gets its own message, because the user can do something about it.

// "cannot <what> <path>: <reason>", or "no space left on <path's file system>".
[[nodiscard]] tl::unexpected<Error> system_failure(std::string_view what, const std::filesystem::path &path,
                                                   int error_number);
// As it stands in the output of the programs that we run.
bool tells_of_full_disk(std::string_view output);
[[nodiscard]] tl::unexpected<Error> full_disk(const std::string &where, const std::string &log = {});

} // namespace krun
