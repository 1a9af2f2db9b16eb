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

// `object` with the key "schema" first.
nlohmann::ordered_json with_schema(const nlohmann::ordered_json &object);

// To stdout, with the schema; an indent of -1: on one line. Never throws: main() reports what could not be written.
void print_json(const nlohmann::ordered_json &object, int indent = 2);

// Does `work` as a dry run, and prints its steps: one a line, or as an object.
void show_steps(const Env &env, bool json, const std::function<void(const Env &)> &work);

// The object of a command that failed: what it has found out before, and the error. `command` may be empty.
nlohmann::ordered_json error_json(const std::string &command, const nlohmann::ordered_json &found, const Error &error,
                                  int status);

// Whether `--json` is among these words. A word "--" ends the options.
bool asks_for_json(int argc, const char *const *argv);

} // namespace krun
