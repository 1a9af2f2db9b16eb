// SPDX-License-Identifier: MIT
// Names and texts of the library.
#include <gmock/gmock.h>

#include <cerrno>
#include <set>
#include <string>

#include <krun/counters.h>

namespace
{

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StrEq;
using testing::StrNe;

TEST(Names, AreThereForEveryNumber)
{
    for (std::uint32_t way = 0; way < KRUNC_WAYS; way++) {
        EXPECT_THAT(krunc_way_name(way), StrNe("?"));
        for (const int error : {0, -ENOENT, -EACCES, -EPERM, -ENOSYS, -EBUSY, -ENXIO, -EMFILE, -ENOMEM, -EIO}) {
            EXPECT_THAT(krunc_way_reason(way, error), StrNe("?"));
            EXPECT_THAT(krunc_way_remedy(way, error), StrNe("?"));
        }
    }
    for (std::uint32_t cause = 0; cause < KRUNC_CAUSES; cause++) {
        EXPECT_THAT(krunc_cause_name(cause), StrNe("?"));
        EXPECT_THAT(krunc_cause_remedy(cause), StrNe("?"));
    }
    for (std::uint32_t bit = 0; bit <= 13; bit++)
        EXPECT_THAT(krunc_quality_name(1U << bit), StrNe("?"));
    for (std::uint32_t status = 0; status <= KRUNC_SHIELDED; status++)
        EXPECT_THAT(krunc_status_name(status), StrNe("?"));
    for (std::uint32_t kind = 0; kind <= KRUNC_UNDECIDED; kind++)
        EXPECT_THAT(krunc_verdict_name(kind), StrNe("?"));
}

TEST(Names, OfOtherNumbersAreAQuestionMark)
{
    EXPECT_THAT(krunc_way_name(99), StrEq("?"));
    EXPECT_THAT(krunc_way_reason(99, -ENOENT), StrEq("?"));
    EXPECT_THAT(krunc_way_remedy(99, -ENOENT), StrEq("?"));
    EXPECT_THAT(krunc_counter_name(0), StrEq("?"));
    EXPECT_THAT(krunc_counter_name(KRUNC_APERF | KRUNC_MPERF), StrEq("?"));
    EXPECT_THAT(krunc_cause_name(99), StrEq("?"));
    EXPECT_THAT(krunc_cause_remedy(99), StrEq("?"));
    EXPECT_THAT(krunc_quality_name(0), StrEq("?"));
    EXPECT_THAT(krunc_status_name(99), StrEq("?"));
    EXPECT_THAT(krunc_verdict_name(99), StrEq("?"));
}

// No two ways lack the same.
TEST(Reasons, SayWhatIsNotThereInEachWay)
{
    for (const int error : {-ENODEV, -EOPNOTSUPP}) {
        std::set<std::string> reasons;
        for (std::uint32_t way = 0; way < KRUNC_WAYS; way++) {
            if (way == KRUNC_WAY_TSC && error == -ENODEV)
                continue; // every machine has it
            EXPECT_TRUE(reasons.insert(krunc_way_reason(way, error)).second) << krunc_way_name(way);
            EXPECT_THAT(krunc_way_reason(way, error), StrNe(krunc_way_reason(way, -EIO)));
            EXPECT_THAT(krunc_way_remedy(way, error), StrNe(""));
        }
    }
}

TEST(Reasons, TellAKernelWithoutTheDeviceFromAMissingFile)
{
    EXPECT_THAT(krunc_way_remedy(KRUNC_WAY_DEVICE, -ENODEV),
                AllOf(HasSubstr("Krun kernel"), HasSubstr("module"), HasSubstr("krun-dkms")));
    EXPECT_THAT(krunc_way_reason(KRUNC_WAY_DEVICE, -ENOENT), HasSubstr("the kernel has the device"));
    EXPECT_THAT(krunc_way_remedy(KRUNC_WAY_DEVICE, -ENOENT), Not(HasSubstr("module")));
    EXPECT_THAT(krunc_way_remedy(KRUNC_WAY_CALLS, -ENOSYS), Not(HasSubstr("module"))); // which has no system calls
}

} // namespace
