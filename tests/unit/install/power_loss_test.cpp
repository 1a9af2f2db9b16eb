// SPDX-License-Identifier: MIT
// The power fails after every single side effect of every operation. Whatever happens, the machine boots a kernel
// that has proven itself, and both ways lead out: on to the end, or back to the beginning.
#include <gtest/gtest.h>

#include "install/krunctl_on_fake.hpp"

namespace krun
{
namespace
{

using Work = std::function<void(FakeMachine &)>;

// Does `work` on copies of `machine`, with the power failing after 0, 1, 2... side effects, until it gets through;
// `then` sees each copy afterwards, with the power back.
unsigned at_every_power_loss(const FakeMachine &machine, const Work &work, const Work &then)
{
    for (unsigned after = 0;; ++after) {
        SCOPED_TRACE("power loss after " + std::to_string(after) + " side effects");
        auto copy = machine;
        copy.power_fails_after = copy.effects + after;
        bool cut_off = false;
        try {
            work(copy);
        } catch (const PowerLoss &) {
            cut_off = true;
        }
        copy.power_fails_after.reset();
        then(copy);
        if (!cut_off || testing::Test::HasFailure())
            return after;
    }
}

FakeMachine after(FakeMachine machine, const Work &work)
{
    work(machine);
    return machine;
}

const Work install_krun = [](FakeMachine &machine) {
    const auto done = install(machine, {machine.add_deb(std::string("linux-image-") + krun_kernel, "6.12.117-1"),
                                        machine.add_deb(std::string("linux-headers-") + krun_kernel, "6.12.117-1"),
                                        machine.add_deb("krun-syscall-dev", "2.0")});
    ASSERT_TRUE(done) << done.error().message;
};
const Work install_newer = [](FakeMachine &machine) {
    const auto done = install(machine, {machine.add_deb(std::string("linux-image-") + newer_krun, "6.12.120-1")});
    ASSERT_TRUE(done) << done.error().message;
};
const Work reboot = [](FakeMachine &machine) { machine.boot(); };
const Work promote_running = [](FakeMachine &machine) {
    const auto done = promote(machine);
    ASSERT_TRUE(done) << done.error().message;
};
const Work uninstall_krun = [](FakeMachine &machine) {
    if (state_of(machine).find(krun_kernel) == nullptr)
        return;
    const auto done = uninstall(machine, krun_kernel);
    ASSERT_TRUE(done) << done.error().message;
};
const Work continue_it = [](FakeMachine &machine) {
    const auto done = go_on(machine);
    ASSERT_TRUE(done) << done.error().message;
};
const Work undo_it = [](FakeMachine &machine) {
    const auto done = undo(machine);
    ASSERT_TRUE(done) << done.error().message;
};

class PowerLossTest : public testing::Test
{
  protected:
    PowerLossTest()
    {
        fresh.set_grub_variable("saved_entry", "of the user");
        // The .debs belong to the user: they are there before and afterwards.
        fresh.add_deb(std::string("linux-image-") + krun_kernel, "6.12.117-1");
        fresh.add_deb(std::string("linux-headers-") + krun_kernel, "6.12.117-1");
        fresh.add_deb("krun-syscall-dev", "2.0");
        fresh.add_deb(std::string("linux-image-") + newer_krun, "6.12.120-1");
    }

    FakeMachine fresh;
    [[nodiscard]] FakeMachine on_trial() const { return after(fresh, install_krun); }
    [[nodiscard]] FakeMachine trial_running() const { return after(on_trial(), reboot); }
    [[nodiscard]] FakeMachine promoted() const { return after(trial_running(), promote_running); }
};

// What a machine boots after it was cut off, when the new kernel panics and when it does not.
void expect_to_boot(const FakeMachine &cut_off, const std::string &known, const std::string &unproven)
{
    auto bad = cut_off;
    bad.panicking = {unproven};
    EXPECT_EQ(bad.boot(), known) << "with a new kernel that panics";
    EXPECT_EQ(bad.boot(), known) << "with a new kernel that panics, at the second boot";
    auto good = cut_off;
    const auto first = good.boot();
    EXPECT_TRUE(first == known || first == unproven) << first;
    EXPECT_EQ(good.boot(), known) << "at the second boot";
}

TEST_F(PowerLossTest, WhileInstallingTheOldKernelIsWhatBoots)
{
    const auto moments = at_every_power_loss(
        fresh, install_krun, [](FakeMachine &machine) { expect_to_boot(machine, old_kernel, krun_kernel); });
    EXPECT_GT(moments, 20u);
}

TEST_F(PowerLossTest, TheNewKernelBootsByItselfOnlyWhenItsInstallationIsComplete)
{
    auto complete = on_trial();
    at_every_power_loss(fresh, install_krun, [&](FakeMachine &machine) {
        const auto packages = machine.packages();
        if (machine.boot() == krun_kernel) {
            EXPECT_EQ(packages, complete.packages());
        }
    });
}

TEST_F(PowerLossTest, WhileInstallingContinuingEndsAsIfNothingHadHappened)
{
    const auto complete = on_trial().snapshot();
    at_every_power_loss(fresh, install_krun, [&](FakeMachine &machine) {
        if (state_of(machine).empty())
            install_krun(machine); // nothing had been begun
        continue_it(machine);
        EXPECT_EQ(machine.snapshot(), complete);
    });
}

TEST_F(PowerLossTest, WhileInstallingUndoingLeavesNothing)
{
    const auto before = fresh.snapshot();
    at_every_power_loss(fresh, install_krun, [&](FakeMachine &machine) {
        const bool complete = !state_of(machine).empty() && !state_of(machine).operation;
        undo_it(machine);
        if (complete)
            uninstall_krun(machine);
        EXPECT_EQ(machine.snapshot(), before);
        EXPECT_EQ(machine.boot(), old_kernel);
    });
}

TEST_F(PowerLossTest, WhileUndoingTooTheOldKernelBootsAndUndoingAgainLeavesNothing)
{
    const auto before = fresh.snapshot();
    at_every_power_loss(fresh, install_krun, [&](FakeMachine &installing) {
        at_every_power_loss(installing, undo_it, [&](FakeMachine &machine) {
            expect_to_boot(machine, old_kernel, krun_kernel);
            undo_it(machine);
            if (!state_of(machine).empty())
                uninstall_krun(machine);
            EXPECT_EQ(machine.snapshot(), before);
        });
    });
}

TEST_F(PowerLossTest, AfterARebootAnInterruptedInstallationCanBeUndone)
{
    const auto before = fresh.snapshot();
    at_every_power_loss(fresh, install_krun, [&](FakeMachine &machine) {
        machine.boot(); // into the trial, if it was armed
        undo_it(machine);
        if (machine.running == krun_kernel) {
            machine.boot();
            uninstall_krun(machine);
        }
        if (!state_of(machine).empty())
            uninstall_krun(machine);
        EXPECT_EQ(machine.snapshot(), before);
    });
}

TEST_F(PowerLossTest, WhilePromotingOneOfTheTwoProvenKernelsBootsAndBothWaysLeadOut)
{
    const auto trial = trial_running();
    const auto complete = promoted().snapshot();
    at_every_power_loss(trial, promote_running, [&](FakeMachine &machine) {
        auto rebooted = machine;
        const auto booted = rebooted.boot();
        EXPECT_TRUE(booted == old_kernel || booted == krun_kernel) << booted;
        auto back = machine;
        const bool finished = state_of(back).find(krun_kernel)->state == KernelState::promoted;
        undo_it(back);
        if (!finished) {
            EXPECT_EQ(back.snapshot(), trial.snapshot());
        }
        if (!state_of(machine).operation && !finished)
            promote_running(machine);
        continue_it(machine);
        EXPECT_EQ(machine.snapshot(), complete);
    });
}

TEST_F(PowerLossTest, WhileUninstallingAKernelOnTrialTheOldOneBootsAndItCanBeFinished)
{
    const auto before = fresh.snapshot();
    at_every_power_loss(on_trial(), uninstall_krun, [&](FakeMachine &machine) {
        expect_to_boot(machine, old_kernel, krun_kernel);
        uninstall_krun(machine);
        EXPECT_EQ(machine.snapshot(), before);
    });
}

TEST_F(PowerLossTest, WhileUninstallingThePromotedRunningKernelSomethingAlwaysBoots)
{
    const auto before = fresh.snapshot();
    at_every_power_loss(promoted(), uninstall_krun, [&](FakeMachine &machine) {
        EXPECT_EQ(machine.contents.count(std::string("/boot/vmlinuz-") + krun_kernel), 1u) << "it is running";
        uninstall_krun(machine); // says: reboot first
        EXPECT_EQ(state_of(machine).find(krun_kernel)->state, KernelState::removing);
        EXPECT_EQ(machine.boot(), old_kernel);
        at_every_power_loss(machine, uninstall_krun, [&](FakeMachine &rebooted) {
            EXPECT_EQ(rebooted.boot(), old_kernel);
            uninstall_krun(rebooted);
            EXPECT_EQ(rebooted.snapshot(), before);
        });
    });
}

TEST_F(PowerLossTest, WhileInstallingANewerOneThePromotedKernelIsWhatBoots)
{
    const auto one = promoted();
    const auto both = after(one, install_newer).snapshot();
    at_every_power_loss(one, install_newer, [&](FakeMachine &machine) {
        expect_to_boot(machine, krun_kernel, newer_krun);
        auto back = machine;
        const bool complete = state_of(back).kernels.size() == 2 && !state_of(back).operation;
        undo_it(back);
        if (!complete) {
            EXPECT_EQ(back.snapshot(), one.snapshot());
        }
        if (state_of(machine).kernels.size() == 1)
            install_newer(machine);
        continue_it(machine);
        EXPECT_EQ(machine.snapshot(), both);
    });
}

} // namespace
} // namespace krun
