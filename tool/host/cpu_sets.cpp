// SPDX-License-Identifier: MIT

#include "host/cpu_sets.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <iterator>
#include <sched.h>
#include <unistd.h>

#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr int highest_cpu = 1 << 16;

std::optional<int> parse_cpu(std::string_view text)
{
    const auto cpu = whole_number<int>(text);
    if (!cpu || *cpu < 0 || *cpu > highest_cpu)
        return {};
    return cpu;
}

// As the kernel takes it: a bit for each CPU.
using CpuMask = std::vector<unsigned long>;
constexpr std::size_t bits = 8 * sizeof(unsigned long);
constexpr std::size_t smallest_mask = CPU_SETSIZE / bits;
constexpr std::size_t largest_mask = (std::size_t{1} << 20) / bits;

cpu_set_t *set_of(CpuMask &mask) { return reinterpret_cast<cpu_set_t *>(mask.data()); }

constexpr const char *cpus_folder = "/sys/devices/system/cpu";
constexpr const char *cgroups_folder = "/sys/fs/cgroup";

// A group without the controller has its parent's CPUs. In a container, the path may be one of the host's.
std::vector<int> nearest_list(Filesystem &files, const std::filesystem::path &root, std::string_view group,
                              const char *name)
{
    auto path = root / std::filesystem::path(group).lexically_normal().relative_path();
    for (;; path = path.parent_path()) {
        auto cpus = cpu_list_in(files, path / name);
        if (!cpus.empty() || path == root)
            return cpus;
    }
}

// In /proc/self/cgroup, "0::/GROUP" is version 2's, and "N:cpuset:/GROUP" version 1's, which then has the controller.
std::vector<int> cpuset_of_krunctl(Filesystem &files)
{
    const std::filesystem::path root = cgroups_folder;
    const auto lines = lines_of(files.read("/proc/self/cgroup").value_or(""));
    std::string_view unified;
    for (const std::string &line : lines) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos)
            continue;
        const auto group = std::string_view(line).substr(second + 1);
        const auto controllers = split(line.substr(first + 1, second - first - 1), ',');
        if (line.starts_with("0::"))
            unified = group;
        else if (std::ranges::find(controllers, "cpuset") != controllers.end())
            return nearest_list(files, root / "cpuset", group, "cpuset.effective_cpus");
    }
    return unified.empty() ? std::vector<int>() : nearest_list(files, root, unified, "cpuset.cpus.effective");
}

std::vector<int> without(const std::vector<int> &cpus, const std::vector<int> &others)
{
    std::vector<int> rest;
    std::ranges::set_difference(cpus, others, std::back_inserter(rest));
    return rest;
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

std::vector<int> cpu_list_in(Filesystem &files, const std::filesystem::path &path)
{
    return parse_cpu_list(files.read(path).value_or("")).value_or(std::vector<int>());
}

std::vector<int> allowed_cpus(int task)
{
    CpuMask mask(smallest_mask);
    while (sched_getaffinity(task, mask.size() * sizeof(unsigned long), set_of(mask)) != 0) {
        if (errno != EINVAL || mask.size() >= largest_mask)
            return {};
        mask.resize(2 * mask.size()); // the kernel's is larger
    }
    std::vector<int> cpus;
    for (std::size_t cpu = 0; cpu < mask.size() * bits; cpu++)
        if ((mask[cpu / bits] >> cpu % bits & 1) != 0)
            cpus.push_back(static_cast<int>(cpu));
    return cpus;
}

int allow_cpus(const std::vector<int> &cpus)
{
    if (cpus.empty() || *std::ranges::min_element(cpus) < 0)
        return EINVAL;
    CpuMask mask(static_cast<std::size_t>(*std::ranges::max_element(cpus)) / bits + 1);
    for (const int cpu : cpus)
        mask[static_cast<std::size_t>(cpu) / bits] |= 1UL << static_cast<std::size_t>(cpu) % bits;
    return sched_setaffinity(0, mask.size() * sizeof(unsigned long), set_of(mask)) == 0 ? 0 : errno;
}

bool runs_on_nothing_but(int cpu) { return sched_getcpu() == cpu && allowed_cpus() == std::vector<int>{cpu}; }

UnboundCpus find_unbound_cpus(Filesystem &files)
{
    UnboundCpus unbound;
    const std::filesystem::path folder = cpus_folder;
    unbound.online = cpu_list_in(files, folder / "online");
    unbound.isolated = cpu_list_in(files, folder / "isolated");
    unbound.cpuset = cpuset_of_krunctl(files);
    if (getpid() != 1) // as in a container: then it is what it is asked about
        unbound.of_init = allowed_cpus(1);
    return unbound;
}

std::vector<int> bound_cpus(const std::vector<int> &allowed, const UnboundCpus &unbound)
{
    if (allowed.size() <= 1)
        return allowed;
    if (!unbound.online.empty() && std::ranges::includes(allowed, unbound.online))
        return {};
    for (const auto &cpus : {unbound.of_init, unbound.cpuset, without(unbound.cpuset, unbound.isolated),
                             without(unbound.online, unbound.isolated)})
        if (allowed == cpus)
            return {};
    return allowed;
}

} // namespace krun
