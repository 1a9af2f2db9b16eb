// SPDX-License-Identifier: GPL-2.0-only
/*
 * An open /dev/krun: who may open it, what its descriptor lets others do, and what
 * keeps it.
 */
#include "krun_device.h"
#include <sys/socket.h>
#include <sys/stat.h>
#include "kselftest_harness.h"

FIXTURE(descriptor)
{
	int fd;
};

FIXTURE_SETUP(descriptor)
{
	self->fd = krun_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(descriptor)
{
	close(self->fd);
}

static int open_unprivileged(void)
{
	if (setuid(65534))
		return 99;
	return -krun_open();
}

TEST(only_root_opens_the_device)
{
	struct stat about;

	ASSERT_EQ(0, stat("/dev/krun", &about));
	EXPECT_EQ(0600, about.st_mode & 07777);
	EXPECT_EQ(0, about.st_uid);
	EXPECT_EQ(EACCES, in_child(open_unprivileged));
}

TEST_F(descriptor, closing_frees_the_counters_and_replacing_does_too)
{
	int before = free_counters();

	ASSERT_EQ(0, krun_plan_all(self->fd, KRUN_COUNTER_CYCLES |
				   KRUN_COUNTER_INSTRUCTIONS, 0));
	EXPECT_GT(before, free_counters());
	ASSERT_EQ(0, krun_plan_all(self->fd, KRUN_COUNTER_APERF, 0));
	EXPECT_EQ(before, free_counters());
	ASSERT_EQ(0, krun_plan_all(self->fd, KRUN_COUNTER_CYCLES, 0));
	EXPECT_EQ(before - 1, free_counters());
	close(self->fd);
	EXPECT_EQ(before, free_counters());
}

TEST_F(descriptor, a_mapping_keeps_the_file)
{
	const struct krun_slot *slots = krun_map(self->fd);
	int before = free_counters();
	uint64_t cycles;

	ASSERT_NE(NULL, slots);
	ASSERT_EQ(0, krun_plan_all(self->fd, KRUN_COUNTER_CYCLES, 0));
	ASSERT_LE(0, krun_sample(self->fd, 0));
	cycles = slots[0].cycles;
	close(self->fd);
	EXPECT_EQ(cycles, slots[0].cycles);
	EXPECT_EQ(before - 1, free_counters());
	ASSERT_EQ(0, munmap((void *)slots, krun_slots_size()));
	EXPECT_EQ(before, free_counters());
}

static int shared_fd;

static int sample_shared(void)
{
	if (setuid(65534))
		return 99;
	return krun_sample(shared_fd, 0) < 0;
}

TEST_F(descriptor, the_descriptor_is_the_permission)
{
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	shared_fd = self->fd;
	EXPECT_EQ(0, in_child(sample_shared));
	shared_fd = dup(self->fd);
	EXPECT_EQ(0, in_child(sample_shared));
	/* The child's end does not end it for the parent. */
	EXPECT_LE(0, krun_sample(self->fd, 0));
	EXPECT_LE(0, krun_sample(shared_fd, 0));
}

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

static struct msghdr message_of(struct iovec *part, union control *control)
{
	return (struct msghdr) {
		.msg_iov = part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(*control),
	};
}

static int send_descriptor(int socket, int fd)
{
	struct iovec part = { "x", 1 };
	union control control = { 0 };
	struct msghdr message = message_of(&part, &control);
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -errno;
}

static int receive_descriptor(int socket)
{
	char byte;
	struct iovec part = { &byte, 1 };
	union control control = { 0 };
	struct msghdr message = message_of(&part, &control);
	int fd = -1;

	if (recvmsg(socket, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static int receiving_socket;

static int receive_and_sample(void)
{
	int fd;

	if (setuid(65534))
		return 99;
	fd = receive_descriptor(receiving_socket);
	return fd < 0 || krun_sample(fd, 0) < 0 || !krun_map(fd);
}

TEST_F(descriptor, a_descriptor_can_be_passed_over_a_socket)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		SKIP(return, "kernel without Unix sockets");
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	ASSERT_EQ(0, send_descriptor(sockets[0], self->fd));
	receiving_socket = sockets[1];
	EXPECT_EQ(0, in_child(receive_and_sample));
}

TEST_F(descriptor, exec_closes_it_only_if_asked_to)
{
	char text[16], *argv[] = { "sh", "-c", text, NULL };
	int kept = dup(self->fd); /* without FD_CLOEXEC */
	pid_t child;
	int status;

	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	snprintf(text, sizeof(text), "true <&%d", kept);
	child = fork();
	if (!child) {
		execv("/bin/sh", argv);
		_exit(98);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	snprintf(text, sizeof(text), "true <&%d", self->fd);
	child = fork();
	if (!child) {
		execv("/bin/sh", argv);
		_exit(98);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_NE(0, status);
	EXPECT_LE(0, krun_sample(kept, 0));
}

TEST_HARNESS_MAIN
