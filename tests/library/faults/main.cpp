// SPDX-License-Identifier: MIT
// Calls libkruncounters in a way that it forbids: krun_library_faults FAULT. Each wrong access happens inside the
// library, so a checker sees it only if it has the library's code under its eyes, and not the tests' alone. Exit 0: the
// fault went unnoticed; 2: there is no such fault; what a checker does is its own.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include <krun/counters.h>

namespace
{

struct Freed {
    void operator()(void *memory) const { std::free(memory); }
};
template <typename T> using Allocated = std::unique_ptr<T, Freed>;

constexpr std::size_t whole = sizeof(krunc_sample) + sizeof(krunc_reading);

// Of one reading, with `size` bytes of memory, which are 0 or have never been set.
Allocated<krunc_sample> sample_in(std::size_t size, bool is_set = true)
{
    Allocated<krunc_sample> sample(static_cast<krunc_sample *>(std::malloc(size)));
    if (sample == nullptr)
        std::abort();
    if (is_set)
        std::memset(static_cast<void *>(sample.get()), 0, size);
    sample->readings = 1;
    return sample;
}

krunc_facts facts_of_one_reading()
{
    krunc_facts facts{};
    facts.size = sizeof(facts);
    facts.readings = 1;
    facts.sample_size = whole;
    return facts;
}

void subtract(const krunc_sample *before, const krunc_sample *after)
{
    const auto facts = facts_of_one_reading();
    krunc_delta delta{};
    delta.size = sizeof(delta);
    krunc_difference(&facts, before, after, 0, 0, &delta);
}

// The memory ends where the reading should begin.
void read_beyond() { subtract(sample_in(whole).get(), sample_in(sizeof(krunc_sample)).get()); }

void read_unset() { subtract(sample_in(whole).get(), sample_in(whole, false).get()); }

void read_misaligned()
{
    const auto before = sample_in(whole);
    const auto memory = sample_in(whole + 4);
    auto *const moved = reinterpret_cast<char *>(memory.get()) + 4;
    std::memmove(moved, before.get(), whole);
    subtract(before.get(), reinterpret_cast<const krunc_sample *>(moved));
}

void lose_a_session()
{
    krunc_options options{};
    options.size = sizeof(options);
    options.ways = 1u << KRUNC_WAY_TSC;
    options.flags = KRUNC_NO_CALIBRATION;
    krunc_session *session = nullptr;
    if (krunc_open(&options, &session) != 0)
        std::abort();
    session = nullptr;
}

// Two threads have the same verdict written.
void race()
{
    const auto facts = facts_of_one_reading();
    krunc_delta delta{};
    delta.size = sizeof(delta);
    krunc_verdict verdict{};
    verdict.size = sizeof(verdict);
    const auto judge = [&] { krunc_judge(&facts, &delta, nullptr, &verdict); };
    std::thread first(judge);
    std::thread second(judge);
    first.join();
    second.join();
}

struct Fault {
    const char *name;
    void (*commit)();
};

constexpr Fault faults[] = {{"beyond", read_beyond},
                            {"unset", read_unset},
                            {"misaligned", read_misaligned},
                            {"lost", lose_a_session},
                            {"race", race}};

} // namespace

int main(int argc, char **argv)
{
    for (const auto &fault : faults) {
        if (argc == 2 && std::strcmp(argv[1], fault.name) == 0) {
            fault.commit();
            return 0;
        }
    }
    std::fprintf(stderr, "krun_library_faults: no such fault\n");
    return 2;
}
