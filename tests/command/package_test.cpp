// SPDX-License-Identifier: MIT
// `krunctl build --package` with a tiny kernel: real packages by the real dpkg-deb.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sandbox.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char *image_deb = "linux-image-6.12.1.krun.test_6.12.1-1_amd64.deb";
constexpr const char *headers = "linux-headers-6.12.1.krun.test_6.12.1-1_amd64.deb";

class PackageTest : public testing::Test
{
  protected:
    ProcessResult build(const std::vector<std::string> &more)
    {
        std::vector<std::string> arguments = {"build", "--config", config, "--local-version", local_version};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return sandbox.krunctl(arguments);
    }
    void package(const std::vector<std::string> &more = {})
    {
        auto arguments = more;
        arguments.insert(arguments.end(), {"--package", "--json"});
        const auto result = build(arguments);
        ASSERT_EQ(result.status, 0) << result.errors;
        json = nlohmann::json::parse(result.output);
    }
    [[nodiscard]] std::filesystem::path output() const { return sandbox.cache() / ("kernels/6.12-" + config); }
    [[nodiscard]] std::filesystem::path log() const { return sandbox.cache() / "logs/build-6.12-disk.log"; }
    [[nodiscard]] std::vector<std::string> packages() const
    {
        std::vector<std::string> names;
        for (const auto &entry : std::filesystem::directory_iterator(output())) {
            if (entry.path().extension() == ".deb")
                names.push_back(entry.path().filename().string());
        }
        std::sort(names.begin(), names.end());
        return names;
    }
    std::filesystem::path unpack(const char *name)
    {
        const auto folder = sandbox.root() / "unpacked" / name;
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
        EXPECT_EQ(sandbox.run({"dpkg-deb", "-R", (output() / name).string(), folder.string()}).status, 0);
        return folder;
    }
    // A PATH with all programs but one.
    void hide_program(const std::string &hidden)
    {
        const auto bin = sandbox.root() / "bin";
        std::filesystem::create_directories(bin);
        for (const auto &entry : std::filesystem::directory_iterator("/usr/bin")) {
            if (entry.path().filename() != hidden)
                std::filesystem::create_symlink(entry.path(), bin / entry.path().filename());
        }
        sandbox.environment["PATH"] = bin.string();
    }
    std::string config = "disk";
    std::string local_version = ".krun.test";
    Sandbox sandbox;
    nlohmann::json json;
};

TEST_F(PackageTest, ImageAndHeadersAreInTheOutputFolderAndNothingElse)
{
    package();
    EXPECT_THAT(packages(), ElementsAre(headers, image_deb));
    EXPECT_THAT(json["packages"], ElementsAre(image_deb, headers));
    EXPECT_EQ(json["package_version"], "6.12.1-1");
    EXPECT_TRUE(std::filesystem::is_empty(sandbox.cache() / "build/6.12-disk"));
    const std::filesystem::path objects = json["objects"];
    EXPECT_FALSE(std::filesystem::exists(objects / "debian"));
    for (const auto &entry : std::filesystem::directory_iterator(objects.parent_path()))
        EXPECT_THAT(entry.path().string(), Not(testing::EndsWith(".deb")));
}

TEST_F(PackageTest, AKernelWithoutModulesHasNoHeaders)
{
    config = "vm";
    package();
    EXPECT_THAT(json["packages"], ElementsAre(image_deb));
}

TEST_F(PackageTest, TheImageIsTheOutputsKernelAndTellsWhatItWasBuiltFrom)
{
    package();
    const auto root = unpack(image_deb);
    EXPECT_EQ(read_text(root / "boot/vmlinuz-6.12.1.krun.test"), read_text(output() / "vmlinuz"));
    const auto inside = nlohmann::json::parse(read_text(root / "usr/share/krun/6.12.1.krun.test/metadata.json"));
    EXPECT_EQ(inside["source"]["version"], "6.12.1-1");
    EXPECT_EQ(inside["packages"], json["packages"]);
    for (const auto *digest : {"overlay", "hooks", "configuration"})
        EXPECT_EQ(inside[digest].get<std::string>().size(), 64U) << digest;
    const auto archive = sandbox.root() / "archive/pool/linux-source-6.12_6.12.1-1_all.deb";
    EXPECT_THAT(sandbox.run({"sha256sum", archive.string()}).output,
                HasSubstr(inside["source"]["sha256"].get<std::string>()));
    EXPECT_EQ(sandbox.run({"sh", "-c", "cd '" + root.string() + "' && md5sum -c --quiet DEBIAN/md5sums"}).status, 0);
    EXPECT_THAT(read_text(root / "DEBIAN/md5sums"), HasSubstr("metadata.json"));
}

TEST_F(PackageTest, TheSourcesChecksumIsKnownWhenOnlyItsTreeIsLeft)
{
    package();
    const auto checksum = json["source"]["sha256"];
    std::filesystem::remove_all(sandbox.cache() / "apt/packages");
    std::filesystem::remove_all(output());
    package();
    EXPECT_EQ(json["source"]["sha256"], checksum);
}

TEST_F(PackageTest, TheSameKernelGivesTheSameBytesInAnotherFolderOnAnotherDay)
{
    package();
    const auto first = json["checksums"];
    sandbox.environment["XDG_CACHE_HOME"] = (sandbox.root() / "another/longer/cache").string();
    const auto result = sandbox.run({"sh", "-c",
                                     "umask 077; exec \"$0\" build --config disk --local-version .krun.test --package "
                                     "--json",
                                     KRUNCTL});
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(nlohmann::json::parse(result.output)["checksums"], first);
}

TEST_F(PackageTest, ModesDependNeitherOnTheUmaskNorOnAFolderThatHandsItsGroupDown)
{
    std::filesystem::create_directories(sandbox.cache());
    for (const auto *umask : {"077", "000"}) {
        ASSERT_EQ(sandbox.run({"chmod", "2700", sandbox.cache().string()}).status, 0);
        const auto made = sandbox.run(
            {"sh", "-c",
             std::string("umask ") + umask + "; exec \"$0\" build --config disk --local-version .krun.test --package",
             KRUNCTL});
        ASSERT_EQ(made.status, 0) << made.errors;
        for (const auto *name : {image_deb, headers}) {
            const auto listed = sandbox.run({"dpkg-deb", "-c", (output() / name).string()});
            for (const auto &line : lines_of(listed.output)) {
                const auto mode = line.substr(0, 10);
                EXPECT_TRUE(mode == "drwxr-xr-x" || mode == "-rw-r--r--" || mode == "-rwxr-xr-x") << line;
            }
            EXPECT_THAT(listed.output, HasSubstr("./usr/share/"));
        }
        std::filesystem::remove_all(sandbox.cache() / "build");
        std::filesystem::remove_all(output());
    }
}

TEST_F(PackageTest, NotesWithAbsolutePathsAreNotPassedOn)
{
    package();
    const auto root = unpack(headers);
    EXPECT_TRUE(std::filesystem::exists(root / "usr/src/x/m.c"));
    EXPECT_FALSE(std::filesystem::exists(root / "usr/src/x/.m.cmd"));
    EXPECT_EQ(sandbox.run({(root / "usr/src/x/tool").string()}).status, 0);
    EXPECT_THAT(read_text(root / "usr/src/x/tool"), Not(HasSubstr(sandbox.cache().string())));
}

TEST_F(PackageTest, AKernelThatIsBuiltIsOnlyPackaged)
{
    ASSERT_EQ(build({}).status, 0);
    EXPECT_TRUE(packages().empty());
    package();
    EXPECT_THAT(packages(), ElementsAre(headers, image_deb));
    EXPECT_THAT(read_text(log()), Not(HasSubstr("krun/first.o")));
    package();
    EXPECT_EQ(json["up_to_date"], true);
    ASSERT_EQ(build({}).status, 0);
    EXPECT_THAT(packages(), ElementsAre(headers, image_deb)) << "a build that has nothing to do took the packages away";
}

TEST_F(PackageTest, ADamagedOrMissingPackageIsMadeAgain)
{
    package();
    const auto intact = read_text(output() / image_deb);
    write_text(output() / image_deb, "damaged");
    package();
    EXPECT_EQ(json["up_to_date"], false);
    EXPECT_EQ(read_text(output() / image_deb), intact);
    std::filesystem::remove(output() / headers);
    package();
    EXPECT_EQ(json["up_to_date"], false);
    EXPECT_THAT(packages(), ElementsAre(headers, image_deb));
}

TEST_F(PackageTest, PackagesOfAnEarlierKernelGoAndThePersonsStay)
{
    package();
    write_text(output() / "mine.deb", "mine");
    local_version = ".krun.other";
    ASSERT_EQ(build({}).status, 0);
    EXPECT_THAT(packages(), ElementsAre("mine.deb"));
}

TEST_F(PackageTest, AFailureShowsTheEndOfTheLogAndLeavesNothing)
{
    sandbox.environment["KRUN_TEST_PACKAGING"] = "fails";
    const auto result = build({"--package"});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("krunctl: error: packaging the kernel failed: dpkg-deb: error: no luck"));
    EXPECT_THAT(result.errors, HasSubstr("the end of " + log().string()));
    EXPECT_THAT(result.errors, HasSubstr("log: " + log().string()));
    EXPECT_FALSE(std::filesystem::exists(output()));
}

TEST_F(PackageTest, CtrlCLeavesNothingHalfMadeAndTheNextBuildGoesOn)
{
    sandbox.environment["KRUN_TEST_PACKAGING"] = "waits";
    const auto tree = [this] {
        for (const auto &entry : std::filesystem::directory_iterator(sandbox.cache() / "source")) {
            if (entry.is_directory())
                return entry.path();
        }
        return std::filesystem::path();
    };
    const auto result = sandbox.run(
        {"sh", "-c",
         "env --default-signal=INT \"$0\" build --config disk --local-version .krun.test --package & pid=$!; "
         "while kill -0 $pid && ! ls cache/krun/source/*/ready >/dev/null 2>&1; do sleep 0.1; done; "
         "kill -INT $pid; wait $pid",
         KRUNCTL});
    EXPECT_EQ(result.status, 130) << result.errors;
    const auto pid = std::atoi(read_text(tree() / "ready").c_str());
    ASSERT_GT(pid, 0) << result.errors;
    EXPECT_NE(kill(pid, 0), 0) << "what make had started is still there";
    EXPECT_FALSE(std::filesystem::exists(output()));
    EXPECT_FALSE(std::filesystem::exists(tree() / "half.deb"));
    sandbox.environment.erase("KRUN_TEST_PACKAGING");
    package();
    EXPECT_THAT(packages(), ElementsAre(headers, image_deb));
}

TEST_F(PackageTest, ACapitalInTheLocalVersionIsWrongUsageOfPackageAlone)
{
    const auto result = sandbox.krunctl({"build", "--local-version", ".Test", "--package"});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.errors, HasSubstr("contains the character 'T'"));
    EXPECT_FALSE(std::filesystem::exists(sandbox.cache()));
    EXPECT_EQ(sandbox.krunctl({"build", "--local-version", ".Test"}).status, 0);
}

TEST_F(PackageTest, ALocalVersionOfTheConfigurationIsLookedAtBeforeCompiling)
{
    write_text(sandbox.root() / "own.config", "CONFIG_LOCALVERSION=\"-my_own\"\n");
    const auto result = build({"--package", "--fragment", "own.config"});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("LOCALVERSION -my_own contains the character '_'"));
    EXPECT_THAT(read_text(log()), Not(HasSubstr("first.o")));
}

TEST_F(PackageTest, AMissingProgramIsStatusThreeWithTheCommandThatMendsIt)
{
    hide_program("dh_listpackages");
    const auto result = build({"--package"});
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.errors, HasSubstr("`dh_listpackages` is not installed"));
    EXPECT_THAT(result.errors, HasSubstr("hint: sudo apt-get install debhelper"));
    EXPECT_FALSE(std::filesystem::exists(sandbox.cache()));
    EXPECT_EQ(build({}).status, 0) << "needed without --package too";
}

TEST_F(PackageTest, ACompressorOfModulesIsMissedBeforeCompiling)
{
    hide_program("zstd");
    write_text(sandbox.root() / "own.config", "CONFIG_MODULE_COMPRESS_ZSTD=y\n");
    const auto result = build({"--package", "--fragment", "own.config"});
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.errors, HasSubstr("hint: sudo apt-get install zstd"));
    EXPECT_THAT(read_text(log()), Not(HasSubstr("first.o")));
}

TEST_F(PackageTest, WithoutPaholeAFilesTypeInformationIsGivenUpAndAFragmentsIsNot)
{
    hide_program("pahole");
    write_text(sandbox.root() / "base.config", "CONFIG_DEBUG_INFO=y\nCONFIG_DEBUG_INFO_BTF=y\n");
    const auto given_up = sandbox.krunctl({"build", "--config", "base.config", "--output", "out"});
    EXPECT_EQ(given_up.status, 0) << given_up.errors;
    EXPECT_THAT(given_up.errors, HasSubstr("note: without BTF"));
    EXPECT_THAT(given_up.errors, HasSubstr("apt-get install dwarves"));
    EXPECT_THAT(read_text(sandbox.root() / "out/config"), HasSubstr("# CONFIG_DEBUG_INFO_BTF is not set"));
    EXPECT_THAT(read_text(sandbox.root() / "out/config"), HasSubstr("CONFIG_DEBUG_INFO=y"));
    write_text(sandbox.root() / "own.config", "CONFIG_DEBUG_INFO_BTF=y\n");
    const auto insisted = build({"--fragment", "own.config"});
    EXPECT_EQ(insisted.status, 3);
    EXPECT_THAT(insisted.errors, HasSubstr("hint: sudo apt-get install dwarves"));
}

TEST_F(PackageTest, ATreeOfOnesOwnIsPackagedUnderItsOwnVersion)
{
    package();
    const auto work = sandbox.root() / "package/linux-source-6.12";
    write_text(work / "Makefile", "EXTRAVERSION = -rc2\n" + read_text(work / "Makefile"));
    const auto result = sandbox.krunctl({"build", "--source", work.string(), "--config", "disk", "--local-version",
                                         ".krun.test", "--package", "--output", "out", "--json"});
    ASSERT_EQ(result.status, 0) << result.errors;
    json = nlohmann::json::parse(result.output);
    EXPECT_EQ(json["package_version"], "6.12.1~rc2-1");
    EXPECT_TRUE(std::filesystem::exists(sandbox.root() / "out" / json["packages"][0].get<std::string>()));
}

TEST_F(PackageTest, DryRunShowsThePackagingAndChangesNothing)
{
    const auto result = build({"--package", "--dry-run"});
    EXPECT_EQ(result.status, 0) << result.errors;
    std::size_t at = 0;
    for (const std::string step : {"bzImage modules", "bindeb-pkg", "dpkg-deb -R", "dpkg-deb --root-owner-group",
                                   "dpkg-deb -R", "/vmlinuz", "/linux-image-", "krunctl-partial "}) {
        at = result.output.find(step, at);
        ASSERT_NE(at, std::string::npos) << step << " is missing or out of order in\n" << result.output;
    }
    EXPECT_FALSE(std::filesystem::exists(sandbox.cache()));
}

} // namespace
} // namespace krun
