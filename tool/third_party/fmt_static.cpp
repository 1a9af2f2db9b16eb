// SPDX-License-Identifier: MIT
// fmt's own code, compiled once. Debian has fmt as a shared library and as headers only; a static krunctl could take
// just the latter, and then each of our files would compile all of fmt again.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail
{
template locale_ref::locale_ref(const std::locale &);
template std::locale locale_ref::get<std::locale>() const;
template dragonbox::decimal_fp<float> dragonbox::to_decimal(float x) noexcept;
template dragonbox::decimal_fp<double> dragonbox::to_decimal(double x) noexcept;
template thousands_sep_result<char> thousands_sep_impl(locale_ref);
template char decimal_point_impl(locale_ref);
template void buffer<char>::append(const char *, const char *);
template void vformat_to(buffer<char> &, string_view, basic_format_args<buffer_context<char>>, locale_ref);
} // namespace detail
FMT_END_NAMESPACE
