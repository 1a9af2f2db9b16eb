// SPDX-License-Identifier: GPL-2.0-only
/*
 * More CPUs than a word has bits, and more samplers at once than may queue for their
 * turn. Needs a machine of 72 CPUs, which need not be online: the test brings up those
 * that it wants.
 */
#include "krun_device.h"
#include "kselftest_harness.h"

#define POSSIBLE 72
#define WORDS 2
#define LONG_MASK 256	/* bytes; the kernel's own is shorter */
#define SAMPLERS 18	/* more than the 16 that may queue */

static const int high[] = { 63, 64, 70 };

#define N_HIGH (sizeof(high) / sizeof(high[0]))

FIXTURE(many_cpus)
{
	int fd;
	const struct krun_slot *slots;
};

FIXTURE_SETUP(many_cpus)
{
	size_t i;

	if (sysconf(_SC_NPROCESSORS_CONF) != POSSIBLE)
		SKIP(return, "this is not a machine of %d CPUs", POSSIBLE);
	for (i = 0; i < N_HIGH; i++)
		ASSERT_EQ(0, set_cpu_online(high[i], true));
	self->fd = krun_open();
	ASSERT_LE(0, self->fd);
	self->slots = krun_map(self->fd);
	ASSERT_NE(NULL, self->slots);
	ASSERT_EQ(0, pin_to(0));
}

FIXTURE_TEARDOWN(many_cpus)
{
	close(self->fd);
}

static void set_bit(uint64_t *mask, int cpu)
{
	mask[cpu / 64] |= 1ULL << cpu % 64;
}

static int plan_mask(int fd, const uint64_t *mask, size_t size)
{
	struct krun_plan plan = krun_plan_of(THREE_COUNTERS, 0);

	plan.cpus = (uintptr_t)mask;
	plan.cpus_size = size;
	return krun_set_plan(fd, &plan);
}

TEST_F_TIMEOUT(many_cpus, a_mask_may_have_several_words, 120)
{
	uint64_t mask[WORDS] = { 0 };
	size_t i;

	set_bit(mask, 1);
	for (i = 0; i < N_HIGH; i++)
		set_bit(mask, high[i]);
	ASSERT_EQ(0, plan_mask(self->fd, mask, sizeof(mask)));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_EMPTY, self->slots[0].status);
	EXPECT_EQ(KRUN_STATUS_EMPTY, self->slots[65].status);
	for (i = 0; i < N_HIGH; i++) {
		EXPECT_EQ(KRUN_STATUS_OK, self->slots[high[i]].status);
		EXPECT_EQ(high[i], self->slots[high[i]].cpu);
		EXPECT_LT(0, self->slots[high[i]].cycles);
		EXPECT_EQ(self->slots[1].sample, self->slots[high[i]].sample);
	}
	ASSERT_EQ(0, pin_to(high[N_HIGH - 1]));
	EXPECT_EQ(high[N_HIGH - 1], krun_sample(self->fd, KRUN_SAMPLE_LOCAL));
}

TEST_F_TIMEOUT(many_cpus, every_possible_cpu_has_a_slot, 120)
{
	int cpu, online = 0;

	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	for (cpu = 0; cpu < POSSIBLE; cpu++) {
		EXPECT_EQ(cpu, self->slots[cpu].cpu);
		if (self->slots[cpu].status == KRUN_STATUS_OK)
			online++;
		else
			EXPECT_EQ(KRUN_STATUS_OFFLINE, self->slots[cpu].status);
	}
	EXPECT_EQ(online_cpus(), online);
}

/* The kernel's masks have room for thousands: those bits stand for no CPU. */
TEST_F_TIMEOUT(many_cpus, a_cpu_that_cannot_be_is_einval, 120)
{
	static const int never[] = { POSSIBLE, POSSIBLE + 1, 127, 128, 1000, 2047 };
	uint64_t mask[LONG_MASK / 8] = { 1 };
	size_t i;

	EXPECT_EQ(0, plan_mask(self->fd, mask, sizeof(mask)));
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		memset(mask, 0, sizeof(mask));
		set_bit(mask, 0);
		set_bit(mask, never[i]);
		EXPECT_EQ(-EINVAL, plan_mask(self->fd, mask, sizeof(mask)));
	}
	if (krun_has_calls()) {
		EXPECT_EQ(-EINVAL, krun_configure(POSSIBLE + 1));
		EXPECT_EQ(-ENXIO, krun_configure(POSSIBLE));
	}
}

TEST_F_TIMEOUT(many_cpus, a_shield_may_be_of_a_high_cpu, 120)
{
	struct krun_plan plan = krun_plan_of(THREE_COUNTERS, KRUN_PLAN_SHIELD);
	uint64_t mask[WORDS] = { 0 };
	int other = krun_open(), cpu = high[N_HIGH - 1];
	const struct krun_slot *slots = krun_map(other);

	ASSERT_NE(NULL, slots);
	set_bit(mask, cpu);
	plan.shield = (uintptr_t)mask;
	plan.shield_size = sizeof(mask);
	ASSERT_EQ(0, krun_set_plan(self->fd, &plan));
	ASSERT_EQ(0, krun_plan_all(other, THREE_COUNTERS, 0));
	ASSERT_EQ(0, krun_sample(other, 0));
	EXPECT_EQ(KRUN_STATUS_SHIELDED, slots[cpu].status);
	EXPECT_EQ(KRUN_STATUS_OK, slots[64].status);
	EXPECT_TRUE(text_contains("/sys/class/misc/krun/shielded", "70"));
	/* A mapping would keep the file, and its shield. */
	ASSERT_EQ(0, munmap((void *)self->slots, krun_slots_size()));
	close(self->fd);
	ASSERT_EQ(0, krun_sample(other, 0));
	EXPECT_EQ(KRUN_STATUS_OK, slots[cpu].status);
	close(other);
	self->fd = krun_open();
}

TEST_F_TIMEOUT(many_cpus, a_high_cpu_goes_and_comes, 120)
{
	int cpu = high[N_HIGH - 1];
	uint32_t epoch;

	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	epoch = self->slots[cpu].epoch;
	ASSERT_EQ(0, set_cpu_online(cpu, false));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OFFLINE, self->slots[cpu].status);
	ASSERT_EQ(0, set_cpu_online(cpu, true));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OK, self->slots[cpu].status);
	EXPECT_NE(epoch, self->slots[cpu].epoch);
}

/* Shared by the samplers. */
struct tally {
	int ready;
	bool go, stop;
	uint64_t samples[SAMPLERS];
	uint64_t longest[SAMPLERS];	/* milliseconds */
};

static pid_t sampler_on(int cpu, int fd, struct tally *tally)
{
	pid_t child = fork();
	uint64_t began, took;

	if (child)
		return child;
	if (pin_to(cpu))
		_exit(1);
	__atomic_add_fetch(&tally->ready, 1, __ATOMIC_RELAXED);
	while (!__atomic_load_n(&tally->go, __ATOMIC_RELAXED))
		usleep(1000);
	while (!__atomic_load_n(&tally->stop, __ATOMIC_RELAXED)) {
		began = now_ms();
		if (krun_sample(fd, 0) < 0)
			_exit(2);
		took = now_ms() - began;
		if (took > tally->longest[cpu])
			tally->longest[cpu] = took;
		__atomic_add_fetch(&tally->samples[cpu], 1, __ATOMIC_RELAXED);
	}
	_exit(0);
}

static uint64_t sum_of(const uint64_t *numbers)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < SAMPLERS; i++)
		sum += __atomic_load_n(&numbers[i], __ATOMIC_RELAXED);
	return sum;
}

/*
 * Those that find 16 waiting sleep until there is room: nobody starves. One that
 * is killed ends with the sample that it is in. The files stay open here, so
 * that what it takes to close them does not count.
 */
TEST_F_TIMEOUT(many_cpus, more_samplers_than_may_queue_all_get_their_turn, 240)
{
	struct tally *tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t killed, longest = 0, fewest = UINT64_MAX, mean;
	int fds[SAMPLERS], i, status;
	pid_t child[SAMPLERS];
	struct tally then;

	ASSERT_NE(MAP_FAILED, tally);
	/* No sampler's CPU. */
	ASSERT_EQ(0, pin_to(high[0]));
	for (i = 0; i < SAMPLERS; i++) {
		ASSERT_EQ(0, i ? set_cpu_online(i, true) : 0);
		fds[i] = krun_open();
		ASSERT_EQ(0, krun_plan_all(fds[i], THREE_COUNTERS, 0));
	}
	for (i = 0; i < SAMPLERS; i++)
		child[i] = sampler_on(i, fds[i], tally);
	while (__atomic_load_n(&tally->ready, __ATOMIC_RELAXED) < SAMPLERS)
		usleep(10000);
	__atomic_store_n(&tally->go, true, __ATOMIC_RELAXED);
	while (sum_of(tally->samples) < 10 * SAMPLERS)
		usleep(100000);
	then = *tally;
	mean = sum_of(then.samples) / SAMPLERS;
	killed = now_ms();
	ASSERT_EQ(0, kill(child[0], SIGKILL));
	ASSERT_EQ(child[0], waitpid(child[0], &status, 0));
	killed = now_ms() - killed;
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	__atomic_store_n(&tally->stop, true, __ATOMIC_RELAXED);
	for (i = 1; i < SAMPLERS; i++) {
		ASSERT_EQ(child[i], waitpid(child[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	for (i = 0; i < SAMPLERS; i++) {
		close(fds[i]);
		if (then.samples[i] < fewest)
			fewest = then.samples[i];
		if (tally->longest[i] > longest)
			longest = tally->longest[i];
	}
	TH_LOG("%llu samples each, %llu at least", (unsigned long long)mean,
	       (unsigned long long)fewest);
	TH_LOG("the longest took %llu ms, and the killed one %llu ms to end",
	       (unsigned long long)longest, (unsigned long long)killed);
	EXPECT_LT(mean / 3, fewest);
	EXPECT_LT(killed, longest + 1000);
}

TEST_HARNESS_MAIN
