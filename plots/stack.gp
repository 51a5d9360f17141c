# SPDX-License-Identifier: GPL-2.0-only
# Horizontal bars whose parts stand end to end, under headings.
#
# gnuplot -d -c stack.gp STYLE DATA OUTPUT FORMAT HEIGHT TITLE XLABEL CLASSES
#
# DATA, tab separated, is CLASSES blocks (at most 7), then two, with a header
# line each:
#   y, from, to (its header is the class's name)
#   y, name, sum, sum as text
#   y, heading
# Texts come as arguments and data, never as code.
format = ARG4
output_file = ARG3
width = 900
height = ARG5 + 0
load ARG1

classes = ARG8 + 0
stats ARG2 index classes every ::1 using 1 name "ROW" nooutput
stats ARG2 index classes every ::1 using 3 name "SUM" nooutput
largest = SUM_max > 0 ? SUM_max : 1

if (titled) set title ARG6
# The empty line keeps the key off the label.
set xlabel ARG7 . "\n "
# Room on the right for the sum beside the longest bar.
set xrange [0:1.1 * largest]
set yrange [ROW_max + 0.5:-0.4]
set grid xtics noytics
set tics scale 0.5
set border 2
set ytics scale 0
set key outside bottom center horizontal Left reverse samplen 3 width 2

# Greys and hatchings in turn, so that neighbours are told apart without
# colour.  Pattern 3 is solid.
array colours[7] = ["#303030", "#c8c8c8", "#00468c", "#f4f4f4", "#b04000", "#8c8c8c", "#006030"]
array patterns[7] = [3, 3, 5, 3, 2, 3, 4]

plot for [i = 0 : classes - 1] ARG2 index i every ::1 \
		using 2:1:2:3:($1 - 0.21):($1 + 0.21) \
		with boxxyerror fillstyle pattern patterns[i + 1] \
		border linecolor rgb "black" fillcolor rgb colours[i + 1] notitle, \
	for [i = 0 : classes - 1] ARG2 index i using (NaN):(NaN):(NaN):(NaN):(NaN):(NaN) \
		with boxxyerror fillstyle pattern patterns[i + 1] \
		border linecolor rgb "black" fillcolor rgb colours[i + 1] title columnheader(3), \
	ARG2 index classes every ::1 using (0):1:ytic("  " . strcol(2)) \
		with points pointtype -1 notitle, \
	ARG2 index classes every ::1 using 3:1:4 \
		with labels left offset character 0.6,0 notitle, \
	ARG2 index classes + 1 every ::1 using (0):1:2 \
		with labels left offset character 0.3,0 font ",15" notitle
unset output
