// SPDX-License-Identifier: MIT
// krunctl stat: counters around a command, and whether it was disturbed.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <wordexp.h>

#include <fmt/format.h>

#include "commands/command.hpp"
#include "commands/json_report.hpp"
#include "commands/options.hpp"
#include "host/counter_session.hpp"
#include "host/host.hpp"
#include "host/run_verdict.hpp"
#include "report/stat_report.hpp"
#include "util/own_process.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr unsigned pairs_to_compare = 10;
// As env(1) and timeout(1) have it.
constexpr int not_executable = 126;
constexpr int not_found = 127;

struct StatOptions {
    std::vector<std::string> command;
    std::string other; // words of the second command
    std::string cpus;
    std::string pin;
    std::string control;
    std::string output;
    std::string format = "text";
    std::string way;
    std::string fail_on;
    unsigned runs = 0; // 0: not given
    bool json = false;
};

const std::map<int, const char *> reasons_of_wordexp = {
    {0, "it is empty"},
    {WRDE_BADCHAR, "it has a newline or one of | & ; < > ( ) { }, which need a shell"},
    {WRDE_BADVAL, "it uses a variable that is not set"},
    {WRDE_CMDSUB, "it has a command substitution, which needs a shell"},
    {WRDE_SYNTAX, "it has an unmatched quote or bracket"},
    {WRDE_NOSPACE, "it is too long"}};

// Words as a shell makes them, without running anything.
std::vector<std::string> shell_words(const std::string &text)
{
    wordexp_t words{};
    std::vector<std::string> all;
    const int error = wordexp(text.c_str(), &words, WRDE_NOCMD | WRDE_UNDEF);
    for (std::size_t i = 0; error == 0 && i < words.we_wordc; i++)
        all.emplace_back(words.we_wordv[i]);
    if (error == 0)
        wordfree(&words);
    if (all.empty())
        throw UserError(usage_error(
            fmt::format("--compare: \"{}\" is not a command: {}", printable(text), reasons_of_wordexp.at(error)),
            "give one command in quotes; if it needs a shell: --compare \"sh -c '...'\""));
    return all;
}

krunc::Session open_session(Host &host, const StatOptions &options)
{
    krunc::Options wanted;
    const auto way = way_named(options.way); // or any
    wanted.ways = way ? 1u << *way : 0;
    wanted.counters = KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES | KRUNC_INSTRUCTIONS | KRUNC_SMI | KRUNC_INTERRUPTS |
                      KRUNC_SWITCHES | KRUNC_THERMAL | KRUNC_PACKAGE_THERMAL | KRUNC_CLOCK;
    wanted.flags = KRUNC_PROC_INTERRUPTS | KRUNC_NO_CALIBRATION;
    if (!options.cpus.empty()) {
        const auto cpus = cpu_list_value("--cpus", options.cpus);
        unwrap(expect_possible(host, cpus));
        for (const int cpu : cpus)
            wanted.cpus.add(static_cast<unsigned>(cpu));
    }
    raise_open_file_limit();
    auto session = krunc::Session::open(wanted);
    if (!session)
        throw UserError(cannot_read(way.value_or(KRUNC_WAY_TSC), -session.error().number()));
    return std::move(*session);
}

class Measurer
{
  public:
    Measurer(const StatOptions &options, Context &context)
        : files_(context.files), host_(context.runner), session_(open_session(host_, options)),
          energy_(find_energy_events(context.files))
    {
        if (!options.pin.empty())
            pin_ = cpu_list_value("--pin", options.pin);
        if (!options.control.empty())
            control_ = unwrap(ControlChannel::open(options.control));
    }

    // False when no other run should follow.
    bool run(StatCommand &command)
    {
        auto run =
            measure_command({command.arguments, pin_}, files_, session_, energy_, control_ ? &*control_ : nullptr);
        if (!run && run.error().code == ExitCode::interrupted && has_run_)
            return false;
        if (!run)
            throw UserError(run.error());
        has_run_ = true;
        StatRun one{std::move(*run), {}};
        if (one.run.not_run) {
            failure_ =
                fmt::format("cannot run {}: {}", printable(command.arguments.front()), std::strerror(*one.run.not_run));
            say("error: " + failure_);
            status_ = *one.run.not_run == ENOENT ? not_found : not_executable;
            return false;
        }
        one.verdict = judge_run(session_.facts(), one.run);
        status_ = one.run.status;
        command.runs.push_back(std::move(one));
        return status_ == 0 && !interrupt_requested();
    }

    [[nodiscard]] int status() const { return status_; }                  // of the last run
    [[nodiscard]] const std::string &failure() const { return failure_; } // why it was not run
    [[nodiscard]] const krunc_facts &facts() const { return session_.facts(); }
    [[nodiscard]] int energy_error() const { return energy_.error(); }

  private:
    Filesystem &files_;
    SystemHost host_;
    krunc::Session session_;
    Energy energy_;
    std::vector<int> pin_;
    std::optional<ControlChannel> control_;
    bool has_run_ = false;
    int status_ = 0;
    std::string failure_;
};

// In turn, so that whatever drifts drifts for both.
void measure(Measurer &measurer, unsigned runs, StatResult &result)
{
    for (unsigned i = 0; i < runs; i++) {
        if (!measurer.run(result.command) || (result.other && !measurer.run(*result.other)))
            return;
    }
}

std::optional<krunc_verdict_kind> kind_named(const std::string &name)
{
    for (const auto kind : {KRUNC_TICKING, KRUNC_UNDECIDED, KRUNC_DISTURBED}) {
        if (name == krunc_verdict_name(kind))
            return kind;
    }
    return {};
}

// A status of 1 may as well be the command's: the message, or the JSON, says which it is.
void fail_by_verdict(Context &context, const StatOptions &options, const StatResult &result)
{
    const auto runs = result.fail_on ? failed_runs(result, *result.fail_on) : FailedRuns{};
    if (context.guest_status != 0 || runs.failed == 0)
        return;
    context.guest_status = static_cast<int>(ExitCode::answer_is_no);
    const bool would_spoil_json = options.json && options.output.empty();
    if (!would_spoil_json)
        say(fmt::format("exit status 1: {} of {} run{} {} or worse, or without a verdict (--fail-on {})", runs.failed,
                        runs.all, runs.all == 1 ? "" : "s", options.fail_on, options.fail_on));
}

void stat(Context &context, const StatOptions &options)
{
    if (!options.output.empty())
        unwrap(context.files.check_writable(options.output)); // not after an hour's run
    StatResult result;
    result.command.arguments = options.command;
    if (!options.other.empty())
        result.other = StatCommand{shell_words(options.other), {}};
    Measurer measurer(options, context);
    const unsigned usual = result.other ? pairs_to_compare : 1;
    measure(measurer, options.runs != 0 ? options.runs : usual, result);
    context.guest_status = measurer.status();
    if (result.command.runs.empty()) {
        if (options.json)
            print_json(
                error_json("stat", nullptr, {ExitCode::failure, measurer.failure(), {}, {}}, context.guest_status));
        return;
    }
    result.facts = measurer.facts();
    result.energy_error = measurer.energy_error();
    result.fail_on = kind_named(options.fail_on);
    const auto text = options.json
                          ? stat_json(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                      : options.format == "rebench" ? rebench_log(result)
                                                    : stat_report(result);
    if (options.output.empty())
        std::fputs(text.c_str(), stderr);
    else
        unwrap(context.files.write(options.output, text));
    fail_by_verdict(context, options, result);
}

} // namespace

void add_stat_command(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand("stat", "Count around a command, and judge whether it was disturbed");
    command->footer("Exit status: the command's own, or see krunctl-stat(1)");
    auto options = std::make_shared<StatOptions>();
    command->add_option("COMMAND", options->command, "Run and measure this, with its arguments after --")->required();
    refuse_empty(value_option(command, "--cpus", "LIST", options->cpus, "Count on these CPUs, as in 0,2-5"))
        ->default_str("all online CPUs");
    refuse_empty(value_option(command, "--pin", "LIST", options->pin,
                              "Bind the command to these CPUs, which the verdict is about"));
    accept_range(value_option(command, "-r,--runs", "N", options->runs, "Run the command N times"), 1U, 100000U)
        ->default_str("1, with --compare 10");
    auto *compare = refuse_empty(value_option(command, "--compare", "COMMAND", options->other,
                                              "Run this, in quotes, alternately with the first command"));
    refuse_empty(
        value_option(command, "--control", "CHANNEL", options->control,
                     "Count only between \"enable\" and \"disable\" on fifo:COMMANDS[,ACKS] or fd:NUMBER[,NUMBER]"));
    accept_choices(value_option(command, "--way", "WAY", options->way, "Read the counters in this way only"),
                   way_names())
        ->default_str("the best that is available");
    accept_choices(
        value_option(command, "--fail-on", "VERDICT", options->fail_on,
                     "Exit with 1 if the command succeeds, but a run has this verdict, a worse one, or none"),
        {"ticking", "undecided", "disturbed"});
    refuse_empty(
        value_option(command, "--output", "FILE", options->output, "Write the report to this file instead of stderr"));
    auto *format = accept_choices(value_option(command, "--format", "FORMAT", options->format,
                                               "Report as text, or in lines for ReBench's RebenchLog"),
                                  {"text", "rebench"})
                       ->capture_default_str();
    format->excludes(compare); // ReBench looks at no names: it would take both commands for one
    command->add_flag("--json", options->json, "Report as one JSON object")->excludes(format);
    command->callback([&context, options] { stat(context, *options); });
}

} // namespace krun
