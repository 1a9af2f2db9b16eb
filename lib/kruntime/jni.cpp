// SPDX-License-Identifier: MIT
// The same functions for the Java runner, whose class is IterationsRunner and whose native methods are all static. They
// take and return numbers alone, so that the environment and the class, which Java passes first, are never looked at,
// and no JDK is needed: jint, jlong and jdouble are what they are here in every JVM for x86-64.
#include "kruntime.h"

using JavaInt = int32_t;
using JavaLong = int64_t; // its bits are those of the unsigned counter; the runner subtracts and prints it so
using JavaDouble = double;

extern "C" {

void Java_IterationsRunner_JNI_1krun_1init(void *, void *) { krun_init(); }

void Java_IterationsRunner_JNI_1krun_1done(void *, void *) { krun_done(); }

void Java_IterationsRunner_JNI_1krun_1measure(void *, void *, JavaInt end) { krun_measure(end); }

JavaInt Java_IterationsRunner_JNI_1krun_1get_1num_1cores(void *, void *) { return krun_get_num_cores(); }

JavaDouble Java_IterationsRunner_JNI_1krun_1get_1wallclock(void *, void *, JavaInt end)
{
    return krun_get_wallclock(end);
}

JavaDouble Java_IterationsRunner_JNI_1krun_1clock_1gettime_1monotonic(void *, void *)
{
    return krun_clock_gettime_monotonic();
}

JavaLong Java_IterationsRunner_JNI_1krun_1get_1core_1cycles(void *, void *, JavaInt end, JavaInt core)
{
    return static_cast<JavaLong>(krun_get_core_cycles(end, core));
}

JavaLong Java_IterationsRunner_JNI_1krun_1get_1aperf(void *, void *, JavaInt end, JavaInt core)
{
    return static_cast<JavaLong>(krun_get_aperf(end, core));
}

JavaLong Java_IterationsRunner_JNI_1krun_1get_1mperf(void *, void *, JavaInt end, JavaInt core)
{
    return static_cast<JavaLong>(krun_get_mperf(end, core));
}

} // extern "C"
