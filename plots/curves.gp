# SPDX-License-Identifier: GPL-2.0-only
# Curves of three kinds.  Measured: solid lines, filled points, intervals.
# Simulated: dashed lines, open points, a pale band.  Claimed: stars without a
# line, and how far the claim reaches.
#
# gnuplot -d -c curves.gp STYLE DATA OUTPUT FORMAT TITLE COUNTS SCALES AXES
#
# COUNTS is 'MEASURED SIMULATED CLAIMED', the numbers of curves of each kind;
# SCALES is 'X Y', each 'linear' or the base of a logarithmic one; AXES is
# 'X LABEL|Y LABEL'.  DATA, tab separated: a block for each curve, measured
# first, then simulated, then claimed, each with a header line: x, the curve's
# label, low, high, and what stands at x on the axis.
format = ARG4
output_file = ARG3
width = 900
height = 560
load ARG1

measured = word(ARG6, 1) + 0
lines = measured + word(ARG6, 2)
curves = lines + word(ARG6, 3)
is_measured(i) = i < measured
is_claimed(i) = i >= lines
# Curves pair up in the order given: base first, test second, in each kind.
place(i) = (is_measured(i) ? i : is_claimed(i) ? i - lines : i - measured) % 6 + 1
array colours[6] = ["#000000", "#00468c", "#b04000", "#5a5a5a", "#007a4d", "#8a2d8a"]
array filled[6] = [7, 5, 9, 13, 11, 15]
array open[6] = [6, 4, 8, 12, 10, 14]
array stars[6] = [3, 2, 1, 3, 2, 1]
do for [i = 0 : curves - 1] {
	if (is_measured(i)) {
		set linetype i + 1 dashtype solid linewidth 2 \
			pointtype filled[place(i)] pointsize 1.1 \
			linecolor rgb colours[place(i)]
	} else { if (is_claimed(i)) {
		set linetype i + 1 dashtype solid linewidth 1.5 \
			pointtype stars[place(i)] pointsize 1.8 \
			linecolor rgb "#b04000"
	} else {
		set linetype i + 1 dashtype (8, 6) linewidth 1.5 \
			pointtype open[place(i)] pointsize 1.1 \
			linecolor rgb colours[place(i)]
	} }
}

bar = strstrt(ARG8, "|")
set title titled ? ARG5 : ""
# The empty line keeps the key off the label.
set xlabel ARG8[1 : bar - 1] . "\n "
set ylabel ARG8[bar + 1 : *]
stats ARG2 using 1:2 every ::1 name "X" nooutput
x_scale = word(ARG7, 1)
y_scale = word(ARG7, 2)
set offsets 0, 0, graph 0.05, 0
if (x_scale eq "linear") {
	set xrange [X_min_x : X_max_x]
} else {
	set logscale x x_scale + 0
	set xrange [X_min_x / 1.15 : X_max_x * 1.15]
}
if (y_scale eq "linear") {
	set yrange [0 : *]
} else {
	set logscale y y_scale + 0
	set offsets 0, 0, 0, 0
}
set key outside bottom center vertical maxrows 5 Left reverse samplen 5 width 2

# Every loop runs over all curves, since one that runs over none is an error to
# gnuplot; a measured curve has a band of no height, a simulated one no bars.
plot for [i = 0 : curves - 1] ARG2 index i every ::1 \
		using 1:(is_measured(i) || is_claimed(i) ? $2 : $3) \
		:(is_measured(i) || is_claimed(i) ? $2 : $4) \
		with filledcurves fillstyle transparent solid 0.15 noborder \
		fillcolor rgb colours[place(i)] notitle, \
	for [i = 0 : curves - 1] ARG2 index i every ::1 \
		using 1:(is_measured(i) || is_claimed(i) ? $2 : NaN):3:4 \
		with yerrorbars pointtype -1 linewidth 1.5 \
		linecolor rgb (is_claimed(i) ? "#b04000" : colours[place(i)]) notitle, \
	for [i = 0 : lines - 1] ARG2 index i using 1:2:xtic(5) \
		with linespoints linetype i + 1 title columnheader(2), \
	for [i = lines : curves - 1] ARG2 index i using 1:2:xtic(5) \
		with points linetype i + 1 title columnheader(2)
unset output
