# SPDX-License-Identifier: GPL-2.0-only
# Series over nights, a picture each: values with the spread of their boots,
# levels between changes, the present level's fence, and the changes.
#
# gnuplot -d -c nights.gp STYLE DATA OUTPUT FORMAT SERIES
#
# Picture i, from 0, is OUTPUT-i.  DATA, tab separated, has four blocks with a
# header line for each series (dates in seconds since 1970):
#   date, value, least, most
#   from, to, level
#   date, level's value, kind: 0 regressed, 1 improved, 2 known
#   from, to, fence's low, fence's high
# A block with nothing to draw has one row of NaN.  The values' header has the
# axis's label in its second place.
format = ARG4
output_file = ARG3
width = 900
height = format eq "narrow" ? 110 : 210
load ARG1

array colours[3] = ["#a40000", "#006b1b", "#5a5a5a"]
array kinds[3] = [5, 7, 6]
set format x "%Y-%m-%d" timedate
set xtics nomirror
set ytics nomirror
set format y "%.5g"
unset key
set border 3
set rmargin 6
if (format eq "narrow") {
	set format x "%m-%d" timedate
	set tics font ",11"
}
set grid ytics noxtics
do for [i = 0 : ARG5 - 1] {
	# stats minds ranges.
	set autoscale
	stats ARG2 index 4 * i every ::1 using 1 name "DATE" nooutput
	stats ARG2 index 4 * i every ::1 using 3 name "LEAST" nooutput
	stats ARG2 index 4 * i every ::1 using 4 name "MOST" nooutput
	# A range of no width has no tics.
	wide = DATE_max > DATE_min ? DATE_max - DATE_min : 86400.0
	set xrange [DATE_min - 0.03 * wide : DATE_max + 0.03 * wide]
	# Dates stand at midnight, whole days apart.
	set xtics 86400.0 * ceil(wide / 86400.0 / (format eq "narrow" ? 3 : 6))
	size = abs(MOST_max)
	tall = MOST_max - LEAST_min
	tall = tall > 0.002 * size ? tall : size > 0 ? 0.002 * size : 1.0
	set yrange [LEAST_min - 0.25 * tall : MOST_max + 0.25 * tall]
	set output sprintf("%s-%d", ARG3, i)
	plot ARG2 index 4 * i + 3 every ::1 using 1:3:1:2:3:4 \
			with boxxyerror fillstyle solid 1.0 noborder fillcolor rgb "#e8e8e8", \
		ARG2 index 4 * i every ::1 using 1:2:3:4 \
			with yerrorbars pointtype -1 linewidth 1 linecolor rgb "#8c8c8c", \
		ARG2 index 4 * i + 1 every ::1 using 1:3:($2 - $1):(0) \
			with vectors nohead linewidth 2 linecolor rgb "#00468c", \
		ARG2 index 4 * i every ::1 using 1:2 \
			with points pointtype 7 pointsize 0.45 linecolor rgb "black", \
		for [kind = 0 : 2] ARG2 index 4 * i + 2 every ::1 \
			using ($3 == kind ? $1 : NaN):2 \
			with points pointtype kinds[kind + 1] pointsize 1.3 linewidth 2 \
			linecolor rgb colours[kind + 1]
	unset output
}
