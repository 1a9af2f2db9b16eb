// SPDX-License-Identifier: MIT
// The first process of a krunctl guest: mounts what a program expects, runs one command as root, passes its
// output and its exit status to the host (protocol.h), and stops the machine.
//
// The command's own end is the end of the run: whatever it left running is killed, so that a forgotten
// background process can neither hold the machine up nor write behind the status frame. The kernel's
// console stays on the first serial port, so nothing that the kernel says can mix with the output.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string>
#include <string_view>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.hpp"
#include "link.hpp"

namespace
{

struct Mount {
    const char *type;
    const char *target;
    const char *options;
};

// In this order; a kernel without one of them runs on without it.
constexpr std::array<Mount, 9> mounts{{
    {"proc", "/proc", ""},
    {"sysfs", "/sys", ""},
    {"devtmpfs", "/dev", "mode=0755"},
    {"devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666"},
    {"tmpfs", "/dev/shm", "mode=1777"},
    {"tmpfs", "/tmp", "mode=1777"},
    {"tmpfs", "/run", "mode=0755"},
    {"tracefs", "/sys/kernel/tracing", ""},
    {"debugfs", "/sys/kernel/debug", ""},
}};

constexpr int status_not_started = 126;

void complain(const char *what)
{
    const int reason = errno;
    const int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
    if (log >= 0) {
        dprintf(log, "krun-init: %s: %s\n", what, strerror(reason));
        close(log);
    }
}

[[noreturn]] void stop_machine()
{
    // Restart, because a kernel without ACPI cannot power off; QEMU's -no-reboot makes that the end.
    reboot(RB_AUTOBOOT);
    for (;;)
        pause();
}

bool holds_something(const char *folder)
{
    DIR *entries = opendir(folder);
    bool found = false;
    while (entries != nullptr && !found) {
        const dirent *entry = readdir(entries);
        if (entry == nullptr)
            break;
        found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    if (entries != nullptr)
        closedir(entries);
    return found;
}

void mount_all()
{
    for (const Mount &entry : mounts) {
        mkdir(entry.target, 0755);
        // Files that were copied in to /tmp or /run must not vanish below a mount.
        if (strcmp(entry.type, "tmpfs") == 0 && holds_something(entry.target))
            continue;
        mount(entry.type, entry.target, entry.type, MS_NOSUID, entry.options);
    }
    chmod("/", 0755); // the kernel makes its root folder writable for everyone
    sethostname("krun", 4);
}

// To pass the command's output on must not disturb a CPU that the command measures.
void stay_on_first_cpu()
{
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    sched_setaffinity(0, sizeof(first), &first);
}

void note_child(int /*number*/) {} // only there to end ppoll()

class Session
{
  public:
    Session(HostLink &link, Child &child) : link_(link), child_(child) {}

    // Until the command has ended and everything it wrote is on its way.
    int run()
    {
        sigset_t unblocked;
        sigprocmask(SIG_SETMASK, nullptr, &unblocked);
        sigdelset(&unblocked, SIGCHLD);
        while (!reap()) {
            std::array<pollfd, 4> waits{{
                {link_.descriptor(), POLLIN, 0},
                {child_.output(), POLLIN, 0},
                {child_.errors(), POLLIN, 0},
                {pending_.empty() ? -1 : child_.input(), POLLOUT, 0},
            }};
            if (ppoll(waits.data(), waits.size(), nullptr, &unblocked) < 0)
                continue;
            if (waits[0].revents != 0)
                take_frames();
            if (waits[1].revents != 0 && !forward(child_.output(), KRUN_GUEST_FRAME_OUTPUT))
                child_.close_output();
            if (waits[2].revents != 0 && !forward(child_.errors(), KRUN_GUEST_FRAME_ERRORS))
                child_.close_errors();
            if (waits[3].revents != 0)
                feed();
        }
        kill(-1, SIGKILL);
        drain(child_.output(), KRUN_GUEST_FRAME_OUTPUT);
        drain(child_.errors(), KRUN_GUEST_FRAME_ERRORS);
        return status_;
    }

  private:
    // True when the command itself is among those that have ended.
    bool reap()
    {
        bool ended = false;
        int how = 0;
        for (pid_t pid = 0; (pid = waitpid(-1, &how, WNOHANG)) > 0;) {
            if (pid != child_.pid())
                continue;
            ended = true;
            status_ = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
        }
        return ended;
    }

    // False at the end of the stream.
    bool forward(int descriptor, krun_guest_frame kind)
    {
        std::array<char, KRUN_GUEST_PAYLOAD_MAX> piece{};
        const ssize_t got = read(descriptor, piece.data(), piece.size());
        if (got > 0)
            link_.send(kind, std::string_view(piece.data(), static_cast<std::size_t>(got)));
        return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
    }

    // Every writer has been killed, so an empty pipe is the end even if someone still holds it open.
    void drain(int descriptor, krun_guest_frame kind)
    {
        pollfd wait{descriptor, POLLIN, 0};
        while (descriptor >= 0 && poll(&wait, 1, 0) > 0 && forward(descriptor, kind)) {
        }
    }

    void take_frames()
    {
        link_.receive([this](krun_guest_frame kind, std::string_view payload) {
            if (kind == KRUN_GUEST_FRAME_INPUT)
                pending_.append(payload);
            else if (kind == KRUN_GUEST_FRAME_END)
                input_ended_ = true;
            else if (kind == KRUN_GUEST_FRAME_SIZE && payload.size() == 4)
                child_.resize(half(payload, 0), half(payload, 2));
        });
        feed();
    }

    static unsigned half(std::string_view bytes, std::size_t at)
    {
        return static_cast<unsigned char>(bytes[at]) | static_cast<unsigned>(static_cast<unsigned char>(bytes[at + 1]))
                                                           << 8U;
    }

    // Gives the command what it will take, and the host credit for that.
    void feed()
    {
        if (!pending_.empty() && child_.input() >= 0) {
            const ssize_t written = write(child_.input(), pending_.data(), pending_.size());
            if (written > 0) {
                pending_.erase(0, static_cast<std::size_t>(written));
                link_.send_number(KRUN_GUEST_FRAME_CREDIT, static_cast<std::uint32_t>(written));
            } else if (written < 0 && errno != EAGAIN && errno != EINTR) {
                child_.close_input(); // it reads no more; without credit the host sends no more either
            }
        }
        if (child_.input() < 0)
            pending_.clear();
        if (input_ended_ && pending_.empty())
            child_.close_input();
    }

    HostLink &link_;
    Child &child_;
    std::string pending_;
    bool input_ended_ = false;
    int status_ = status_not_started;
};

} // namespace

int main()
{
    mount_all();
    struct sigaction action {
    };
    action.sa_handler = note_child;
    sigaction(SIGCHLD, &action, nullptr);
    signal(SIGPIPE, SIG_IGN);
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, nullptr);

    HostLink link;
    if (!link.open()) {
        complain("cannot open /dev/ttyS1, the line to krunctl");
        stop_machine();
    }
    link.send(KRUN_GUEST_FRAME_HELLO, KRUN_GUEST_HELLO);

    Child child;
    int status = status_not_started;
    if (child.start(read_task())) {
        stay_on_first_cpu();
        status = Session(link, child).run();
    } else {
        complain("cannot start the command");
    }
    link.send_number(KRUN_GUEST_FRAME_STATUS, static_cast<std::uint32_t>(status));
    link.drain();
    stop_machine();
}
