// SPDX-License-Identifier: MIT
// Lines of text over QEMU's end of the second serial port; the other end, testbed/disk/files/usr/local/sbin/krun-agent,
// explains them.
#include "guest_agent.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "util/own_process.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

constexpr int tick_ms = 200; // how soon Ctrl-C is noticed
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(const std::string &text)
{
    std::string encoded;
    for (std::size_t at = 0; at < text.size(); at += 3) {
        unsigned bits = 0;
        for (std::size_t k = 0; k < 3; ++k)
            bits = bits << 8U | (at + k < text.size() ? static_cast<unsigned char>(text[at + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            encoded += at + k <= text.size() ? alphabet[bits >> (18 - 6 * k) & 63U] : '=';
    }
    return encoded;
}

std::string decoded(const std::string &text)
{
    std::string bytes;
    unsigned bits = 0;
    int held = 0;
    for (const char c : text) {
        const auto value = alphabet.find(c);
        if (value == std::string_view::npos)
            break;
        bits = bits << 6U | static_cast<unsigned>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes += static_cast<char>(bits >> static_cast<unsigned>(held) & 0xffU);
        }
    }
    return bytes;
}

} // namespace

void GuestAgent::wait(short events, Clock::time_point deadline)
{
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    std::array<pollfd, 2> waits{{{qemu_.line(), events, 0}, {qemu_.ended(), POLLIN, 0}}};
    if (poll(waits.data(), waits.size(), static_cast<int>(std::clamp<long>(left, 0, tick_ms))) > 0)
        stopped_ = waits[1].revents != 0;
    if (interrupt_requested()) {
        qemu_.kill();
        stopped_ = true;
    }
}

std::optional<std::string> GuestAgent::next_line(Clock::time_point deadline)
{
    for (;;) {
        if (const auto end = received_.find('\n'); end != std::string::npos) {
            const std::string line = trim(received_.substr(0, end));
            received_.erase(0, end + 1);
            if (const auto words = words_of(line); words.size() == 2 && words[0] == "event") {
                if (on_event)
                    on_event(words[1]);
                continue;
            }
            return line;
        }
        std::array<char, 4096> piece{};
        const ssize_t got = read(qemu_.line(), piece.data(), piece.size());
        if (got > 0) {
            received_.append(piece.data(), static_cast<std::size_t>(got));
            continue;
        }
        if (stopped_ || Clock::now() >= deadline)
            return std::nullopt;
        wait(POLLIN, deadline);
    }
}

bool GuestAgent::send(const std::string &text, Clock::time_point deadline)
{
    std::size_t sent = 0;
    while (sent < text.size() && !stopped_ && Clock::now() < deadline) {
        const ssize_t now = write(qemu_.line(), text.data() + sent, text.size() - sent);
        if (now > 0)
            sent += static_cast<std::size_t>(now);
        else
            wait(POLLOUT, deadline);
    }
    return sent == text.size();
}

AgentEnd GuestAgent::wait_for_greeting(std::chrono::seconds limit)
{
    const auto deadline = Clock::now() + limit;
    while (!greeted_) {
        const auto line = next_line(deadline);
        if (!line)
            return stopped_ ? AgentEnd::stopped : AgentEnd::timed_out;
        greeted_ = line->starts_with("ready ");
    }
    greeted_ = false;
    return AgentEnd::greeted;
}

AgentEnd GuestAgent::wait_for_stop(std::chrono::seconds limit)
{
    const auto deadline = Clock::now() + limit;
    while (next_line(deadline))
        ;
    return stopped_ ? AgentEnd::stopped : AgentEnd::timed_out;
}

AgentAnswer GuestAgent::run(const std::string &script, std::chrono::seconds limit)
{
    const auto deadline = Clock::now() + limit;
    AgentAnswer answer;
    const std::string number = fmt::format("{}", ++number_);
    if (send(fmt::format("run {} {}\n", number, base64(script)), deadline)) {
        while (const auto line = next_line(deadline)) {
            const auto words = words_of(*line);
            if (!words.empty() && words[0] == "ready") {
                greeted_ = true;
                answer.end = AgentEnd::greeted;
                return answer;
            }
            if (words.size() != 3 || words[1] != number)
                continue;
            if (words[0] == "output")
                answer.output += decoded(words[2]);
            if (words[0] == "status") {
                answer.end = AgentEnd::answered;
                answer.status = std::stoi(words[2]);
                return answer;
            }
        }
    }
    answer.end = stopped_ ? AgentEnd::stopped : AgentEnd::timed_out;
    return answer;
}

} // namespace krun
