// SPDX-License-Identifier: MIT
// Kernels that cannot have the module, or need none, and builds that fail. A kernel that is left out must not make the
// installation of a package fail, neither ours nor its own.
#include <gmock/gmock.h>

#include <fmt/format.h>

#include "dkms/machine.hpp"

namespace krun
{
namespace
{

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr int excluded = 77; // dkms's exit status

struct Refusal {
    const char *release;
    const char *from;
    const char *to;
    const char *reason;
};

const Refusal refusals[] = {
    {"6.1.0-krun-made-up", "# CONFIG_KUNIT is not set", "CONFIG_KRUN=y", "it has /dev/krun built in"},
    {"6.1.0-up-made-up", "CONFIG_SMP=y", "# CONFIG_SMP is not set", "it lacks CONFIG_SMP"},
    {"6.1.0-32-made-up", "CONFIG_X86_64=y", "CONFIG_X86_32=y", "it lacks CONFIG_X86_64"},
    {"6.1.0-static-made-up", "CONFIG_MODULES=y", "# CONFIG_MODULES is not set", "it lacks CONFIG_MODULES"},
    {"6.1.0-noperf-made-up", "CONFIG_PERF_EVENTS=y", "# CONFIG_PERF_EVENTS is not set", "it lacks CONFIG_PERF_EVENTS"},
    {"6.1.0-notrace-made-up", "CONFIG_TRACEPOINTS=y", "# CONFIG_TRACEPOINTS is not set", "it lacks CONFIG_TRACEPOINTS"},
    {"5.9.0-made-up", "CONFIG_SMP=y", "CONFIG_SMP=y", "it is older than Linux 5.10"},
    {"4.19.0-made-up", "CONFIG_SMP=y", "CONFIG_SMP=y", "it is older than Linux 5.10"},
};

std::string message(const Refusal &refusal)
{
    return fmt::format("krun: no module for {}: {}\n", refusal.release, refusal.reason);
}

class DkmsRefusal : public DkmsMachine
{
};

TEST_F(DkmsRefusal, KernelsThatAreThereAreLeftOutWithAReason)
{
    for (const auto &refusal : refusals)
        make_headers(refusal.release, refusal.from, refusal.to);
    const auto said = install({our_deb});
    for (const auto &refusal : refusals)
        EXPECT_THAT(said, HasSubstr(message(refusal)));
    EXPECT_THAT(status(), Contains(installed(usual_release())));
    EXPECT_THAT(status(), Each(Not(HasSubstr("made-up"))));
}

// With BUILD_EXCLUSIVE_CONFIG alone, Debian 12's dkms would fail here.
TEST_F(DkmsRefusal, HeadersThatComeLaterAreInstalledNevertheless)
{
    install({our_deb});
    const auto before = status();
    for (const auto &refusal : refusals) {
        make_headers(refusal.release, refusal.from, refusal.to);
        const auto announced = announce_headers(refusal.release);
        EXPECT_EQ(announced.status, 0) << announced.output << announced.errors;
        EXPECT_THAT(announced.output + announced.errors, HasSubstr(message(refusal)));
        EXPECT_EQ(status(), before);
        const auto built = machine_->run({"dkms", "build", "krun/" + version_, "-k", refusal.release});
        EXPECT_EQ(built.status, excluded) << built.output << built.errors;
        EXPECT_THAT(built.errors, HasSubstr(message(refusal)));
    }
}

TEST_F(DkmsRefusal, HeadersThatComeFirstOfAllAreInstalledNevertheless)
{
    purge("^linux-headers-.*");
    install({our_deb});
    ASSERT_THAT(status(), ElementsAre("krun/" + version_ + ": added"));
    install({usual_headers}); // made-up ones are copies of these
    static_cast<void>(machine_->output_of({"dkms", "unbuild", "krun/" + version_, "--all"}));
    ASSERT_THAT(status(), ElementsAre("krun/" + version_ + ": added"));
    make_headers(refusals[0].release, refusals[0].from, refusals[0].to);
    const auto announced = announce_headers(refusals[0].release);
    EXPECT_EQ(announced.status, 0) << announced.output << announced.errors;
    EXPECT_THAT(announced.errors, HasSubstr(message(refusals[0])));
}

TEST_F(DkmsRefusal, OtherReleasesAreTaken)
{
    install({our_deb});
    for (const char *release : {"5.10.0-made-up", "10.0.1-made-up"}) {
        make_headers(release, "CONFIG_SMP=y", "CONFIG_SMP=y");
        const auto announced = announce_headers(release);
        EXPECT_EQ(announced.status, 0) << announced.output << announced.errors;
        EXPECT_THAT(status(), Contains(installed(release)));
    }
}

TEST_F(DkmsRefusal, ABuildThatFailsLeavesNoModule)
{
    const std::string release = "6.1.0-broken-made-up";
    make_headers(release, "CONFIG_SMP=y", "CONFIG_SMP=y");
    const auto header = "/usr/src/linux-headers-" + release + "/include/generated/autoconf.h";
    shell("sed -i '1i #error broken' " + header);
    const auto failed = try_to_install({our_deb});
    EXPECT_FALSE(failed.ok());
    EXPECT_THAT(failed.output + failed.errors, HasSubstr("make.log"));
    EXPECT_EQ(module_of(release), "");
    EXPECT_THAT(status(), Not(Contains(installed(release))));

    shell("sed -i 1d " + header);
    shell("dpkg --configure krun-dkms");
    EXPECT_THAT(status(), Contains(installed(release)));
}

} // namespace
} // namespace krun
