// SPDX-License-Identifier: MIT
// Who it is that talks to the mirror, when krunctl runs as root.
#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <thread>
#include <unistd.h>

#include "sandbox.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// Serves the folder and notes which user has asked: the kernel knows him for each connection.
constexpr const char *server = R"(
import http.server, os, sys

class Mirror(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        ours = ':%04X' % self.server.server_port
        theirs = ':%04X' % self.client_address[1]
        for line in open('/proc/net/tcp').readlines()[1:]:
            words = line.split()
            if words[1].endswith(theirs) and words[2].endswith(ours):
                print(words[7], self.path, file=open('../users', 'a'))
        super().do_GET()

os.chdir(sys.argv[1])
mirror = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Mirror)
print(mirror.server_port, file=open('../port.new', 'w'))
os.rename('../port.new', '../port')
mirror.serve_forever()
)";

class AptSandboxTest : public testing::Test
{
  protected:
    void SetUp() override
    {
        if (geteuid() != 0)
            GTEST_SKIP() << "only root has another user download for it";
        const auto id = sandbox.run({"id", "-u", "_apt"});
        if (id.status != 0)
            GTEST_SKIP() << "there is no user _apt";
        user = trim(id.output);
        write_text(sandbox.root() / "server.py", server);
        const auto started = sandbox.run({"sh", "-c",
                                          "cd \"$0\" && { python3 server.py archive >/dev/null 2>&1 & echo $! >pid; }; "
                                          "while [ ! -e port ]; do sleep 0.1; done",
                                          sandbox.root().string()});
        ASSERT_EQ(started.status, 0) << started.errors;
        const auto address = "http://127.0.0.1:" + trim(read_text(sandbox.root() / "port"));
        write_text(sandbox.root() / "machine/sources.list",
                   "deb [trusted=yes] " + address + " bookworm-security main\n");
        configure("");
        // The machine's own apt, which knows the mirror before we ask it.
        ASSERT_EQ(sandbox.run({"apt-get", "-q", "update", "-o", "APT::Sandbox::User=root"}).status, 0);
        std::filesystem::remove(sandbox.root() / "users");
    }
    void TearDown() override
    {
        if (std::filesystem::exists(sandbox.root() / "pid"))
            static_cast<void>(sandbox.run({"kill", trim(read_text(sandbox.root() / "pid"))}));
    }
    void configure(const std::string &more)
    {
        auto text = read_text(sandbox.root() / "machine/apt.conf");
        const std::string none = "APT::Sandbox::User \"\";\n";
        if (const auto at = text.find(none); at != std::string::npos)
            text.replace(at, none.size(), "Acquire::http::Proxy \"DIRECT\";\n");
        write_text(sandbox.root() / "machine/apt.conf", text + more);
    }
    std::set<std::string> users()
    {
        std::set<std::string> found;
        for (const auto &line : lines_of(read_text(sandbox.root() / "users")))
            found.insert(words_of(line).at(0));
        return found;
    }
    Sandbox sandbox;
    std::string user;
};

TEST_F(AptSandboxTest, TheIndexAndThePackagesAreFetchedByTheUserOfApt)
{
    const auto built = sandbox.krunctl({"build", "--line", "6.12"});
    ASSERT_EQ(built.status, 0) << built.errors;
    EXPECT_THAT(read_text(sandbox.root() / "users"), testing::HasSubstr(".deb"));
    EXPECT_EQ(users(), std::set<std::string>{user});
    // What has come is ours, and nothing is left where he could reach it.
    const auto foreign = sandbox.run({"find", sandbox.cache().string(), "!", "-uid", "0"});
    EXPECT_EQ(foreign.output, "");
    const auto left = sandbox.run(
        {"find", "/var/tmp", "-maxdepth", "1", "-name", "krunctl-apt-*", "-newer", (sandbox.root() / "port").string()});
    EXPECT_EQ(left.output, "");
}

TEST_F(AptSandboxTest, WhereTheMachineHasNoneWeHaveNoneEither)
{
    configure("APT::Sandbox::User \"root\";\n");
    const auto built = sandbox.krunctl({"build", "--line", "6.12"});
    ASSERT_EQ(built.status, 0) << built.errors;
    EXPECT_EQ(users(), std::set<std::string>{"0"});
}

} // namespace
} // namespace krun
