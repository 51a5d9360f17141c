# SPDX-License-Identifier: GPL-2.0-only
# Loaded by every script here, after it has set `format`, `output_file`,
# `width` and `height` (pixels).
#
# noenhanced everywhere: names hold '_' and '^', which are no markup.
# `titled` is for scripts: whether the picture is to have a title.  White is
# drawn, so that a picture is legible on a dark page, too.
titled = format eq "svg" || format eq "png"
if (format eq "narrow") {
	# The key has one column there, so it is higher.
	width = 420
	height = height + 90
}
if (format eq "svg") {
	set terminal svg size width,height font "DejaVu Sans,sans-serif,13" \
		noenhanced background rgb "white"
} else { if (format eq "png") {
	set terminal pngcairo size 2*width,2*height font "DejaVu Sans,13" \
		fontscale 1.55 linewidth 2 pointscale 1.6 noenhanced background rgb "white"
} else {
	# Part of a page, which has titles, a background and colours of its own.
	set terminal svg size width,height font "sans-serif,13" noenhanced
} }
set encoding utf8
set datafile separator "\t"
set datafile commentschars ""
set output output_file
set border 3 linewidth 1 linecolor rgb "black"
set tics nomirror out
set grid linetype 1 linecolor rgb "#cccccc" linewidth 0.5 dashtype solid
set title font ",15"
