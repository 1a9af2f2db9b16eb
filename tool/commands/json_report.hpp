// SPDX-License-Identifier: MIT
// What --json prints: one object, which has the version of its schema first, also when the command fails.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "util/env.hpp"
#include "util/result.hpp"

namespace krun
{

inline constexpr int json_schema = 1;

// `object` with the key "schema" first.
nlohmann::ordered_json with_schema(const nlohmann::ordered_json &object);
void print_json(const nlohmann::ordered_json &object);

// Does `work` as a dry run, and prints its steps: one a line, or as an object.
void show_steps(const Env &env, bool json, const std::function<void(const Env &)> &work);

// The object of a command that failed: what it has found out before, and the error. `command` may be empty.
nlohmann::ordered_json error_json(const std::string &command, const nlohmann::ordered_json &found, const Error &error,
                                  int status);

// To stdout. Never throws: stderr has the error, too.
void print_error_json(const nlohmann::ordered_json &object, bool on_one_line);

// Whether `--json` is among these words. A word "--" ends the options.
bool asks_for_json(int argc, const char *const *argv);

} // namespace krun
