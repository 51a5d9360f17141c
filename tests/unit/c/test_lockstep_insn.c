// SPDX-License-Identifier: GPL-2.0-only
// LINK: lockstep/insn.c
// Instructions as objdump prints them, and what the simulation makes of each.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lockstep/insn.h"

struct known {
	const char *name;
	uint8_t bytes[15];
	unsigned char length;
	enum insn_kind kind;
};

static const struct known all[] = {
	{"mov (%rax),%rax", {0x48, 0x8b, 0x00}, 3, INSN_PLAIN},
	{"incq (%rbx)", {0x48, 0xff, 0x03}, 3, INSN_PLAIN},
	{"nop", {0x90}, 1, INSN_PLAIN},
	{"xchg %rax,%r8", {0x49, 0x90}, 2, INSN_PLAIN},
	{"pause", {0xf3, 0x90}, 2, INSN_PAUSE},
	{"hlt", {0xf4}, 1, INSN_HALT},
	{"lock incl (%rax)", {0xf0, 0xff, 0x00}, 3, INSN_ATOMIC},
	{"lock cmpxchg %esi,(%rbx)", {0xf0, 0x0f, 0xb1, 0x33}, 4, INSN_ATOMIC},
	{"lock cmpxchg %rsi,%gs:(%rbx)",
	 {0x65, 0xf0, 0x48, 0x0f, 0xb1, 0x33},
	 6,
	 INSN_ATOMIC},
	{"cmpxchg %esi,(%rbx)", {0x0f, 0xb1, 0x33}, 3, INSN_PLAIN},
	{"xchg %al,(%rbx)", {0x86, 0x03}, 2, INSN_ATOMIC},
	{"xchg %rsi,(%rdi)", {0x48, 0x87, 0x37}, 3, INSN_ATOMIC},
	{"push %rbx", {0x53}, 1, INSN_STACK},
	{"push %r12", {0x41, 0x54}, 2, INSN_STACK},
	{"pop %rdi", {0x5f}, 1, INSN_STACK},
	{"push $1", {0x6a, 0x01}, 2, INSN_STACK},
	{"push $0x12345", {0x68, 0x45, 0x23, 0x01, 0x00}, 5, INSN_STACK},
	{"call .+5", {0xe8, 0, 0, 0, 0}, 5, INSN_STACK},
	{"ret", {0xc3}, 1, INSN_STACK},
	{"rep ret", {0xf3, 0xc3}, 2, INSN_STACK},
	{"leave", {0xc9}, 1, INSN_STACK},
	{"movsb", {0xa4}, 1, INSN_STRING},
	{"rep movsq", {0xf3, 0x48, 0xa5}, 3, INSN_STRING},
	{"rep stosb", {0xf3, 0xaa}, 2, INSN_STRING},
	{"rep stosl", {0xf3, 0xab}, 2, INSN_STRING},
	{"rep cmpsb", {0xf3, 0xa6}, 2, INSN_PLAIN},
	{"movnti %rax,(%rdi)", {0x48, 0x0f, 0xc3, 0x07}, 4, INSN_STREAM},
	{"movntdq %xmm0,(%rdi)", {0x66, 0x0f, 0xe7, 0x07}, 4, INSN_STREAM},
	{"movntps %xmm0,(%rdi)", {0x0f, 0x2b, 0x07}, 3, INSN_STREAM},
	{"nopl 0x53574b00(%rax)",
	 {0x0f, 0x1f, 0x80, 0x00, 0x4b, 0x57, 0x53},
	 7,
	 INSN_MARK},
	{"nopl 0(%rax)", {0x0f, 0x1f, 0x80, 0, 0, 0, 0}, 7, INSN_PLAIN},
	{"nopl 0x53574b00(%rcx)",
	 {0x0f, 0x1f, 0x81, 0x00, 0x4b, 0x57, 0x53},
	 7,
	 INSN_PLAIN},
	{"lea 0x53574b00(%rax),%rax",
	 {0x48, 0x8d, 0x80, 0x00, 0x4b, 0x57, 0x53},
	 7,
	 INSN_PLAIN},
};

static void test_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct insn insn =
			insn_decode(all[i].bytes, all[i].length);

		if (insn.kind != all[i].kind)
			fail_msg("%s is taken for %d, not %d", all[i].name,
				 insn.kind, all[i].kind);
	}
}

// As runner/agent/mark.c and the tests' guests have the compiler make them.
static void test_marks(void **state)
{
	uint8_t bytes[] = {0x0f, 0x1f, 0x80, 0, 0x4b, 0x57, 0x53};

	(void)state;
	for (int mark = 0; mark < 256; mark++) {
		bytes[3] = (uint8_t)mark;
		const struct insn insn = insn_decode(bytes, sizeof(bytes));

		assert_int_equal(insn.kind, INSN_MARK);
		assert_int_equal(insn.mark, mark);
	}
}

// An instruction that is cut off where its page ends.
static void test_cut_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (size_t length = 0; length < all[i].length; length++)
			insn_decode(all[i].bytes, length);
	assert_int_equal(insn_decode(NULL, 0).kind, INSN_PLAIN);
	assert_int_equal(insn_decode((const uint8_t[]){0xf0}, 1).kind,
			 INSN_PLAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
