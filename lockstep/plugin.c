// SPDX-License-Identifier: GPL-2.0-only
// The QEMU plugin around the simulation:
//
//   -plugin lockstep.so,machine=FILE,out=FILE
//
// QEMU has to run its vCPUs in turn, in one thread, under -icount.  The
// number that it gives callbacks for the vCPU is then wrong (a constant of
// the vCPU that translated the block, seen in 10.0, 10.1 and 11.1), so who
// runs is read from current_cpu.  A vCPU ahead of the others gives its turn
// back before the block, as a vCPU at a PAUSE does in QEMU itself.
#include "insn.h"
#include "output.h"
#include "qemu.h"
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

enum { BLOCKS_AT_ONCE = 4096 };

// QEMU's callbacks of accesses have no way to hand a pointer of ours along.
static struct {
	struct sim sim;
	char out[4096];
	void *state[MACHINE_CPUS]; // QEMU's of each vCPU
	void *running;		   // the one that ran last
	unsigned int cpu;	   // its number
	struct block *blocks;	   // room for more
	size_t blocks_left;
	struct qemu_plugin_register *rsp, *rdi;
	GByteArray *bytes;
} self;

EXPORT int qemu_plugin_version = QEMU_PLUGIN_INTERFACE;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "lockstep: %s\n", what);
	exit(1);
}

static void find_running(void *state)
{
	for (unsigned int i = 0; i < self.sim.machine.cpus; i++) {
		if (!self.state[i])
			self.state[i] = qemu_get_cpu((int)i);
		if (self.state[i] == state) {
			self.running = state;
			self.cpu = i;
			return;
		}
	}
	die("a vCPU ran that the machine file does not have");
}

static inline void begin(const struct block *block, uintptr_t return_address)
{
	void *state = current_cpu;

	if (state != self.running)
		find_running(state);
	if (!sim_may_run(&self.sim, self.cpu)) {
		cpu_exit(state);
		cpu_loop_exit_restore(state, return_address);
	}
	sim_block(&self.sim, self.cpu, block);
}

static void on_block(unsigned int vcpu, void *data)
{
	(void)vcpu;
	begin(data, (uintptr_t)__builtin_return_address(0));
}

static uint64_t word(void)
{
	uint64_t value = 0;

	if (self.bytes->len >= sizeof(value))
		memcpy(&value, self.bytes->data, sizeof(value));
	g_byte_array_set_size(self.bytes, 0);
	return value;
}

static uint64_t read_register(struct qemu_plugin_register *handle)
{
	qemu_plugin_read_register(handle, self.bytes);
	return word();
}

static void on_entry(unsigned int vcpu, void *data)
{
	const struct block *block = data;

	(void)vcpu;
	begin(block, (uintptr_t)__builtin_return_address(0));
	const uint64_t stack = read_register(self.rsp);

	qemu_plugin_read_memory_vaddr(stack, self.bytes, sizeof(uint64_t));
	const uint64_t caller = word();

	sim_entry(&self.sim, self.cpu, block->address, caller,
		  read_register(self.rdi));
}

static void on_read(unsigned int vcpu, qemu_plugin_meminfo_t info,
		    uint64_t address, void *data)
{
	(void)vcpu;
	(void)info;
	sim_access(&self.sim, self.cpu, address, false, (uint64_t)data);
}

static void on_write(unsigned int vcpu, qemu_plugin_meminfo_t info,
		     uint64_t address, void *data)
{
	(void)vcpu;
	(void)info;
	sim_access(&self.sim, self.cpu, address, true, (uint64_t)data);
}

static void on_bulk(unsigned int vcpu, qemu_plugin_meminfo_t info,
		    uint64_t address, void *data)
{
	(void)vcpu;
	(void)address;
	(void)data;
	sim_bulk(&self.sim, self.cpu, 1U << qemu_plugin_mem_size_shift(info));
}

static void on_pause(unsigned int vcpu, void *data)
{
	(void)vcpu;
	sim_pause(&self.sim, self.cpu, (uint64_t)data);
}

static void on_halt(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	sim_halt(&self.sim, self.cpu);
}

// What the guest's pointers point at now.
static void take_peeks(void)
{
	struct machine *machine = &self.sim.machine;

	for (unsigned int i = 0; i < machine->peek_count; i++) {
		struct peek *peek = &machine->peeks[i];

		peek->done = qemu_plugin_read_memory_vaddr(
			peek->address, self.bytes, sizeof(uint64_t));
		peek->value = word();
	}
}

// What is watched of the code changes.
static void translate_anew(void)
{
	if (queue_tb_flush)
		queue_tb_flush(self.running);
	else
		tb_flush(self.running);
}

static void on_mark(unsigned int vcpu, void *data)
{
	const unsigned char mark = (unsigned char)(uintptr_t)data;

	(void)vcpu;
	const enum window_state before = self.sim.window.state;

	sim_mark(&self.sim, self.cpu, mark);
	if (mark == MARK_END)
		take_peeks();
	if (self.sim.window.state != before)
		translate_anew();
}

// QEMU hands a callback one word of ours; where it is a number, it is this.
static void *as_data(uint64_t number)
{
	// NOLINTNEXTLINE(performance-no-int-to-ptr)
	return (void *)number;
}

static void watch(struct qemu_plugin_insn *insn, struct insn what, bool kernel,
		  bool bulk, uint64_t code)
{
	void *data = as_data(code);

	switch (what.kind) {
	case INSN_PAUSE:
		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, on_pause, QEMU_PLUGIN_CB_NO_REGS, data);
		return;
	case INSN_HALT:
		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, on_halt, QEMU_PLUGIN_CB_NO_REGS, NULL);
		return;
	case INSN_MARK:
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark,
						       QEMU_PLUGIN_CB_NO_REGS,
						       as_data(what.mark));
		return;
	case INSN_STRING:
	case INSN_STREAM:
		bulk = true;
		break;
	case INSN_STACK:
		return;
	default:
		break;
	}
	// A thread's own pages are nobody else's.  Outside the window nobody
	// is told of lines, and following them takes half of the time.
	if (!kernel || !sim_counts(&self.sim))
		return;
	if (bulk) {
		qemu_plugin_register_vcpu_mem_cb(insn, on_bulk,
						 QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_W, NULL);
		return;
	}
	if (codes_hold(&self.sim.machine.leaf, code))
		data = as_data(code & ~LEAF_BIT);
	if (what.kind != INSN_ATOMIC)
		qemu_plugin_register_vcpu_mem_cb(insn, on_read,
						 QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_R, data);
	qemu_plugin_register_vcpu_mem_cb(insn, on_write, QEMU_PLUGIN_CB_NO_REGS,
					 QEMU_PLUGIN_MEM_W, data);
}

static struct block *new_block(void)
{
	if (!self.blocks_left) {
		self.blocks = malloc(BLOCKS_AT_ONCE * sizeof(*self.blocks));
		if (!self.blocks)
			die("no memory for a description of the guest's code");
		self.blocks_left = BLOCKS_AT_ONCE;
	}
	self.blocks_left--;
	return self.blocks++;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	const struct machine *machine = &self.sim.machine;
	const uint64_t address = qemu_plugin_tb_vaddr(tb);
	const bool kernel = address & LEAF_BIT;
	const bool bulk = codes_hold(&machine->bulk, address);
	const size_t count = qemu_plugin_tb_n_insns(tb);
	struct block *block = new_block();
	uint32_t strings = 0;

	(void)id;
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint8_t bytes[15] = {0};
		const struct insn what = insn_decode(
			bytes,
			qemu_plugin_insn_data(insn, bytes, sizeof(bytes)));

		strings += what.kind == INSN_STRING;
		watch(insn, what, kernel, bulk, qemu_plugin_insn_vaddr(insn));
	}
	*block = (struct block){
		.address = address,
		.insns = (uint32_t)count,
		.charged = bulk ? 0 : (uint32_t)count - strings,
		.user = !kernel,
	};
	if (sim_counts(&self.sim) && (codes_begin(&machine->leaf, address) ||
				      machine_span(machine, address)))
		qemu_plugin_register_vcpu_tb_exec_cb(
			tb, on_entry, QEMU_PLUGIN_CB_R_REGS, block);
	else
		qemu_plugin_register_vcpu_tb_exec_cb(
			tb, on_block, QEMU_PLUGIN_CB_NO_REGS, block);
}

// In the first vCPU's thread, which is that of all.
static void on_vcpu(qemu_plugin_id_t id, unsigned int vcpu)
{
	(void)id;
	if (vcpu)
		return;
	GArray *all = qemu_plugin_get_registers();
	const qemu_plugin_reg_descriptor *each =
		(const qemu_plugin_reg_descriptor *)all->data;

	for (unsigned int i = 0; i < all->len; i++) {
		if (strcmp(each[i].name, "rsp") == 0)
			self.rsp = each[i].handle;
		if (strcmp(each[i].name, "rdi") == 0)
			self.rdi = each[i].handle;
	}
	g_array_free(all, 1);
	if (!self.rsp || !self.rdi)
		die("QEMU does not give the registers rsp and rdi");
}

static void on_exit_of_qemu(qemu_plugin_id_t id, void *data)
{
	FILE *file = fopen(self.out, "we");

	(void)id;
	(void)data;
	if (!file || output_write(&self.sim, file) || fclose(file))
		fprintf(stderr, "lockstep: %s: %s\n", self.out,
			strerror(errno));
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
			       int argc, char **argv)
{
	const char *machine = NULL, *out = NULL;
	char why[512];

	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "machine=", 8) == 0)
			machine = argv[i] + 8;
		else if (strncmp(argv[i], "out=", 4) == 0)
			out = argv[i] + 4;
	}
	if (!machine || !out || strlen(out) >= sizeof(self.out)) {
		fprintf(stderr, "lockstep: give machine=FILE and out=FILE\n");
		return -1;
	}
	memcpy(self.out, out, strlen(out) + 1);
	if (machine_read(&self.sim.machine, machine, why, sizeof(why)) ||
	    sim_set_up(&self.sim, why, sizeof(why))) {
		fprintf(stderr, "lockstep: %s\n", why);
		return -1;
	}
	if (!info->system_emulation ||
	    strcmp(info->target_name, "x86_64") != 0 ||
	    info->system.smp_vcpus != (int)self.sim.machine.cpus) {
		fprintf(stderr,
			"lockstep: QEMU has %d vCPUs of %s, the machine file "
			"%u of x86_64\n",
			info->system_emulation ? info->system.smp_vcpus : 0,
			info->target_name, self.sim.machine.cpus);
		return -1;
	}
	if (!queue_tb_flush && !tb_flush) {
		fprintf(stderr, "lockstep: QEMU exports neither queue_tb_flush "
				"nor tb_flush\n");
		return -1;
	}
	self.bytes = g_byte_array_new();
	qemu_plugin_register_vcpu_init_cb(id, on_vcpu);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}
