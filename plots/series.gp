# SPDX-License-Identifier: GPL-2.0-only
# One measured sample over time: a line for each curve, and at the foot where phases begin.
#
# gnuplot -d -c series.gp STYLE DATA OUTPUT FORMAT TITLE CURVES AXES
#
# AXES is 'X LABEL|Y LABEL'.  DATA, tab separated: CURVES blocks of x, y (its
# header is the curve's label), then one of x, the phase that begins there.
format = ARG4
output_file = ARG3
width = 900
height = 420
load ARG1

curves = ARG6 + 0
bar = strstrt(ARG7, "|")
set title titled ? ARG5 : ""
# The empty line keeps the key off the label.
set xlabel ARG7[1 : bar - 1] . "\n "
set ylabel ARG7[bar + 1 : *]
set xrange [0 : *]
set yrange [0 : *]
set offsets 0, 0, graph 0.12, 0
set key outside bottom center horizontal Left reverse samplen 5 width 2
array colours[2] = ["#000000", "#b04000"]
# Told apart by width, too, since dashes say that a line is simulated.
array widths[2] = [3.5, 1.2]

plot for [i = 0 : curves - 1] ARG2 index i using 1:2 \
		with lines linewidth widths[i % 2 + 1] linecolor rgb colours[i % 2 + 1] \
		title columnheader(2), \
	ARG2 index curves every ::1 using 1:(0):2 \
		with labels left rotate by 90 offset character 0.8,0.5 notitle
unset output
