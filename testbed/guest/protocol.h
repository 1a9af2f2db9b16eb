/* SPDX-License-Identifier: MIT */
/*
 * What the guest's init and krunctl say to each other over the guest's second serial port.
 *
 * Both directions carry frames: an eight-byte header (kind, three zero bytes, payload length as a
 * little-endian 32-bit number), then the payload. The guest speaks first with a hello frame; whatever
 * comes before it (firmware, a bootloader) is skipped, which is why the hello frame is one fixed pattern.
 *
 * A serial port has no flow control that QEMU passes on from the guest, so the host may send input only
 * against credit: it starts with KRUN_GUEST_WINDOW bytes (headers not counted) and gets back what the
 * guest's command took. The window is smaller than any tty buffer in the guest, so nothing is ever lost.
 * From guest to host the port itself blocks.
 */
#ifndef KRUN_GUEST_PROTOCOL_H
#define KRUN_GUEST_PROTOCOL_H

#define KRUN_GUEST_HEADER_SIZE 8
#define KRUN_GUEST_PAYLOAD_MAX 4096
#define KRUN_GUEST_WINDOW 2048
/* The one payload of a hello frame; its last digit is the protocol's version. */
#define KRUN_GUEST_HELLO "krun-guest-1"

enum krun_guest_frame {
    /* guest to host */
    KRUN_GUEST_FRAME_HELLO = 'H',  /* init is up and listens; the command starts now */
    KRUN_GUEST_FRAME_OUTPUT = 'O', /* the command's stdout, or what the shell's terminal shows */
    KRUN_GUEST_FRAME_ERRORS = 'E', /* the command's stderr */
    KRUN_GUEST_FRAME_CREDIT = 'C', /* four bytes: so many more bytes of input may be sent */
    KRUN_GUEST_FRAME_STATUS = 'S', /* four bytes: the exit status; the last frame, the machine stops */
    /* host to guest */
    KRUN_GUEST_FRAME_INPUT = 'I', /* bytes for the command's stdin or the shell's terminal */
    KRUN_GUEST_FRAME_END = 'D',   /* no payload: end of the command's stdin */
    KRUN_GUEST_FRAME_SIZE = 'W',  /* four bytes: rows and columns, 16 bits each */
};

/* Files below /krun in the guest that say what to do; lists are NUL-terminated strings. */
#define KRUN_GUEST_COMMAND_FILE "/krun/command"         /* argv; absent or empty: a shell */
#define KRUN_GUEST_ENVIRONMENT_FILE "/krun/environment" /* NAME=value */
#define KRUN_GUEST_MODE_FILE "/krun/mode"               /* one of the words below */
#define KRUN_GUEST_MODE_QUIET "quiet"                   /* the command's stdin is /dev/null */
#define KRUN_GUEST_MODE_PIPE "pipe"                     /* the command's stdin is the host's input frames */
#define KRUN_GUEST_MODE_TERMINAL "terminal"             /* the command has a terminal */

#endif
