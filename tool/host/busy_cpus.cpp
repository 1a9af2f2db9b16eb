// SPDX-License-Identifier: MIT
#include "host/busy_cpus.hpp"

#include <cerrno>
#include <latch>
#include <system_error>

#include "host/affinity.hpp"

namespace krun
{

BusyCpus::BusyCpus(const std::vector<int> &cpus)
{
    // Shared: the last thread to arrive may still be inside it when this constructor has returned.
    const auto arrived = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(cpus.size()));
    for (const int cpu : cpus) {
        workers_.push_back(std::make_unique<Worker>(cpu));
        Worker &worker = *workers_.back();
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
    for (const auto &worker : workers_) {
        if (worker->thread.joinable())
            worker->thread.join();
        if (worker->error != 0)
            idle_[worker->cpu] = worker->error;
    }
    return idle_;
}

PinnedThread::PinnedThread(const std::vector<int> &cpus) : previous_(allowed_cpus()), error_(allow_cpus(cpus)) {}

PinnedThread::~PinnedThread()
{
    if (error_ == 0)
        allow_cpus(previous_);
}

} // namespace krun
