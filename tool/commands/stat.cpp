// SPDX-License-Identifier: MIT
// krunctl stat: counters around a command, and whether it was disturbed.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <wordexp.h>

#include <fmt/format.h>

#include "commands/command.hpp"
#include "host/counter_session.hpp"
#include "host/cpu_list.hpp"
#include "host/run_verdict.hpp"
#include "report/stat_report.hpp"
#include "util/interrupt.hpp"
#include "util/progress.hpp"
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

std::vector<int> cpus_of(const std::string &option, const std::string &text)
{
    auto cpus = text.empty() ? std::optional(std::vector<int>()) : parse_cpu_list(text);
    if (!cpus || (!text.empty() && cpus->empty()))
        throw UserError(
            Error{ExitCode::usage, fmt::format("{}: {} is no list of CPUs", option, text), "write it as in 0,2-3", {}});
    std::sort(cpus->begin(), cpus->end());
    cpus->erase(std::unique(cpus->begin(), cpus->end()), cpus->end());
    return *cpus;
}

const char *reason_of(int error)
{
    switch (error) {
    case WRDE_BADCHAR:
        return "a character that only a shell can handle: | & ; < > ( ) { } or a line's end";
    case WRDE_BADVAL:
        return "a variable that is not set";
    case WRDE_CMDSUB:
        return "a command inside the command";
    case WRDE_SYNTAX:
        return "a quotation mark or bracket without its counterpart";
    case WRDE_NOSPACE:
        return "too long";
    default:
        return "no word";
    }
}

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
        throw UserError(Error{ExitCode::usage,
                              fmt::format("--compare: no command in \"{}\": {}", printable(text), reason_of(error)),
                              "one command in quotes; for a shell's, --compare \"sh -c '...'\"",
                              {}});
    return all;
}

krunc::Session open_session(const StatOptions &options)
{
    krunc::Options wanted;
    const auto way = way_named(options.way); // or any
    wanted.ways = way ? 1u << *way : 0;
    wanted.counters = KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES | KRUNC_INSTRUCTIONS | KRUNC_SMI | KRUNC_INTERRUPTS |
                      KRUNC_SWITCHES | KRUNC_THERMAL | KRUNC_PACKAGE_THERMAL | KRUNC_CLOCK;
    wanted.flags = KRUNC_PROC_INTERRUPTS | KRUNC_NO_CALIBRATION;
    for (const int cpu : cpus_of("--cpus", options.cpus))
        wanted.cpus.add(static_cast<unsigned>(cpu));
    auto session = krunc::Session::open(wanted);
    if (session)
        return std::move(*session);
    const int error = -session.error().number();
    if (error == -EINVAL && !options.cpus.empty())
        throw UserError(Error{ExitCode::usage,
                              fmt::format("--cpus: not all of {} are CPUs of this machine", options.cpus),
                              "see /sys/devices/system/cpu/possible",
                              {}});
    throw UserError(
        Error{ExitCode::host_lacks,
              fmt::format("the counters cannot be read: {}", krunc_way_reason(way.value_or(KRUNC_WAY_TSC), error)),
              krunc_way_remedy(way.value_or(KRUNC_WAY_TSC), error),
              {}});
}

class Measurer
{
  public:
    Measurer(const StatOptions &options, Context &context)
        : session_(open_session(options)), energy_(find_energy_events(context.files)),
          pin_(cpus_of("--pin", options.pin))
    {
        if (!options.control.empty())
            control_ = unwrap(ControlChannel::open(options.control));
    }

    // False when no other run should follow.
    bool run(StatCommand &command)
    {
        CommandMeter meter(session_, energy_, control_ ? &*control_ : nullptr);
        auto run = meter.run({command.arguments, pin_});
        if (!run && run.error().code == ExitCode::interrupted && has_run_)
            return false;
        if (!run)
            throw UserError(run.error());
        has_run_ = true;
        StatRun one{std::move(*run), {}};
        if (one.run.not_run) {
            say(fmt::format("error: {} cannot be run: {}", printable(command.arguments.front()),
                            std::strerror(*one.run.not_run)));
            status_ = *one.run.not_run == ENOENT ? not_found : not_executable;
            return false;
        }
        one.verdict = judge_run(session_.facts(), one.run);
        status_ = one.run.status;
        command.runs.push_back(std::move(one));
        return status_ == 0 && !interrupt_requested();
    }

    [[nodiscard]] int status() const { return status_; } // of the last run
    [[nodiscard]] const krunc_facts &facts() const { return session_.facts(); }
    [[nodiscard]] int energy_error() const { return energy_.error(); }

  private:
    krunc::Session session_;
    Energy energy_;
    std::vector<int> pin_;
    std::optional<ControlChannel> control_;
    bool has_run_ = false;
    int status_ = 0;
};

// In turn, so that whatever drifts drifts for both.
void measure(Measurer &measurer, unsigned runs, StatResult &result)
{
    for (unsigned i = 0; i < runs; i++) {
        if (!measurer.run(result.command) || (result.other && !measurer.run(*result.other)))
            return;
    }
}

krunc_verdict_kind kind_named(const std::string &name)
{
    for (const auto kind : {KRUNC_TICKING, KRUNC_UNDECIDED}) {
        if (name == krunc_verdict_name(kind))
            return kind;
    }
    return KRUNC_DISTURBED;
}

bool is_failure(const StatResult &result, const std::string &fail_on)
{
    if (fail_on.empty())
        return false;
    const auto fails = [&](const StatCommand &command) {
        return std::any_of(command.runs.begin(), command.runs.end(), [&](const StatRun &one) {
            const auto kind = one.verdict.kind; // without one, nobody knows whether it was disturbed
            return !kind || severity(*kind) >= severity(kind_named(fail_on));
        });
    };
    return fails(result.command) || (result.other && fails(*result.other));
}

void give(Context &context, const StatOptions &options, const std::string &text)
{
    if (!options.output.empty())
        return unwrap(context.files.write(options.output, text));
    std::fputs(text.c_str(), stderr);
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
    if (result.command.runs.empty())
        return;
    result.facts = measurer.facts();
    result.energy_error = measurer.energy_error();
    give(context, options,
         options.json ? stat_json(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
         : options.format == "rebench" ? rebench_log(result)
                                       : stat_report(result));
    if (context.guest_status == 0 && is_failure(result, options.fail_on))
        context.guest_status = static_cast<int>(ExitCode::answer_is_no);
}

} // namespace

void add_stat_command(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand("stat", "Count around a command, and judge whether it was disturbed");
    auto options = std::make_shared<StatOptions>();
    command->add_option("command", options->command, "the command and its arguments, after --")->required();
    // As "$CPU" is when the variable has been forgotten.
    const CLI::Validator something([](const std::string &text) { return text.empty() ? "is empty" : ""; }, "");
    command->add_option("--cpus", options->cpus, "count on these CPUs, as in 0,2-3 (default: all that are online)")
        ->check(something);
    command->add_option("--pin", options->pin, "bind the command to these CPUs; its verdict is for them")
        ->check(something);
    command->add_option("-r,--runs", options->runs, "run it so many times (default: 1, with --compare 10)")
        ->check(CLI::Range(1U, 100000U));
    auto *compare =
        command->add_option("--compare", options->other, "a second command, in quotes, run in turn with the first")
            ->check(something);
    command
        ->add_option("--control", options->control,
                     "count only between \"enable\" and \"disable\" on fifo:COMMANDS[,ACKS] or fd:NUMBER[,NUMBER]")
        ->check(something);
    command->add_option("--way", options->way, "read in this way and no other")->check(CLI::IsMember(way_names()));
    command->add_option("--fail-on", options->fail_on, "exit with 1 if the worst verdict is this or worse")
        ->check(CLI::IsMember({"disturbed", "undecided", "ticking"}));
    command->add_option("--output", options->output, "write the report to this file instead of stderr")
        ->check(something);
    auto *format = command->add_option("--format", options->format, "text, or rebench: lines for ReBench's RebenchLog")
                       ->check(CLI::IsMember({"text", "rebench"}));
    format->excludes(compare); // ReBench looks at no names: it would take both commands for one
    command->add_flag("--json", options->json, "Report as one JSON object")->excludes(format);
    command->callback([&context, options] { stat(context, *options); });
}

} // namespace krun
