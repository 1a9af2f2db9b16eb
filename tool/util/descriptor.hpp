// SPDX-License-Identifier: MIT
// File descriptors that close themselves, and what is written and read as a whole.
#pragma once

#include <cstddef>

namespace krun
{

class OwnedDescriptor
{
  public:
    OwnedDescriptor() = default;
    explicit OwnedDescriptor(int number) : number_(number) {}
    OwnedDescriptor(OwnedDescriptor &&other) noexcept;
    OwnedDescriptor &operator=(OwnedDescriptor &&other) noexcept;
    OwnedDescriptor(const OwnedDescriptor &) = delete;
    OwnedDescriptor &operator=(const OwnedDescriptor &) = delete;
    ~OwnedDescriptor() { reset(); }
    void reset();
    [[nodiscard]] int get() const { return number_; }
    [[nodiscard]] bool is_open() const { return number_ >= 0; }

  private:
    int number_ = -1;
};

struct Pipe {
    OwnedDescriptor read_end;
    OwnedDescriptor write_end;
};

// These three say by errno why they could not. They do nothing that may not be done after fork().
bool make_pipe(Pipe &pipe); // no program that is started inherits it
bool write_whole(int descriptor, const void *data, std::size_t size);
bool read_message(int descriptor, void *data, std::size_t size); // by one read(2): all of it, or it does not count

} // namespace krun
