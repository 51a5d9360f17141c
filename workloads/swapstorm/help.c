// SPDX-License-Identifier: GPL-2.0-only
#include "help.h"
#include "pattern.h"

// Of at most 79 columns, and a line an option but where it says more.
static const char *const head[] = {
	"Usage: swapstorm [OPTION]...",
	"Write more anonymous memory than there is RAM, from several threads "
	"at",
	"once, and say in one JSON document how fast the kernel swapped it "
	"out.",
	"",
	"  --threads N            threads, each with a region of its own, "
	"1..1024 [1]",
	"  --processes            processes in place of threads",
	"  --together             who is fast writes more, and all end at once",
	"  --region KIND          private, shared, or cow: a parent's pages "
	"[private]",
	"  --size-per-thread SIZE size of a thread's region; K, M, G or T may "
	"follow",
	"  --ratio R              size of all regions together over MemTotal "
	"[2.0]",
	"  --settle SIZE          swapped out before the steady phase begins",
	"  --memcg SIZE           in a group of this limit, which --ratio is "
	"then over",
	"  --memcg-set LIST       more of its files: memory.high=67108864,…",
	"  --passes N             times each region is gone through [1]",
	"  --time SECONDS         again and again for this long instead",
	"  --pattern NAME         order of the pages [sequential]:",
};

static const char *const rest[] = {
	"  --stride N             strided: from one page to the next, in pages "
	"[16]",
	"  --zipf-theta T         zipf: page of rank k in proportion to 1/k^T "
	"[0.99]",
	"  --hot-pages P          hotcold: percent of the pages that are hot "
	"[10]",
	"  --hot-accesses P       hotcold: percent of accesses that go there "
	"[90]",
	"  --hot-shift P          hotcold: percent of the region it moves a "
	"pass [25]",
	"  --reads P              percent of accesses that only read [0; mix: "
	"50]",
	"  --compressible P       percent of a page that compresses to nothing "
	"[100]",
	"  --same-filled          each page is one word, again and again",
	"  --bare                 one word a page and nothing else: a "
	"yardstick",
	"  --pageout N            give pages away, N at a time: MADV_PAGEOUT",
	"  --thp WHEN             huge pages: never, madvise, always or "
	"system [never]",
	"  --cpus LIST            threads run on these in turn, as in 0-3,8",
	"  --nodes LIST           and have their memory on these",
	"  --swapin ORDER         then read a word of every page, sequential "
	"or random",
	"  --swapoff              then unmap what RAM cannot hold, and take "
	"swap off",
	"  --verify               read everything back and check every byte",
	"  --free                 at last unmap the regions, or end the "
	"processes",
	"  --seed N               what content and order are made from [1]",
	"  --rate N               accesses a second, of all threads, come what "
	"may",
	"  --latency              time every touch of a page",
	"  --series-ms N          counters and progress every so often, "
	"1..3600000",
	"  --sample-ms N          how often to look whether RAM is full, "
	"1..10000 [20]",
	"  --format WORD          json, table, or auto: a table on a terminal "
	"[auto]",
	"  --allow-oom            go on though RAM and free swap cannot hold "
	"it",
	"  --notify-fd FD         tell a peer when the steady state begins and "
	"ends",
	"  --progress-fd FD       keep pages done per thread in this shared "
	"memory",
	"  --help, --version      show this, or the version",
	"",
	"Exit status: 0 done, 1 a page came back wrong, 2 usage, 3 cannot run.",
};

#define LINES(of) (sizeof(of) / sizeof((of)[0]))

void help_write(struct out *out)
{
	const struct pattern *pattern;

	for (unsigned int i = 0; i < LINES(head); i++)
		out_text(out, "%s\n", head[i]);
	for (unsigned int i = 0; (pattern = pattern_at(i)); i++)
		out_text(out, "                         %-11s%s\n",
			 pattern->name, pattern->summary);
	for (unsigned int i = 0; i < LINES(rest); i++)
		out_text(out, "%s\n", rest[i]);
}
