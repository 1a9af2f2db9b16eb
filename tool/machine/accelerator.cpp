// SPDX-License-Identifier: MIT

#include "machine/accelerator.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/kvm.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/child_process.hpp"

namespace krun
{
namespace
{

// Does KVM work here? Probed by running a guest of seven instructions.
//
// There are hosts where /dev/kvm opens, virtual machines and CPUs can be created and even a real-mode guest runs,
// but an ordinary kernel does not: KVM without hardware virtualisation interprets the guest instruction by
// instruction, three orders of magnitude slower than the CPU (and slower than TCG), or gives up at the first
// instruction it does not know. So the probe's guest is in 64-bit mode with paging on, like a kernel, and counts
// to a number that a CPU reaches in two or three milliseconds and an interpreter in several seconds; the deadline lies
// between. KVM_RUN can also hang, so a child process probes, and the deadline kills it.

constexpr int deadline_ms = 700;
constexpr std::size_t most_cpuid_entries = 256;
constexpr std::size_t guest_memory = 0x10000;
constexpr std::uint64_t code_at = 0x1000, pml4_at = 0x2000, pdpt_at = 0x3000, directory_at = 0x4000;
constexpr std::uint16_t answer_port = 0x10;
constexpr std::uint8_t answer = 0x42;

// mov ecx, <loops>; again: dec ecx; jnz again; mov al, 0x42; out 0x10, al; hlt
constexpr std::array<std::uint8_t, 14> code{0xb9, 0, 0, 0, 0, 0xff, 0xc9, 0x75, 0xfc, 0xb0, 0x42, 0xe6, 0x10, 0xf4};
constexpr std::size_t loops_in_code = 1;

// The child's message: of fixed size, so that one write() suffices. Empty: KVM works.
using Verdict = std::array<char, 160>;

Verdict verdict(const std::string &text)
{
    Verdict result{};
    text.copy(result.data(), result.size() - 1);
    return result;
}

Verdict refused(const char *request) { return verdict(fmt::format("{} fails: {}", request, std::strerror(errno))); }

void put_page_tables(std::uint8_t *memory)
{
    const auto put = [memory](std::uint64_t at, std::uint64_t entry) {
        std::memcpy(memory + at, &entry, sizeof entry);
    };
    put(pml4_at, pdpt_at | 3); // present, writable
    put(pdpt_at, directory_at | 3);
    put(directory_at, 0x83); // and a 2 MiB page: the first of physical memory, one to one
}

bool enter_long_mode(int vcpu)
{
    kvm_sregs special{};
    if (ioctl(vcpu, KVM_GET_SREGS, &special) != 0)
        return false;
    kvm_segment segment{};
    segment.limit = 0xffffffff;
    segment.selector = 8;
    segment.present = segment.s = segment.l = segment.g = 1;
    segment.type = 11; // code
    special.cs = segment;
    segment.selector = 16;
    segment.type = 3; // data
    segment.l = 0;
    segment.db = 1;
    special.ds = special.es = special.fs = special.gs = special.ss = segment;
    special.cr3 = pml4_at;
    special.cr4 = 0x20;       // PAE
    special.cr0 = 0x80010033; // paging, write protection, FPU, protected mode
    special.efer = 0x500;     // long mode, enabled and active
    kvm_regs registers{};
    registers.rip = code_at;
    registers.rflags = 2;
    return ioctl(vcpu, KVM_SET_SREGS, &special) == 0 && ioctl(vcpu, KVM_SET_REGS, &registers) == 0;
}

// Laid out by ourselves, with its two requests: in C++ the header's kvm_cpuid2 is four bytes longer than in C
// (a flexible array in a structure of its own takes room there), and a request's number holds that size.
struct CpuidList {
    __u32 count = most_cpuid_entries;
    __u32 padding = 0;
    std::array<kvm_cpuid_entry2, most_cpuid_entries> entries{};
};
constexpr unsigned long cpuid_head_size = 8;
constexpr unsigned long get_supported_cpuid = _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0x05, cpuid_head_size);
constexpr unsigned long set_cpuid = _IOC(_IOC_WRITE, KVMIO, 0x90, cpuid_head_size);

bool copy_cpuid(int kvm, int vcpu)
{
    CpuidList list;
    return ioctl(kvm, get_supported_cpuid, &list) == 0 && ioctl(vcpu, set_cpuid, &list) == 0;
}

Verdict run_guest(int kvm, std::uint32_t loops)
{
    if (const int version = ioctl(kvm, KVM_GET_API_VERSION, 0); version != KVM_API_VERSION)
        return verdict(fmt::format("its interface has version {}, not {}", version, KVM_API_VERSION));
    const int machine = ioctl(kvm, KVM_CREATE_VM, 0);
    if (machine < 0)
        return refused("creating a virtual machine");
    void *memory = mmap(nullptr, guest_memory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return refused("allocating memory");
    std::memcpy(static_cast<std::uint8_t *>(memory) + code_at, code.data(), code.size());
    std::memcpy(static_cast<std::uint8_t *>(memory) + code_at + loops_in_code, &loops, sizeof loops);
    put_page_tables(static_cast<std::uint8_t *>(memory));
    kvm_userspace_memory_region region{};
    region.memory_size = guest_memory;
    region.userspace_addr = reinterpret_cast<std::uintptr_t>(memory);
    ioctl(machine, KVM_SET_TSS_ADDR, 0xfffbd000UL); // older Intel hosts insist on it
    if (ioctl(machine, KVM_SET_USER_MEMORY_REGION, &region) != 0)
        return refused("giving it memory");
    const int vcpu = ioctl(machine, KVM_CREATE_VCPU, 0);
    if (vcpu < 0)
        return refused("creating a virtual CPU");
    const int run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    void *shared = mmap(nullptr, static_cast<std::size_t>(run_size), PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    if (shared == MAP_FAILED || !copy_cpuid(kvm, vcpu) || !enter_long_mode(vcpu))
        return refused("setting a virtual CPU up for 64-bit code");
    if (ioctl(vcpu, KVM_RUN, 0) != 0)
        return refused("running a virtual CPU");
    const auto *run = static_cast<const kvm_run *>(shared);
    if (run->exit_reason != KVM_EXIT_IO)
        return verdict(fmt::format("a small 64-bit guest stops with exit reason {}, not its answer", run->exit_reason));
    const auto *data = static_cast<const std::uint8_t *>(shared) + run->io.data_offset;
    if (run->io.port != answer_port || *data != answer)
        return verdict("a small 64-bit guest computes a wrong answer");
    return {};
}

[[noreturn]] void answer_in_child(int kvm, std::uint32_t loops, int answer_to)
{
    const Verdict result = run_guest(kvm, loops);
    _exit(write_whole(answer_to, result.data(), result.size()) ? 0 : 1);
}

std::string ask_with_deadline(int kvm, std::uint32_t loops)
{
    Pipe answer;
    if (!make_pipe(answer))
        return fmt::format("it could not be tested: {}", std::strerror(errno));
    const pid_t child = fork();
    if (child < 0)
        return fmt::format("it could not be tested: {}", std::strerror(errno));
    if (child == 0)
        answer_in_child(kvm, loops, answer.write_end.get());
    const OwnedChild ends_with_us(child);
    answer.write_end.reset();
    pollfd wait{answer.read_end.get(), POLLIN, 0};
    const int ready = poll(&wait, 1, deadline_ms); // a signal ends the wait early: then the caller is leaving anyway
    Verdict result{};
    const bool answered = ready > 0 && read_message(answer.read_end.get(), result.data(), result.size());
    if (ready <= 0)
        return fmt::format("a guest's loop of a few milliseconds did not end within {} ms, so guests are interpreted "
                           "(no hardware virtualisation) or hang",
                           deadline_ms);
    return answered ? result.data() : "the process that tried it died";
}

} // namespace

KvmProbe probe_kvm(std::uint32_t loops)
{
    const OwnedDescriptor kvm(open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (!kvm.is_open()) {
        if (errno == ENOENT)
            return {KvmState::absent, "there is no /dev/kvm"};
        return {KvmState::broken, fmt::format("/dev/kvm cannot be opened: {}", std::strerror(errno))};
    }
    const std::string reason = ask_with_deadline(kvm.get(), loops);
    return {reason.empty() ? KvmState::working : KvmState::broken, reason};
}

Result<AcceleratorChoice> choose_accelerator(const MachineRequest &request, const std::function<KvmProbe()> &probe,
                                             const std::function<bool()> &system_qemu)
{
    constexpr const char *use_tcg = "omit --accel: emulation (TCG) needs nothing from the host";
    if (request.accelerator == Accelerator::tcg)
        return AcceleratorChoice{};
    const bool wanted = request.accelerator == Accelerator::kvm;
    if (wanted && request.vendor != CpuVendor::intel)
        return usage_error("with KVM, the guest's CPUs are the host's: there is no --vendor", use_tcg);
    if (request.icount || request.aperf_ratio != 0 || request.ipc != 0 || request.tsc_step != 0 ||
        request.vendor != CpuVendor::intel) {
        if (wanted)
            return usage_error("KVM has neither exact instruction counts nor a counter model to set", use_tcg);
        return AcceleratorChoice{};
    }
    const auto without_kvm = [wanted](const std::string &reason, const char *remedy) -> Result<AcceleratorChoice> {
        if (wanted)
            return host_lacks(reason, remedy);
        return AcceleratorChoice{false, reason + "; emulating (TCG) instead"};
    };
    if (const KvmProbe found = probe(); found.state != KvmState::working)
        return without_kvm(fmt::format("KVM is {} on this machine: {}",
                                       found.state == KvmState::absent ? "absent" : "broken", found.reason),
                           use_tcg);
    if (!system_qemu())
        return without_kvm(fmt::format("KVM works, but {} is not on PATH", system_qemu_name),
                           "apt install qemu-system-x86");
    return AcceleratorChoice{true, {}};
}

} // namespace krun
