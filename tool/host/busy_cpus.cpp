// SPDX-License-Identifier: MIT

#include "host/busy_cpus.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <latch>
#include <memory>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

#include "host/cpu_sets.hpp"
#include "util/filesystem.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// Two descriptors: what is written to the first is read from the second.
using Ends = std::array<int, 2>;
constexpr Ends no_ends = {-1, -1};

Ends pipe_ends()
{
    Ends ends = no_ends;
    return pipe2(ends.data(), O_CLOEXEC) == 0 ? Ends{ends[1], ends[0]} : no_ends;
}

// Over the loopback device; without one, a local pair.
Ends socket_ends()
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto *generic = reinterpret_cast<sockaddr *>(&address);
    const int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    Ends ends = no_ends;
    if (listening >= 0 && bind(listening, generic, size) == 0 && listen(listening, 1) == 0 &&
        getsockname(listening, generic, &size) == 0) {
        ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(ends[0], generic, size) == 0)
            ends[1] = accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
    }
    if (ends[1] < 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return no_ends;
    return ends;
}

[[noreturn]] void compute()
{
    for (;;)
        asm volatile("" ::: "memory");
}

// What a call returns does not matter: one that fails has entered the kernel, too.
[[noreturn]] void call()
{
    constexpr std::size_t piece = 512;
    constexpr std::size_t mapping = std::size_t{64} << 10;
    std::array<char, piece> buffer{};
    const Ends ends[] = {pipe_ends(), socket_ends()};
    // In memory: who waits for a disk's journal sleeps, and is woken up by an interrupt.
    const int file = memfd_create(BusyTask::name, MFD_CLOEXEC);
    for (;;) {
        const int proc = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
        static_cast<void>(read(proc, buffer.data(), buffer.size()));
        close(proc);
        void *memory = mmap(nullptr, mapping, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory != MAP_FAILED) {
            *static_cast<volatile char *>(memory) = 1;
            munmap(memory, mapping);
        }
        static_cast<void>(pwrite(file, buffer.data(), buffer.size(), 0));
        for (const auto &[in, out] : ends)
            if (in >= 0 && write(in, buffer.data(), buffer.size()) > 0)
                static_cast<void>(read(out, buffer.data(), buffer.size()));
    }
}

[[noreturn]] void run(int cpu, Load load, int answer)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, BusyTask::name);
    const int error = allow_cpus({cpu});
    if (write(answer, &error, sizeof(error)) != sizeof(error) || error != 0)
        _exit(1);
    close(answer);
    if (load == Load::computes)
        compute();
    call();
}

} // namespace

BusyCpus::BusyCpus(const std::vector<int> &cpus)
{
    // Shared: the last thread to arrive may still be inside it when this constructor has returned.
    const auto arrived = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(cpus.size()));
    for (const int cpu : cpus) {
        Worker &worker = workers_.emplace_back(cpu);
        try {
            worker.thread = std::thread([this, &worker, arrived] {
                worker.error = allow_cpus({worker.cpu});
                arrived->count_down();
                if (worker.error != 0)
                    return;
                while (!stop_.load(std::memory_order_relaxed)) {
                }
                // A CPU that goes offline breaks the pinning, and it stays broken.
                if (!runs_on_nothing_but(worker.cpu))
                    worker.error = ENXIO;
            });
        } catch (const std::system_error &error) {
            worker.error = error.code().value();
            arrived->count_down();
        }
    }
    arrived->wait();
}

BusyCpus::~BusyCpus() { stop(); }

const std::map<int, int> &BusyCpus::stop()
{
    stop_ = true;
    for (Worker &worker : workers_) {
        if (worker.thread.joinable())
            worker.thread.join();
        if (worker.error != 0)
            idle_[worker.cpu] = worker.error;
    }
    return idle_;
}

PinnedThread::PinnedThread(const std::vector<int> &cpus) : previous_(allowed_cpus()), error_(allow_cpus(cpus)) {}

PinnedThread::~PinnedThread()
{
    if (error_ == 0)
        allow_cpus(previous_);
}

Result<BusyTask> BusyTask::start(int cpu, Load load)
{
    Pipe answer;
    if (!make_pipe(answer))
        return failure(fmt::format("no pipe: {}", std::strerror(errno)));
    const pid_t pid = fork();
    if (pid < 0)
        return failure(fmt::format("no process: {}", std::strerror(errno)));
    if (pid == 0)
        run(cpu, load, answer.write_end.get());
    answer.write_end.reset();
    BusyTask task(pid, cpu);
    int error = 0;
    if (!read_message(answer.read_end.get(), &error, sizeof(error)))
        error = EIO;
    if (error != 0)
        return failure(fmt::format("this program may not run on CPU {}: {}", cpu, std::strerror(error)));
    return task;
}

bool BusyTask::is_there() const
{
    const auto status = SystemFilesystem().read(fmt::format("/proc/{}/status", pid())).value_or("");
    return field_of(status, "Cpus_allowed_list") == fmt::format("{}", cpu_);
}

} // namespace krun
