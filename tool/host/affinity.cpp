// SPDX-License-Identifier: MIT
#include "host/affinity.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <sched.h>

namespace krun
{

namespace
{

constexpr int smallest_set = CPU_SETSIZE;
constexpr int largest_set = 1 << 20;

class CpuSet
{
  public:
    explicit CpuSet(int cpus) : cpus_(cpus), set_(CPU_ALLOC(static_cast<std::size_t>(cpus)))
    {
        if (set_ != nullptr)
            CPU_ZERO_S(size(), set_);
    }
    CpuSet(const CpuSet &) = delete;
    CpuSet &operator=(const CpuSet &) = delete;
    ~CpuSet() { CPU_FREE(set_); }

    [[nodiscard]] std::size_t size() const { return CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus_)); }
    cpu_set_t *get() { return set_; }
    void add(int cpu) { CPU_SET_S(static_cast<std::size_t>(cpu), size(), set_); }
    [[nodiscard]] std::vector<int> list() const
    {
        std::vector<int> cpus;
        for (int cpu = 0; cpu < cpus_; cpu++)
            if (CPU_ISSET_S(static_cast<std::size_t>(cpu), size(), set_))
                cpus.push_back(cpu);
        return cpus;
    }

  private:
    int cpus_;
    cpu_set_t *set_;
};

} // namespace

std::vector<int> allowed_cpus(int task)
{
    // EINVAL: the kernel's set is larger.
    for (int cpus = smallest_set; cpus <= largest_set; cpus *= 2) {
        CpuSet set(cpus);
        if (set.get() == nullptr)
            return {};
        if (sched_getaffinity(task, set.size(), set.get()) == 0)
            return set.list();
        if (errno != EINVAL)
            return {};
    }
    return {};
}

int allow_cpus(const std::vector<int> &cpus)
{
    if (cpus.empty() || *std::min_element(cpus.begin(), cpus.end()) < 0)
        return EINVAL;
    CpuSet set(std::max(smallest_set, *std::max_element(cpus.begin(), cpus.end()) + 1));
    if (set.get() == nullptr)
        return ENOMEM;
    for (const int cpu : cpus)
        set.add(cpu);
    return sched_setaffinity(0, set.size(), set.get()) == 0 ? 0 : errno;
}

bool runs_on_nothing_but(int cpu) { return sched_getcpu() == cpu && allowed_cpus() == std::vector<int>{cpu}; }

} // namespace krun
