# SPDX-License-Identifier: GPL-2.0-only
# A metric over the points of a history: good, bad, and the line between; skipped
# ones are marked below.
#
# gnuplot -d -c bisect.gp STYLE DATA OUTPUT FORMAT TITLE LINE AXIS COUNT CULPRIT
#
# LINE is the value that parts good from bad, AXIS the y axis' label, COUNT the
# number of points in the history, CULPRIT what the ring round the culprit is
# called.  DATA, tab separated, four blocks with a header line each: good and bad
# readings (x, value, low, high), then skipped ones (x), then the culprit (x,
# value).  A block that has none holds one row of NaN.
format = ARG4
output_file = ARG3
width = 900
height = 520
load ARG1

set title titled ? ARG5 : ""
set xlabel "commits from the good end\n "
set ylabel ARG7
set xrange [-0.5 : ARG8 + 0.5]
set offsets 0, 0, graph 0.12, graph 0.12
set key outside bottom center horizontal Left reverse samplen 3 width 2
set xtics autofreq
plot ARG6 + 0 with lines linewidth 1.5 dashtype (8, 6) linecolor rgb "#5a5a5a" \
		title "line between good and bad", \
	ARG2 index 0 every ::1 using 1:2:3:4 with yerrorbars pointtype 7 pointsize 1.1 \
		linewidth 1.5 linecolor rgb "#00468c" title "good", \
	ARG2 index 1 every ::1 using 1:2:3:4 with yerrorbars pointtype 9 pointsize 1.3 \
		linewidth 1.5 linecolor rgb "#b04000" title "bad", \
	ARG2 index 2 every ::1 using 1:(ARG6 + 0) with points pointtype 2 pointsize 1.3 \
		linewidth 1.5 linecolor rgb "#000000" title "skipped", \
	ARG2 index 3 every ::1 using 1:2 with points pointtype 6 pointsize 3.2 \
		linewidth 1.5 linecolor rgb "#000000" title ARG9
unset output
