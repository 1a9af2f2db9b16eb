// SPDX-License-Identifier: MIT

#include "host/cpu_sets.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fmt/format.h>
#include <iterator>
#include <memory>
#include <sched.h>
#include <string>
#include <string_view>
#include <unistd.h>

#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr int highest_cpu = 1 << 16;

std::optional<int> parse_cpu(std::string_view text)
{
    int cpu = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cpu);
    if (error != std::errc{} || end != text.data() + text.size() || cpu < 0 || cpu > highest_cpu)
        return {};
    return cpu;
}

} // namespace

std::optional<std::vector<int>> parse_cpu_list(std::string_view text)
{
    const std::string list = trim(text);
    std::vector<int> cpus;
    if (list.empty() || list == "(null)")
        return cpus;
    for (const std::string &range : split(list, ',')) {
        const std::size_t dash = range.find('-');
        const auto first = parse_cpu(std::string_view(range).substr(0, dash));
        const auto last = dash == std::string::npos ? first : parse_cpu(std::string_view(range).substr(dash + 1));
        if (!first || !last || *last < *first)
            return {};
        for (int cpu = *first; cpu <= *last; cpu++)
            cpus.push_back(cpu);
    }
    return cpus;
}

std::string format_cpu_list(const std::vector<int> &cpus)
{
    std::string text;
    for (std::size_t i = 0; i < cpus.size();) {
        std::size_t end = i;
        while (end + 1 < cpus.size() && cpus[end + 1] == cpus[end] + 1)
            end++;
        text += text.empty() ? "" : ",";
        text += end == i ? fmt::format("{}", cpus[i]) : fmt::format("{}-{}", cpus[i], cpus[end]);
        i = end + 1;
    }
    return text.empty() ? "none" : text;
}

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

namespace
{

constexpr const char *cpus_folder = "/sys/devices/system/cpu";
constexpr const char *cgroups_folder = "/sys/fs/cgroup";

std::vector<int> list_in(Filesystem &files, const std::filesystem::path &path)
{
    const auto text = files.read(path);
    return text ? parse_cpu_list(*text).value_or(std::vector<int>()) : std::vector<int>();
}

// A group without the controller has its parent's CPUs. In a container, the path may be one of the host's.
std::vector<int> nearest_list(Filesystem &files, const std::filesystem::path &root, std::string_view group,
                              const char *name)
{
    auto path = root / std::filesystem::path(group).lexically_normal().relative_path();
    for (;; path = path.parent_path()) {
        auto cpus = list_in(files, path / name);
        if (!cpus.empty() || path == root)
            return cpus;
    }
}

// In /proc/self/cgroup, "0::/GROUP" is version 2's, and "N:cpuset:/GROUP" version 1's, which then has the controller.
std::vector<int> cpuset_of_krunctl(Filesystem &files)
{
    const std::filesystem::path root = cgroups_folder;
    const auto groups = files.read("/proc/self/cgroup");
    std::string_view unified;
    const auto lines = lines_of(groups ? *groups : std::string());
    for (const std::string &line : lines) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos)
            continue;
        const auto group = std::string_view(line).substr(second + 1);
        const auto controllers = split(line.substr(first + 1, second - first - 1), ',');
        if (line.starts_with("0::"))
            unified = group;
        else if (std::find(controllers.begin(), controllers.end(), "cpuset") != controllers.end())
            return nearest_list(files, root / "cpuset", group, "cpuset.effective_cpus");
    }
    return unified.empty() ? std::vector<int>() : nearest_list(files, root, unified, "cpuset.cpus.effective");
}

std::vector<int> without(const std::vector<int> &cpus, const std::vector<int> &others)
{
    std::vector<int> rest;
    std::set_difference(cpus.begin(), cpus.end(), others.begin(), others.end(), std::back_inserter(rest));
    return rest;
}

bool includes(const std::vector<int> &cpus, const std::vector<int> &others)
{
    return std::includes(cpus.begin(), cpus.end(), others.begin(), others.end());
}

} // namespace

UnboundCpus find_unbound_cpus(Filesystem &files)
{
    UnboundCpus unbound;
    const std::filesystem::path folder = cpus_folder;
    unbound.online = list_in(files, folder / "online");
    unbound.isolated = list_in(files, folder / "isolated");
    unbound.cpuset = cpuset_of_krunctl(files);
    if (getpid() != 1) // as in a container: then it is what it is asked about
        unbound.of_init = allowed_cpus(1);
    return unbound;
}

std::vector<int> bound_cpus(const std::vector<int> &allowed, const UnboundCpus &unbound)
{
    if (allowed.size() <= 1)
        return allowed;
    if (!unbound.online.empty() && includes(allowed, unbound.online))
        return {};
    for (const auto &cpus : {unbound.of_init, unbound.cpuset, without(unbound.cpuset, unbound.isolated),
                             without(unbound.online, unbound.isolated)})
        if (allowed == cpus)
            return {};
    return allowed;
}

} // namespace krun
