// SPDX-License-Identifier: GPL-2.0-only
int scan_priority(void)
{
	return 12;
}

int scan_batch(void)
{
	return 32;
}

int scan_limit(void)
{
	return 64;
}

int scan_pages(int pages)
{
	return pages > scan_limit() ? scan_limit() : pages;
}
