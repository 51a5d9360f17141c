// SPDX-License-Identifier: GPL-2.0-only
// LINK: runner/agent/job.c workloads/lib/text.c workloads/lib/error.c
// LINK: workloads/lib/device.c workloads/lib/wait.c
// SEEDS: tests/fuzz/seeds/job
// The agent's job file.
#include "fuzz.h"
#include "runner/agent/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct job job;
	struct error fault;
	char *text = malloc(size ? size : 1);

	// No zero ends it: its length does.
	must(text != NULL);
	if (size)
		memcpy(text, data, size);
	if (!job_parse(&job, text, size, &fault)) {
		must(job.argv[0] != NULL);
		must(job.area_count > 0 && job.area_count <= JOB_MAX_AREAS);
		for (size_t i = 0; i < job.area_count; i++)
			must(job.areas[i].device.bytes >= 40960 &&
			     job.areas[i].priority >= -1);
		must(job.tool_count <= JOB_MAX_TOOLS);
		for (size_t i = 0; i < job.tool_count; i++) {
			const struct tool_step *tool = &job.tools[i];

			must(tool->args <= JOB_MAX_ARGS &&
			     tool->envs <= JOB_MAX_ENV);
			must(!tool->argv[tool->args] && !tool->env[tool->envs]);
			must(strlen(tool->name) <= JOB_MAX_NAME);
		}
	} else {
		must(strnlen(fault.line, sizeof(fault.line)) <
		     sizeof(fault.line));
	}
	free(text);
	return 0;
}
