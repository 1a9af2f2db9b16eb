// SPDX-License-Identifier: MIT
// /dev/krun: every planned CPU writes its own slot, in one kernel entry.
//
// Theory: a plan is made once, at open. What the machine lacks, or perf has no hardware counter left for, is left out
// of the plan and reported, one counter at a time, so that a missing one costs no other. A sample is the kernel's call
// and a copy of the slots; the layout of a reading is a slot's, so that the copy needs no translation.
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <emmintrin.h>
#include <fcntl.h>
#include <linux/krun.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "counter_masks.hpp"
#include "sampling.hpp"

namespace krunc
{

namespace
{

constexpr std::size_t common_members = offsetof(krunc_reading, running);

#define SAME_OFFSET(member) static_assert(offsetof(krunc_reading, member) == offsetof(krun_slot, member))
SAME_OFFSET(sequence);
SAME_OFFSET(status);
SAME_OFFSET(valid);
SAME_OFFSET(sample);
SAME_OFFSET(epoch);
SAME_OFFSET(span);
SAME_OFFSET(tsc);
SAME_OFFSET(cycles);
SAME_OFFSET(instructions);
SAME_OFFSET(smi);
SAME_OFFSET(irq_other);
SAME_OFFSET(package_thermal);
SAME_OFFSET(own);
SAME_OFFSET(events);
static_assert(offsetof(krunc_reading, sequence_after) == offsetof(krun_slot, reserved0));
// NOLINTBEGIN(misc-redundant-expression): the two headers agree, as they must
static_assert(KRUNC_RENDEZVOUS == KRUN_SAMPLE_RENDEZVOUS && KRUNC_SKIP_NOHZ_FULL == KRUN_SAMPLE_SKIP_NOHZ_FULL &&
              KRUNC_IDLE_SNAPSHOT == KRUN_SAMPLE_IDLE_SNAPSHOT);
static_assert(KRUNC_PACKAGE_THERMAL == KRUN_COUNTER_PACKAGE_THERMAL && KRUNC_EVENT(3) == KRUN_COUNTER_EVENT(3));
// NOLINTEND(misc-redundant-expression)
static_assert(static_cast<int>(KRUNC_SHIELDED) == static_cast<int>(KRUN_STATUS_SHIELDED));

// The C library's wrapper would only turn the error into errno.
inline long kernel_call(long number, long a, long b)
{
    long result = number;
    asm volatile("syscall" : "+a"(result) : "D"(a), "S"(b) : "rcx", "r11", "memory");
    return result;
}

inline long kernel_call(long number, long a, long b, long c)
{
    long result = number;
    asm volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

// A kernel without our system calls (the device is a module there) has the same as an ioctl.
template <bool by_call> inline long take_sample(int fd, long flags)
{
    if constexpr (by_call)
        return kernel_call(SYSCALL_KRUN_SAMPLE, fd, flags);
    return kernel_call(SYS_ioctl, fd, KRUN_IOC_SAMPLE, flags);
}

// Aligned to 128 bytes in the kernel's mapping, to 8 in the caller's memory.
inline void copy_slot(const char *slot, krunc_reading &reading, unsigned bytes)
{
    const auto *from = reinterpret_cast<const __m128i *>(slot);
    auto *to = reinterpret_cast<__m128i *>(&reading);
    const __m128i first = _mm_load_si128(from);
    const __m128i second = _mm_load_si128(from + 1);
    const __m128i third = _mm_load_si128(from + 2);
    const __m128i fourth = _mm_load_si128(from + 3);
    _mm_storeu_si128(to, first);
    _mm_storeu_si128(to + 1, second);
    _mm_storeu_si128(to + 2, third);
    _mm_storeu_si128(to + 3, fourth);
    for (unsigned done = 64; done < bytes; done += 16)
        _mm_storeu_si128(to + done / 16, _mm_load_si128(from + done / 16));
    asm volatile("" ::: "memory");
    std::memcpy(&reading.sequence_after, slot, sizeof(std::uint32_t));
}

// The whole slot, with what has been read beside it.
template <bool by_call> int read_local(krunc_session &session, krunc_sample &sample)
{
    const long cpu = take_sample<by_call>(session.device.fd, session.device.flags);
    if (cpu < 0)
        return static_cast<int>(cpu);
    sample.cpu = static_cast<std::uint32_t>(cpu);
    copy_slot(session.device.slots + static_cast<std::size_t>(cpu) * session.device.stride,
              *krunc_reading_at(&sample, 0), session.device.copied);
    return 0;
}

// The usual case, in which everything is known beforehand but the CPU: each instruction counts. An error is negative
// also when it is shifted, so that one instruction finds the slot and tells an error.
constexpr unsigned slot_shift = 8;
static_assert(sizeof(krun_slot) == 1u << slot_shift);

template <bool by_call> inline long read_short_slot(krunc_session &session, krunc_sample &sample)
{
    const char *slots = session.device.slots;
    const std::uint64_t header = 1; // one reading, and nothing beside it
    std::memcpy(&sample, &header, sizeof(header));
    const long cpu = take_sample<by_call>(session.device.fd, KRUN_SAMPLE_LOCAL);
    sample.cpu = static_cast<std::uint32_t>(cpu);
    const long offset = static_cast<long>(static_cast<unsigned long>(cpu) << slot_shift);
    if (offset < 0)
        return offset >> slot_shift;
    copy_slot(slots + offset, *krunc_reading_at(&sample, 0), 64);
    return 0;
}

template <bool by_call> int begin_short(krunc_session *session, krunc_sample *sample)
{
    const long error = read_short_slot<by_call>(*session, *sample);
    if (error != 0)
        return static_cast<int>(error);
    stamp(sample->edge);
    return 0;
}

template <bool by_call> int end_short(krunc_session *session, krunc_sample *sample)
{
    stamp(sample->edge);
    return static_cast<int>(read_short_slot<by_call>(*session, *sample));
}

template <bool by_call> int read_cpus(krunc_session &session, krunc_sample &sample)
{
    const long cpu = take_sample<by_call>(session.device.fd, session.device.flags);
    if (cpu < 0)
        return static_cast<int>(cpu);
    sample.cpu = static_cast<std::uint32_t>(cpu);
    krunc_reading *reading = krunc_reading_at(&sample, 0);
    for (std::uint32_t i = 0; i < session.facts.readings; i++, reading++)
        copy_slot(session.device.slots + session.cpus[i] * session.device.stride, *reading, session.device.copied);
    return 0;
}

int make_plan(const krunc_session &session, std::uint32_t counters, const CpuSet &cpus)
{
    krun_plan plan{};
    plan.flags = session.options.flags & (KRUNC_RENDEZVOUS | KRUNC_SKIP_NOHZ_FULL | KRUNC_IDLE_SNAPSHOT);
    plan.counters = counters;
    plan.cpus = reinterpret_cast<std::uintptr_t>(cpus.words);
    plan.cpus_size = sizeof(cpus.words);
    for (unsigned n = 0; n < KRUNC_EVENTS; n++) {
        if ((counters & KRUNC_EVENT(n)) != 0)
            plan.events[n] = {session.options.events[n].type, 0, session.options.events[n].config};
    }
    if (counters == 0)
        return -EOPNOTSUPP;
    return ioctl(session.device.fd, KRUN_IOC_PLAN, &plan) == 0 ? 0 : -errno;
}

bool is_about_counters(int error)
{
    return error == -EBUSY || error == -EOPNOTSUPP || error == -EACCES || error == -EINVAL;
}

// What most people can do without goes first; then all that was innocent comes back.
int plan_what_there_is(krunc_session &session, std::uint32_t &counters, const CpuSet &cpus)
{
    static const std::uint32_t dispensable[] = {
        KRUNC_EVENT(3), KRUNC_EVENT(2), KRUNC_EVENT(1),     KRUNC_EVENT(0), KRUNC_SMI,   KRUNC_PACKAGE_THERMAL,
        KRUNC_THERMAL,  KRUNC_SWITCHES, KRUNC_INSTRUCTIONS, KRUNC_CYCLES,   KRUNC_APERF, KRUNC_MPERF};
    std::uint32_t left_out = 0;
    int error = make_plan(session, counters, cpus);
    for (const std::uint32_t one : dispensable) {
        if (error == 0 || !is_about_counters(error) || (counters & ~one) == 0)
            break;
        if ((counters & one) == 0)
            continue;
        counters &= ~one;
        left_out |= one;
        error = make_plan(session, counters, cpus);
    }
    if (error != 0)
        return error;
    for (std::size_t i = sizeof(dispensable) / sizeof(*dispensable); i > 0; i--) {
        const std::uint32_t one = dispensable[i - 1];
        if ((left_out & one) == 0)
            continue;
        const int refused = make_plan(session, counters | one, cpus);
        if (refused == 0)
            counters |= one;
        else
            miss(session, one, refused);
    }
    return 0;
}

unsigned bytes_of(std::uint32_t counters)
{
    if ((counters & own_events) != 0)
        return common_members;
    const std::uint32_t near = frequency | KRUNC_CYCLES;
    return (counters & ~near) == 0 ? 64 : offsetof(krunc_reading, events);
}

template <bool by_call> void use_device(krunc_session &session)
{
    if (session.options.scope == KRUNC_SCOPE_CPUS) {
        use_sampler<read_cpus<by_call>>(session);
        return;
    }
    use_sampler<read_local<by_call>>(session);
    if (session.begin == session.plain_begin && session.device.copied == 64 &&
        session.device.stride == sizeof(krun_slot)) {
        session.begin = session.plain_begin = begin_short<by_call>;
        session.end = session.plain_end = end_short<by_call>;
    }
}

void tell_features(krunc_facts &facts, const krun_info &info)
{
    facts.counter_bits = info.counter_bits;
    if ((info.features & KRUN_FEATURE_TSC_STABLE) != 0)
        facts.features |= KRUNC_FEATURE_TSC_STABLE;
    if ((info.features & KRUN_FEATURE_MODULE) != 0)
        facts.features |= KRUNC_FEATURE_MODULE;
    if ((info.features & KRUN_FEATURE_NO_GUEST) != 0)
        facts.features |= KRUNC_FEATURE_NO_GUEST;
    if (facts.tsc_hz == 0) {
        facts.tsc_hz = std::uint64_t{info.tsc_khz} * 1000;
        facts.tsc_source = KRUNC_TSC_KERNEL;
    }
}

// ENOENT: the file is missing, although the kernel has the device; ENODEV: the kernel has none.
int error_of_open(int error, bool kernel_has_it)
{
    if (error == ENOENT)
        return kernel_has_it ? -ENOENT : -ENODEV;
    return error == ENXIO ? -ENODEV : -error;
}

int open_device(krunc_session &session)
{
    DeviceState &device = session.device;
    device = {};
    device.fd = open("/dev/krun", O_RDWR | O_CLOEXEC);
    if (device.fd < 0)
        return error_of_open(errno, kernel_has_device(session.machine.sysfs, "/proc/misc"));
    krun_info info{};
    if (ioctl(device.fd, KRUN_IOC_INFO, &info) != 0)
        return -errno;
    const bool thread = session.options.scope == KRUNC_SCOPE_THREAD;
    CpuSet planned = session.machine.possible;
    if (!thread) {
        planned = {};
        for (std::uint32_t i = 0; i < session.facts.readings; i++)
            planned.add(session.cpus[i]);
    }
    const std::uint32_t wanted = session.options.counters & ~beside;
    std::uint32_t counters = wanted & (info.counters | own_events);
    miss(session, wanted & ~counters, -EOPNOTSUPP);
    const int error = plan_what_there_is(session, counters, planned);
    if (error != 0)
        return error;
    device.stride = info.slot_size;
    device.mapped = std::size_t{info.cpus} * info.slot_size;
    void *slots = mmap(nullptr, device.mapped, PROT_READ, MAP_SHARED, device.fd, 0);
    if (slots == MAP_FAILED)
        return -errno;
    device.slots = static_cast<const char *>(slots);
    device.copied = bytes_of(counters);
    device.flags = thread ? KRUN_SAMPLE_LOCAL : 0;
    tell_features(session.facts, info);
    session.facts.counters = counters;
    if (take_sample<true>(device.fd, device.flags) >= 0)
        use_device<true>(session);
    else
        use_device<false>(session);
    return 0;
}

void close_device(krunc_session &session)
{
    if (session.device.slots != nullptr)
        munmap(const_cast<char *>(session.device.slots), session.device.mapped);
    if (session.device.fd >= 0)
        close(session.device.fd);
}

} // namespace

const Way device_way = {open_device, close_device};

} // namespace krunc
