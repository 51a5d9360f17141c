# SPDX-License-Identifier: GPL-2.0-only
# Curves: over time, or over percentiles, which have names and a logarithm.
#
# gnuplot -d -c lines.gp STYLE DATA OUTPUT FORMAT TITLE XLABEL YLABEL CURVES KIND
#
# DATA, tab separated, is CURVES blocks (at most 8) with a header line each:
#   x, y, x's name; the header's second place is the curve's label.
# KIND: percentiles, or time: there curves come in pairs, solid and dashed.
# Texts come as arguments and data, never as code.
format = ARG4
output_file = ARG3
width = 900
height = 420
load ARG1

curves = ARG8 + 0
array colours[4] = ["#000000", "#00468c", "#b04000", "#5a5a5a"]
array points[8] = [7, 5, 9, 13, 6, 4, 8, 12]
colour(i) = colours[i % 4 + 1]
dash(i) = i < 4 ? 1 : 2

if (titled) set title ARG5
# The empty line keeps the key off the label.
set xlabel ARG6 . "\n "
set ylabel ARG7
# A phone has room for one column.
rows = format eq "narrow" ? 8 : 4
set key outside bottom center vertical maxrows rows Left reverse samplen 4 width 2
if (ARG9 eq "percentiles") {
	set logscale y
	set format y "%g"
	if (format eq "narrow") { set xtics font ",10" }
	set offsets 0.3, 0.3, 0, 0
	plot for [i = 0 : curves - 1] ARG2 index i using 1:2:xtic(3) \
		with linespoints pointtype points[i + 1] linewidth 1.8 \
		dashtype dash(i) linecolor rgb colour(i) title columnheader(2)
} else {
	set yrange [0:*]
	plot for [i = 0 : curves - 1] ARG2 index i using 1:2 \
		with lines linewidth 1.8 dashtype i % 2 + 1 linecolor rgb colour(i / 2) \
		title columnheader(2)
}
unset output
