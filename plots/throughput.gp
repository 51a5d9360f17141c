# SPDX-License-Identifier: GPL-2.0-only
# Throughput over threads.  Measured: solid lines, filled points, intervals.
# Projected: dashed lines, open points, a pale band.
#
# gnuplot -d -c throughput.gp STYLE DATA OUTPUT FORMAT TITLE MEASURED PROJECTED
#
# DATA, tab separated: MEASURED blocks, then PROJECTED blocks, each with a
# header line: threads, the curve's label, low, high (MiB/s).
format = ARG4
output_file = ARG3
width = 900
height = 560
load ARG1

measured = ARG6 + 0
curves = measured + ARG7
is_measured(i) = i < measured
# Curves pair up in the order given: base first, test second, in both kinds.
place(i) = (is_measured(i) ? i : i - measured) % 4 + 1
array colours[4] = ["#000000", "#00468c", "#b04000", "#5a5a5a"]
array filled[4] = [7, 5, 9, 13]
array open[4] = [6, 4, 8, 12]
do for [i = 0 : curves - 1] {
	if (is_measured(i)) {
		set linetype i + 1 dashtype solid linewidth 2 \
			pointtype filled[place(i)] pointsize 1.1 \
			linecolor rgb colours[place(i)]
	} else {
		set linetype i + 1 dashtype (8, 6) linewidth 1.5 \
			pointtype open[place(i)] pointsize 1.1 \
			linecolor rgb colours[place(i)]
	}
}

if (titled) set title ARG5
# The empty line keeps the key off the label.
set xlabel "threads\n "
set ylabel "swapped out, MiB/s"
stats ARG2 using 1:2 every ::1 name "THREADS" nooutput
set logscale x 2
set xrange [THREADS_min_x / 1.15 : THREADS_max_x * 1.15]
set offsets 0, 0, graph 0.05, 0
set yrange [0:*]
set key outside bottom center vertical maxrows 4 Left reverse samplen 5 width 2

# Every loop runs over all curves, since one that runs over none is an error to
# gnuplot; a measured curve has a band of no height, a projected one no bars.
plot for [i = 0 : curves - 1] ARG2 index i every ::1 \
		using 1:(is_measured(i) ? $2 : $3):(is_measured(i) ? $2 : $4) \
		with filledcurves fillstyle transparent solid 0.15 noborder \
		fillcolor rgb colours[place(i)] notitle, \
	for [i = 0 : curves - 1] ARG2 index i every ::1 \
		using 1:(is_measured(i) ? $2 : NaN):3:4 \
		with yerrorbars pointtype -1 linewidth 1.5 \
		linecolor rgb colours[place(i)] notitle, \
	for [i = 0 : curves - 1] ARG2 index i using 1:2:xtic(1) \
		with linespoints linetype i + 1 title columnheader(2)
unset output
