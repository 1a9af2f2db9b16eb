// SPDX-License-Identifier: MIT
#include "host/unbound_cpus.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <unistd.h>

#include "host/affinity.hpp"
#include "host/cpu_list.hpp"
#include "util/text.hpp"

namespace krun
{

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
